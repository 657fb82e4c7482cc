"""One form of an interface for machines to compare, and its fingerprint.

Left out is what changes nothing on the wire or in behaviour: docs, examples, deprecations, positions, the order of
keys, types that nothing uses, and the names of types. So is what is known to one program alone: names of releases,
`refused_as`, and which older types have a converter, which follows from the types. A type is known by its structure, an
alias by what it stands for: in the table `types` the key of a structure is a digest of it. Names that travel are kept:
of methods, arguments, fields, enum values, tags, errors, opaque types and types with a version of their own; and what
any of these was before.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from rpcgen.idl.contract import promises
from rpcgen.idl.model import (
    NO_CONSTRAINTS,
    Alias,
    Constraints,
    Dated,
    Enum,
    Envelope,
    Event,
    Field,
    Form,
    Interface,
    ListOf,
    MapOf,
    Method,
    Named,
    Nullable,
    OlderType,
    Opaque,
    Returns,
    Route,
    Scalar,
    Struct,
    Topic,
    TypeDef,
    TypeExpr,
    Union,
)
from rpcgen.idl.resolve import all_fields, direct_types, names_in, reachable, used_types
from rpcgen.idl.version import Version

Json = Any


def canonical(interface: Interface) -> dict[str, Json]:
    """Return the canonical form, in JSON's own types; equal for interfaces that mean the same."""
    types = _Types(interface.types)
    methods = {name: _method(types, method) for name, method in sorted(interface.methods.items())}
    events = {
        name: {
            "payload": types.of(Named(event.payload)),
            "priority": event.priority,
            **_promises(event),
            **_dated(event.dated),
        }
        for name, event in sorted(interface.events.items())
    }
    errors = {
        name: {
            "extends": error.extends,
            "fields": types.fields(error.fields),
            "retryable": error.retryable,
            "wire": error.wire,
            **_dated(error.dated),
        }
        for name, error in sorted(interface.errors.items())
    }
    target = interface.target
    used = used_types(
        interface.methods.values(), interface.events.values(), interface.errors.values()
    )
    return {
        "interface": interface.name,
        "version": str(interface.version),
        "serves": _versions(interface.serves),
        "namespace": interface.namespace,
        "send": interface.send,
        "target": {
            "exchange": target.exchange,
            "topic": _topic(target.topic),
            "router": target.router,
            "also": sorted(target.also),
        },
        "methods": methods,
        "events": events,
        "errors": errors,
        "types": types.table(used),
    }


def fingerprint(interface: Interface) -> bytes:
    """Return the SHA-256 of the canonical form."""
    text = json.dumps(
        canonical(interface), sort_keys=True, separators=(",", ":"), ensure_ascii=True
    )
    return hashlib.sha256(text.encode("ascii")).digest()


class _Types:
    """The structures of an interface's types. Works from the inside out, so that no chain of types is too long."""

    def __init__(self, definitions: Mapping[str, TypeDef]) -> None:
        self._definitions = definitions
        self._digests: dict[str, str] = {}
        self._bodies: dict[str, Json] = {}
        follow = {
            name: [
                inner
                for type_ in direct_types(definition)
                for inner in names_in(type_)
                if inner in definitions
            ]
            for name, definition in definitions.items()
        }
        for group in strong_components(follow):
            recursive = len(group) > 1 or group[0] in follow[group[0]]
            self._add_recursive(group) if recursive else self._add(group[0])

    def _add(self, name: str) -> None:
        definition = self._definitions[name]
        if not isinstance(definition, Alias):
            body = self._bodies[name] = self._body(definition)
            self._digests[name] = _digest(body)

    def _add_recursive(self, group: list[str]) -> None:
        """Tell types that contain each other apart by what they look like to a growing depth."""
        names = [name for name in group if not isinstance(self._definitions[name], Alias)]
        self._digests |= dict.fromkeys(names, "")
        kinds = 0
        for _ in range(_ROUNDS):
            self._bodies |= {name: self._body(self._definitions[name]) for name in names}
            digests = {name: _digest(self._bodies[name]) for name in names}
            self._digests |= digests
            if len(set(digests.values())) == kinds:
                break
            kinds = len(set(digests.values()))

    def table(self, roots: list[str]) -> dict[str, Json]:
        """Return the structures that some types lead to, by digest."""
        reached = reachable(roots, self._definitions)
        found = {
            self._digests[name]: self._bodies[name] for name in reached if name in self._bodies
        }
        return dict(sorted(found.items()))

    def of(self, type_: TypeExpr) -> Json:
        """Return the structure of a type expression."""
        match type_:
            case Scalar(name):
                return name
            case Nullable(inner):
                return {"nullable": self.of(inner)}
            case ListOf(item):
                return {"list": self.of(item)}
            case MapOf(key, value):
                return {"map": [self.of(key), self.of(value)]}
            case Named(name):
                definition = self._definitions[name]
                if not isinstance(definition, Alias):
                    return {"type": self._digests[name]}
                inner = self.of(definition.type)
                limits = _constraints(definition.constraints)
                return {"of": inner, **limits} if limits else inner

    def fields(self, fields: Mapping[str, Field]) -> Json:
        """Return fields or arguments by name."""
        return {name: self._field(field) for name, field in sorted(fields.items())}

    def _field(self, field: Field) -> Json:
        whole: dict[str, Json] = {
            "type": self.of(field.type),
            **_dated(field.dated),
            **_constraints(field.constraints),
        }
        for key, value in (("default", field.default), ("constant", field.constant)):
            if value is not None:
                whole[key] = [value.value]
        for key, choice in (("older", field.older), ("send", field.send)):
            if choice is not None:
                whole[key] = choice
        if field.presence == "explicit":
            whole["presence"] = "explicit"
        if field.was:
            whole["was"] = {str(version): name for version, name in sorted(field.was.items())}
        if field.was_type:
            whole["was_type"] = {
                str(version): self._older(older)
                for version, older in sorted(field.was_type.items())
            }
        return whole

    def _older(self, older: OlderType) -> Json:
        default = {} if older.default is None else {"default": [older.default.value]}
        return {"type": self.of(older.type), **_constraints(older.constraints), **default}

    def _body(self, definition: TypeDef) -> Json:
        match definition:
            case Struct():
                fields = self.fields(all_fields(definition, self._definitions))
                return {"struct": fields, **_clock(definition)}
            case Enum():
                values = {
                    value: _dated(member.dated)
                    for value, member in sorted(definition.members.items())
                }
                return {
                    "enum": values,
                    **_open(definition),
                    "fallback": dict(sorted(definition.fallback.items())),
                }
            case Union():
                members = {
                    tag: {"type": self.of(member.type), **_dated(member.dated)}
                    for tag, member in sorted(definition.members.items())
                }
                return {"union": members, **_open(definition)}
            case Opaque():
                attributes = {
                    name: self.of(type_) for name, type_ in sorted(definition.attributes.items())
                }
                return {"opaque": definition.name, "attributes": attributes}
            case Alias():
                raise AssertionError(f"unexpected alias {definition.name}")


