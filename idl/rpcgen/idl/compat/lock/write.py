"""Interface -> the text of its release: everything that a later version is compared with, and nothing else.

Docs, examples, places and the order of things are left out, so a text changes only when something that counts does. Names
of types and values are kept: programs use them. One part stands on one line, so that people can review a release, and
tools can merge a folder of them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any, cast

from rpcgen.idl.contract import promises
from rpcgen.idl.model import (
    NO_CONSTRAINTS,
    Alias,
    Constraints,
    Dated,
    Enum,
    Error,
    Event,
    Field,
    Form,
    Interface,
    Method,
    Opaque,
    Returns,
    Route,
    Struct,
    Topic,
    TypeDef,
    Union,
)
from rpcgen.idl.typetext import type_text
from rpcgen.idl.version import Version

Json = Any

#: It rises when older readers could no longer tell what a text says.
FORMAT = 1

#: Maps whose entries stand on lines of their own.
_BROKEN = frozenset(
    {"types", "errors", "methods", "events", "fields", "args", "enum", "union", "target"}
)


def lock_text(interface: Interface) -> str:
    """Return the text that is kept of a release."""
    model = released(interface)
    whole = {
        "format": FORMAT,
        "interface": interface.name,
        "version": str(interface.version),
        "sha256": digest(model),
        "model": model,
    }
    return _lines("", whole, "", top=True) + "\n"


def digest_of(interface: Interface) -> str:
    """Return the digest that a release of the interface would have."""
    return digest(released(interface))


def digest(model: Json) -> str:
    """Return the SHA-256 of what a release says, however it is laid out."""
    text = json.dumps(model, sort_keys=True, separators=(",", ":"), ensure_ascii=True)
    return hashlib.sha256(text.encode("ascii")).hexdigest()


def released(interface: Interface) -> dict[str, Json]:
    """Return what is kept of an interface, in JSON's own types."""
    target = interface.target
    return _said(
        {
            "namespace": [interface.namespace],
            "serves": _versions(interface.serves),
            "supported_until": {
                str(major): day.isoformat()
                for major, day in sorted(interface.supported_until.items())
            },
            "send": interface.send if interface.send != "set" else None,
            "refused_as": interface.refused_as,
            "target": _said(
                {
                    "exchange": target.exchange,
                    "topic": _topic(target.topic),
                    "router": target.router,
                    "also": list(target.also),
                }
            ),
            "types": {name: _type(type_) for name, type_ in sorted(interface.types.items())},
            "errors": {name: _error(error) for name, error in sorted(interface.errors.items())},
            "methods": {name: _method(m) for name, m in sorted(interface.methods.items())},
            "events": {name: _event(event) for name, event in sorted(interface.events.items())},
        }
    )


def _lines(key: str, value: Json, indent: str, *, top: bool = False) -> str:
    head = f"{indent}{json.dumps(key)}: " if key else indent
    if not isinstance(value, dict):
        return head + json.dumps(value, ensure_ascii=False)
    entries = cast("dict[str, Json]", value)
    if not top and not _is_broken(key, entries):
        return head + json.dumps(entries, ensure_ascii=False)
    inner = ",\n".join(
        _lines(name, part, f"{indent} ", top=name == "model") for name, part in entries.items()
    )
    return f"{head}{{\n{inner}\n{indent}}}"


def _is_broken(key: str, value: Mapping[str, Json]) -> bool:
    """Whether entries stand on their own lines: those of the maps above, and what contains such a map."""
    if key in _BROKEN and value:
        return True
    return any(inner in _BROKEN and part for inner, part in value.items())


def _said(pairs: Mapping[str, Json]) -> dict[str, Json]:
    """Leave out what is not said."""
    return {key: value for key, value in pairs.items() if value not in (None, False, [], {}, "")}


def _fields(fields: Mapping[str, Field]) -> dict[str, Json]:
    return {name: _field(field) for name, field in sorted(fields.items())}


def _field(field: Field) -> dict[str, Json]:
    older = {
        str(until): {
            "type": type_text(form.type),
            **_limits(form.constraints),
            **_value("default", form.default),
        }
        for until, form in sorted(field.was_type.items())
    }
    return {
        "type": type_text(field.type),
        **_value("default", field.default),
        **_value("constant", field.constant),
        **_limits(field.constraints),
        **_dated(field.dated),
        **_said(
            {
                "older": field.older,
                "send": field.send,
                "presence": field.presence if field.presence != "implicit" else None,
                "was": {str(until): name for until, name in sorted(field.was.items())},
                "was_type": older,
            }
        ),
    }


