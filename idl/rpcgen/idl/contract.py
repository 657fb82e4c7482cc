"""An interface as data for people and tools: everything the file says, with names, docs and types as text.

Unlike `canonical` it keeps names, docs and the order of the file. It knows nothing of the code that is generated.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from rpcgen.idl.model import (
    NO_CONSTRAINTS,
    Alias,
    Constraints,
    Dated,
    Deprecated,
    Enum,
    Error,
    Event,
    Field,
    Form,
    Interface,
    Method,
    OlderType,
    Opaque,
    Returns,
    Route,
    Struct,
    Topic,
    TypeDef,
    Union,
)
from rpcgen.idl.typetext import type_text

Json = Any


def contract(interface: Interface) -> dict[str, Json]:
    """Return the interface in JSON's own types, in the order of the file; what is not said is left out."""
    target = interface.target
    return _said(
        {
            "interface": interface.name,
            "namespace": interface.namespace,
            "version": str(interface.version),
            "serves": [str(version) for version in interface.serves],
            "supported_until": {
                str(major): day.isoformat() for major, day in interface.supported_until.items()
            },
            "doc": interface.doc,
            "refused_as": interface.refused_as,
            "send": interface.send if interface.send != "set" else None,
            "target": _said(
                {
                    "exchange": target.exchange,
                    "topic": _topic(target.topic),
                    "to": [path.text for path in target.to],
                    "router": target.router,
                    "also": list(target.also),
                }
            ),
            "releases": {name: str(version) for name, version in interface.releases.items()},
            "types": {name: _type(type_) for name, type_ in interface.types.items()},
            "errors": {name: _error(error) for name, error in interface.errors.items()},
            "methods": {name: _method(method) for name, method in interface.methods.items()},
            "events": {name: _event(event) for name, event in interface.events.items()},
        },
        keep=("namespace",),
    )


def member_text(field: Field) -> str:
    """Write an argument or field in the short form, such as `list[string]? = [] since 6.2`."""
    text = type_text(field.type)
    if field.constant is not None:
        text += f" = {_value(field.constant.value)} constant"
    elif field.default is not None:
        text += f" = {_value(field.default.value)}"
    return text + dates_text(field.dated)


def dates_text(dated: Dated) -> str:
    """Write dates as ` since 5.12, 6.0 until 6.3`, or nothing."""
    since = f" since {', '.join(map(str, dated.since))}" if dated.since else ""
    until = f" until {', '.join(map(str, dated.until))}" if dated.until else ""
    return since + until


def _value(value: Json) -> str:
    return json.dumps(value, ensure_ascii=False)


def _said(pairs: Mapping[str, Json], keep: tuple[str, ...] = ()) -> dict[str, Json]:
    """Leave out what is empty, but for some keys."""
    return {
        key: value
        for key, value in pairs.items()
        if key in keep or (value not in (None, "", False) and value != [] and value != {})
    }


def _topic(topic: Topic) -> Json:
    return (
        {"name": topic.name, "since": [str(v) for v in topic.since]} if topic.since else topic.name
    )


def _deprecated(deprecated: Deprecated | None) -> Json:
    if deprecated is None:
        return None
    since = str(deprecated.since) if deprecated.since else None
    return _said({"since": since, "use": deprecated.use}) or True


def _limits(limits: Constraints) -> dict[str, Json]:
    if limits == NO_CONSTRAINTS:
        return {}
    pairs: dict[str, Json] = {"min": limits.min, "max": limits.max}
    pairs["size"] = _said({"min": limits.min_size, "max": limits.max_size})
    pairs["pattern"], pairs["unique"] = limits.pattern, limits.unique
    return {
        key: value
        for key, value in pairs.items()
        if value is not None and value is not False and value != {}
    }


def _field(field: Field) -> Json:
    """Return the short form, or a map with it as `type` if there is more to say."""
    more: dict[str, Json] = {
        "doc": field.doc,
        **_limits(field.constraints),
        "older": field.older,
        "send": field.send,
        "was": {str(version): name for version, name in field.was.items()},
        "was_type": {str(version): _older(older) for version, older in field.was_type.items()},
        "presence": field.presence if field.presence != "implicit" else None,
        "deprecated": _deprecated(field.deprecated),
        "examples": list(field.examples),
    }
    said = {
        key: value
        for key, value in more.items()
        if key in {"min", "max"} or (value and value is not None)
    }
    return {"type": member_text(field), **said} if said else member_text(field)


def _older(older: OlderType) -> Json:
    """Return an older type in its short form, or a map with it as `type` if there are bounds."""
    text = type_text(older.type)
    if older.default is not None:
        text += f" = {_value(older.default.value)}"
    limits = _limits(older.constraints)
    return {"type": text, **limits} if limits else text