#: How deep recursive types are looked into; they are told apart by less.
_ROUNDS = 20


def _digest(body: Json) -> str:
    text = json.dumps(body, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode("ascii")).hexdigest()[:32]


def strong_components(follow: Mapping[str, list[str]]) -> list[list[str]]:
    """Return the groups of names that can reach each other; Tarjan's algorithm without recursion."""
    index: dict[str, int] = {}
    low: dict[str, int] = {}
    stack: list[str] = []
    on_stack: set[str] = set()
    groups: list[list[str]] = []
    for start in follow:
        work = [(start, iter(follow[start]))] if start not in index else []
        while work:
            name, rest = work[-1]
            if name not in index:
                index[name] = low[name] = len(index)
                stack.append(name)
                on_stack.add(name)
            following = next(rest, None)
            if following is None:
                work.pop()
                if work:
                    low[work[-1][0]] = min(low[work[-1][0]], low[name])
                if low[name] == index[name]:
                    group = stack[stack.index(name) :]
                    del stack[-len(group) :]
                    on_stack.difference_update(group)
                    groups.append(group)
            elif following not in index:
                work.append((following, iter(follow[following])))
            elif following in on_stack:
                low[name] = min(low[name], index[following])
    return groups


def _method(types: _Types, method: Method) -> Json:
    whole: dict[str, Json] = {
        "routes": _routes(method.routes),
        "args": types.fields(method.args),
        "raises": {
            r.error: _dated(r.dated) for r in sorted(method.raises, key=lambda raised: raised.error)
        },
        "to": [path.text for path in method.to],
        "idempotent": method.idempotent,
        **_dated(method.dated),
    }
    if method.returns is not None:
        whole["returns"] = _returns(types, Returns(method.returns, method.returns_constraints))
    if method.was:
        whole["was"] = {
            str(until): _form(types, form) for until, form in sorted(method.was.items())
        }
    if method.timeout is not None:
        whole["timeout"] = method.timeout.profile or method.timeout.seconds
    if method.topic is not None:
        whole["topic"] = _topic(method.topic)
    if method.router is not None:
        whole["router"] = method.router
    return whole | _promises(method)


def _promises(thing: Method | Event) -> dict[str, Json]:
    return {key: said for key, said in promises(thing).items() if said is not None}


def _form(types: _Types, form: Form) -> Json:
    """Return what a form says; what it leaves out is as in the next one."""
    whole: dict[str, Json] = {}
    if form.name is not None:
        whole["name"] = form.name
    if form.routes is not None:
        whole["routes"] = _routes(form.routes)
    if form.args is not None:
        whole["args"] = types.fields(form.args)
    if form.returns is not None:
        whole["returns"] = _returns(types, form.returns)
    return whole


def _routes(routes: tuple[Route, ...]) -> Json:
    return [{"kind": route.kind, "to": route.to, **_dated(route.dated)} for route in routes]


def _returns(types: _Types, returns: Returns) -> Json:
    if returns.type is None:
        return None
    return {"type": types.of(returns.type), **_constraints(returns.constraints)}


def _clock(struct: Struct) -> dict[str, Json]:
    """Return the version that a struct has of its own, and how it travels; its name goes along there."""
    if struct.version is None:
        return {}
    envelope = struct.envelope or Envelope()
    keys = {"name": envelope.name, "version": envelope.version, "data": envelope.data}
    whole = {**keys, "constants": dict(sorted(envelope.constants.items()))}
    return {"name": struct.name, "version": str(struct.version), "envelope": whole}


def _topic(topic: Topic) -> Json:
    return {"name": topic.name, "since": _versions(topic.since)}


def _open(definition: Enum | Union) -> dict[str, Json]:
    return {"open": definition.open, "open_since": _versions(definition.open_since)}


def _constraints(limits: Constraints) -> dict[str, Json]:
    if limits == NO_CONSTRAINTS:
        return {}
    pairs = {
        "min": limits.min,
        "max": limits.max,
        "min_size": limits.min_size,
        "max_size": limits.max_size,
        "pattern": limits.pattern,
        "unique": limits.unique or None,
    }
    return {key: value for key, value in pairs.items() if value is not None}


def _dated(dated: Dated) -> dict[str, Json]:
    pairs = {"since": _versions(dated.since), "until": _versions(dated.until)}
    return {key: value for key, value in pairs.items() if value}


def _versions(versions: tuple[Version, ...]) -> list[str]:
    return [str(version) for version in versions]