def _value(key: str, value: Any) -> dict[str, Json]:
    """Null is a value, so a value stands in a list."""
    return {} if value is None else {key: [value.value]}


def _type(type_: TypeDef) -> dict[str, Json]:
    match type_:
        case Alias():
            body: dict[str, Json] = {"alias": type_text(type_.type), **_limits(type_.constraints)}
        case Struct():
            body = {
                "fields": _fields(type_.fields),
                **_said(
                    {"extends": type_.extends, "version": type_.version and str(type_.version)}
                ),
                **({"envelope": _envelope(type_)} if type_.envelope else {}),
            }
        case Enum():
            values = {
                value: _said({"name": member.name, **_dated(member.dated)})
                for value, member in sorted(type_.members.items())
            }
            body = {"enum": values, **_open(type_), **_said({"fallback": dict(type_.fallback)})}
        case Union():
            members = {
                tag: {"type": type_text(member.type), **_dated(member.dated)}
                for tag, member in sorted(type_.members.items())
            }
            body = {"union": members, **_open(type_)}
        case Opaque():
            body = {"opaque": {name: type_text(t) for name, t in sorted(type_.attributes.items())}}
    return {**body, **_dated(type_.dated)}


def _open(type_: Enum | Union) -> dict[str, Json]:
    return _said({"open": type_.open, "open_since": _versions(type_.open_since)})


def _envelope(struct: Struct) -> Json:
    envelope = struct.envelope
    assert envelope is not None
    return [
        envelope.name,
        envelope.version,
        envelope.data,
        dict(sorted(envelope.constants.items())),
    ]


def _error(error: Error) -> dict[str, Json]:
    return _said(
        {
            "extends": error.extends,
            "retryable": error.retryable,
            "wire": error.wire,
            "fields": _fields(error.fields),
            **_dated(error.dated),
        }
    )


def _method(method: Method) -> dict[str, Json]:
    timeout = method.timeout
    return _said(
        {
            "routes": _routes(method.routes),
            "args": _fields(method.args),
            "returns": _returns(Returns(method.returns, method.returns_constraints))
            if method.returns
            else None,
            "raises": [
                [raised.error, _dated(raised.dated)]
                for raised in sorted(method.raises, key=lambda r: r.error)
            ],
            "to": [path.text for path in method.to],
            "timeout": (timeout.profile or timeout.seconds) if timeout is not None else None,
            "idempotent": method.idempotent,
            **promises(method),
            "topic": _topic(method.topic) if method.topic is not None else None,
            "router": method.router,
            "was": {str(until): _form(form) for until, form in sorted(method.was.items())},
            **_dated(method.dated),
        }
    )


def _event(event: Event) -> dict[str, Json]:
    known = {"payload": event.payload, "priority": event.priority}
    return _said({**known, **promises(event), **_dated(event.dated)})


def _form(form: Form) -> dict[str, Json]:
    whole: dict[str, Json] = {}
    if form.name is not None:
        whole["name"] = form.name
    if form.routes is not None:
        whole["routes"] = _routes(form.routes)
    if form.args is not None:
        whole["args"] = _fields(form.args)
    if form.returns is not None:
        whole["returns"] = _returns(form.returns)
    return whole


def _routes(routes: tuple[Route, ...]) -> Json:
    return [[route.kind, route.to, _dated(route.dated)] for route in routes]


def _returns(returns: Returns) -> Json:
    if returns.type is None:
        return {}
    return {"type": type_text(returns.type), **_limits(returns.constraints)}


def _topic(topic: Topic) -> Json:
    return [topic.name, _versions(topic.since)]


def _limits(limits: Constraints) -> dict[str, Json]:
    if limits == NO_CONSTRAINTS:
        return {}
    keys = ("min", "max", "min_size", "max_size", "pattern")
    pairs = {key: getattr(limits, key) for key in keys if getattr(limits, key) is not None}
    return {**pairs, **({"unique": True} if limits.unique else {})}


def _dated(dated: Dated) -> dict[str, Json]:
    return _said({"since": _versions(dated.since), "until": _versions(dated.until)})


def _versions(versions: tuple[Version, ...]) -> list[str]:
    return [str(version) for version in versions]