def _fields(fields: Mapping[str, Field]) -> dict[str, Json]:
    return {name: _field(field) for name, field in fields.items()}


def _common(thing: TypeDef | Error | Event | Method) -> dict[str, Json]:
    return {
        "doc": thing.doc,
        "since": [str(version) for version in thing.dated.since],
        "until": [str(version) for version in thing.dated.until],
        "deprecated": _deprecated(thing.deprecated),
    }


def _type(type_: TypeDef) -> Json:
    body: dict[str, Json]
    keep: tuple[str, ...] = ()
    match type_:
        case Alias():
            body = {"type": type_text(type_.type), **_limits(type_.constraints)}
            keep = ("min", "max")
        case Struct():
            presence = type_.presence if type_.presence != "implicit" else None
            body = {"extends": type_.extends, "fields": _fields(type_.fields), "presence": presence}
            body |= {"version": type_.version and str(type_.version), "envelope": _envelope(type_)}
            keep = ("fields",)
        case Enum():
            values = {
                value: member.doc + dates_text(member.dated)
                for value, member in type_.members.items()
            }
            body = {
                "enum": {value: text.strip() for value, text in values.items()},
                "open": _open(type_),
            }
            body["fallback"] = dict(type_.fallback)
            body["names"] = {
                value: m.name for value, m in type_.members.items() if m.name is not None
            }
        case Union():
            members = {
                tag: type_text(m.type) + dates_text(m.dated) for tag, m in type_.members.items()
            }
            body = {"union": members, "open": _open(type_)}
        case Opaque():
            body = {
                "opaque": True,
                "attributes": {n: type_text(t) for n, t in type_.attributes.items()},
            }
    examples = [] if isinstance(type_, Opaque) else list(type_.examples)
    return _said({**body, **_common(type_), "examples": examples}, keep)


def _open(type_: Enum | Union) -> Json:
    since = [str(version) for version in type_.open_since]
    return {"since": since} if since else type_.open


def _envelope(struct: Struct) -> Json:
    envelope = struct.envelope
    if envelope is None:
        return None
    keys = {"name": envelope.name, "version": envelope.version, "data": envelope.data}
    return _said({**keys, "constants": dict(envelope.constants)})


def _error(error: Error) -> Json:
    return _said(
        {
            "extends": error.extends,
            "fields": _fields(error.fields),
            "retryable": error.retryable,
            "wire": error.wire,
            **_common(error),
        }
    )


def _routes(routes: tuple[Route, ...], kind: str) -> list[str]:
    return [route.to + dates_text(route.dated) for route in routes if route.kind == kind]


def _kinds(routes: tuple[Route, ...]) -> dict[str, Json]:
    return {kind: _routes(routes, kind) for kind in dict.fromkeys(r.kind for r in routes)}


def _returns(returns: Returns) -> Json:
    """Return the type, a map with it as `type` if there are bounds, or None for no answer."""
    if returns.type is None:
        return None
    text, limits = type_text(returns.type), _limits(returns.constraints)
    return {"type": text, **limits} if limits else text


def _form(form: Form) -> Json:
    """Return the older name, or a map of what was different; `returns` is None if nothing was answered."""
    whole: dict[str, Json] = {} if form.name is None else {"name": form.name}
    whole |= _kinds(form.routes or ())
    if form.args is not None:
        whole["args"] = _fields(form.args)
    if form.returns is not None:
        whole["returns"] = _returns(form.returns)
    return form.name if set(whole) == {"name"} else whole


def _method(method: Method) -> Json:
    timeout = method.timeout
    return _said(
        {
            **_kinds(method.routes),
            "args": _fields(method.args),
            "returns": _returns(Returns(method.returns, method.returns_constraints)),
            "was": {str(until): _form(form) for until, form in method.was.items()},
            "raises": [raised.error + dates_text(raised.dated) for raised in method.raises],
            "to": [path.text for path in method.to],
            "timeout": (timeout.profile or timeout.seconds) if timeout is not None else None,
            "idempotent": method.idempotent,
            **promises(method),
            "topic": _topic(method.topic) if method.topic is not None else None,
            "router": method.router,
            **_common(method),
            "examples": list(method.examples),
        },
        keep=("args",),
    )


def promises(thing: Method | Event) -> dict[str, Json]:
    """Return what becomes of messages that wait, or fail; None for what is not said."""
    return {
        "delivery": thing.delivery if thing.delivery != "at_most_once" else None,
        "ttl": thing.ttl,
        "ordering_key": thing.ordering_key.text if thing.ordering_key is not None else None,
    }


def _event(event: Event) -> Json:
    return _said(
        {
            "payload": event.payload,
            "priority": event.priority,
            **promises(event),
            **_common(event),
            "examples": list(event.examples),
        }
    )
