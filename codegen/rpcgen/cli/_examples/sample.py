"""Payloads of an interface, made from its model: as small as they can be, but for one part.

They are plain values, as JSON has them. Knows no rule and no generated code.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from math import ceil, floor
from typing import Any

from rpcgen.cli._matrix.texts import Unmakeable, text_like
from rpcgen.idl import Interface
from rpcgen.idl.compat.change import Root
from rpcgen.idl.model import (
    Alias,
    Constraints,
    Enum,
    Field,
    ListOf,
    MapOf,
    Named,
    Opaque,
    Scalar,
    Struct,
    TypeExpr,
    Union,
)
from rpcgen.idl.resolve import Resolved, all_fields, error_fields, is_required, resolve

Plain = Any
Limits = tuple[Constraints, ...]
Way = tuple[str, ...]

#: What nobody knows: a value of an open enum, a tag of an open union.
UNKNOWN = "something-new"

_SCALARS: Mapping[str, tuple[Plain, ...]] = {
    "bool": (True, False),
    "float": (1.5,),
    "bytes": ("",),
    "uuid": ("00000000-0000-0000-0000-000000000000",),
    "datetime": ("2025-01-01T00:00:00Z",),
    "date": ("2025-01-01",),
    "duration": ("PT1S",),
    "decimal": ("0", "1.5"),
    "any": ({}, "a", 1, []),
}


class Sample:
    """Makes the payloads of one view of an interface."""

    def __init__(self, view: Interface) -> None:
        self._view = view
        self._types = view.types

    def payloads(self, root: Root, way: Way) -> Iterator[Plain]:
        """Payloads with several values of the part that a way leads to, also without it where that may be."""
        match root.reader:
            case "request":
                method = self._view.methods.get(root.name)
                if method is not None:
                    yield from self._holding(method.args, way)
            case "result":
                method = self._view.methods.get(root.name)
                if method is not None and method.returns is None:
                    yield None
                elif method is not None and method.returns is not None:
                    yield from self._values(method.returns, (method.returns_constraints,), way)
            case "error":
                error = self._view.errors.get(root.name)
                if error is not None:
                    yield from self._holding(error_fields(error, self._view.errors), way)
            case "event":
                event = self._view.events.get(root.name)
                if event is not None:
                    yield from self._values(Named(event.payload), (), way)
            case "":
                pass

    # --- along the way --------------------------------------------------------------------------------------------

    def _values(self, type_: TypeExpr, limits: Limits, way: Way) -> Iterator[Plain]:
        resolved = resolve(type_, self._types)
        if resolved is None:
            return
        if not way:
            yield from self._choices(resolved, limits)
            return
        match resolved.base:
            case ListOf(item):
                yield from ([value] for value in self._values(item, (), way[1:]))
            case MapOf(key, value) if way[0] == "[key]":
                yield from ({name: self._smallest(value, (), ())} for name in self._keys(key))
            case MapOf(key, value):
                name = next(self._keys(key))
                yield from ({name: each} for each in self._values(value, (), way[1:]))
            case Named(name):
                yield from self._named(name, way)
            case _:
                yield from self._choices(resolved, limits)

    def _named(self, name: str, way: Way) -> Iterator[Plain]:
        definition = self._types[name]
        match definition:
            case Struct():
                bodies = self._holding(all_fields(definition, self._types), way)
                yield from (_wrapped(definition, body) for body in bodies)
            case Enum():
                yield from (value for value in definition.members if value == way[0])
            case Union():
                member = definition.members.get(way[0])
                if member is not None:
                    yield from ({way[0]: v} for v in self._values(member.type, (), way[1:]))
            case Opaque() | Alias():
                yield from self._choices(Resolved(Named(name)), ())

    def _holding(self, fields: Mapping[str, Field], way: Way) -> Iterator[Plain]:
        """Maps with what is required, and with several values of one field."""
        rest = self._required(field for field in fields.values() if field.name != way[0])
        field = fields.get(way[0])
        # What began in a minor is read as null where it is missing; whether it may be, its writer says.
        younger = field is not None and any(since.minor for since in field.dated.since)
        if field is None or younger or not is_required(field, self._types):
            yield rest
        if field is not None and field.constant is not None:
            yield {field.name: field.constant.value, **rest}
        elif field is not None:
            # First, because readers complain of the first that does not fit.
            for value in self._values(field.type, (field.constraints,), way[1:]):
                yield {field.name: value, **rest}

    def _required(self, fields: Iterable[Field], inside: Way = ()) -> dict[str, Plain]:
        found: dict[str, Plain] = {}
        for field in fields:
            if field.constant is not None:
                found[field.name] = field.constant.value
            elif is_required(field, self._types):
                found[field.name] = self._smallest(field.type, (field.constraints,), inside)
        return found

    # --- values ---------------------------------------------------------------------------------------------------

    def _choices(self, resolved: Resolved, limits: Limits) -> Iterator[Plain]:
        """Values that tell types apart: null, the smallest, those at the bounds, and every one of an enum."""
        if resolved.nullable:
            yield None
        bounds = (*resolved.constraints, *limits)
        match resolved.base:
            case Scalar("int"):
                yield from _numbers(bounds, int)
            case Scalar("float"):
                yield from (1.5, *_numbers(bounds, float))
            case Scalar("string"):
                yield from _texts(bounds)
            case Scalar(name):
                yield from _SCALARS[name]
            case ListOf(item):
                least, most = _sizes(bounds)
                yield from ([self._smallest(item, (), ())] * n for n in sorted({least, 1, 2, most}))
            case MapOf(key, value):
                yield {}
                yield {next(self._keys(key)): self._smallest(value, (), ())}
            case Named(name):
                yield from self._choices_of(name)

    def _choices_of(self, name: str) -> Iterator[Plain]:
        definition = self._types[name]
        if isinstance(definition, Enum):
            yield from definition.members
            if definition.open:
                yield UNKNOWN
        elif isinstance(definition, Union):
            for tag, member in definition.members.items():
                yield {tag: self._smallest(member.type, (), (name,))}
            if definition.open:
                yield {UNKNOWN: {}}
        else:
            yield self._smallest(Named(name), (), ())

    def _smallest(self, type_: TypeExpr, limits: Limits, inside: Way) -> Plain:
        resolved = resolve(type_, self._types)
        if resolved is None or resolved.nullable:
            return None
        bounds = (*resolved.constraints, *limits)
        match resolved.base:
            case Scalar("int"):
                return next(_numbers(bounds, int))
            case Scalar("float"):
                return next(_numbers(bounds, float))
            case Scalar("string"):
                return next(_texts(bounds))
            case Scalar(name):
                return _SCALARS[name][0]
            case ListOf(item):
                return [self._smallest(item, (), inside)] * _sizes(bounds)[0]
            case MapOf():
                return {}
            case Named(name):
                return self._smallest_of(name, inside)

    def _smallest_of(self, name: str, inside: Way) -> Plain:
        definition = self._types[name]
        match definition:
            case Struct():
                fields = all_fields(definition, self._types).values()
                return _wrapped(definition, self._required(fields, (*inside, name)))
            case Enum():
                return next(iter(definition.members))
            case Union():
                if inside.count(name) > 1:
                    raise Unmakeable(f"{name} holds itself")
                return self._smallest_member(definition, (*inside, name))
            case Opaque() | Alias():
                return {"name": name, "version": "1.0", "data": {}}

    def _smallest_member(self, union: Union, inside: Way) -> Plain:
        """The first member that ends."""
        for tag, member in union.members.items():
            try:
                return {tag: self._smallest(member.type, (), inside)}
            except Unmakeable:
                continue
        raise Unmakeable(f"no member of {union.name} ends")

    def _keys(self, key: TypeExpr) -> Iterator[str]:
        """Keys that tell bounds apart; JSON has numbers as text."""
        resolved = resolve(key, self._types)
        if resolved is None:
            return
        if not resolved.constraints:
            yield "1" if resolved.base == Scalar("int") else "a"
        yield from map(str, self._choices(resolved, ()))


def _wrapped(struct: Struct, body: Plain) -> Plain:
    """A struct with a version of its own travels with that."""
    envelope = struct.envelope
    if envelope is None:
        return body
    named = {envelope.name: struct.name, envelope.version: str(struct.version)}
    return {**named, envelope.data: body, **envelope.constants}


def _numbers(bounds: Limits, kind: type[int] | type[float]) -> Iterator[float]:
    """The number nearest to 0, then the bounds; whole ones are within what is said in fractions."""
    lows = [
        each.min if kind is float else ceil(each.min) for each in bounds if each.min is not None
    ]
    highs = [
        each.max if kind is float else floor(each.max) for each in bounds if each.max is not None
    ]
    low, high = max(lows, default=None), min(highs, default=None)
    near = 0 if low is None or low <= 0 else low
    yield kind(near if high is None or near <= high else high)
    yield from (kind(bound) for bound in (low, high) if bound is not None)


def _texts(bounds: Limits) -> Iterator[str]:
    least, most = _sizes(bounds)
    patterns = [each.pattern for each in bounds if each.pattern is not None]
    if patterns:
        yield text_like(patterns[0], least, None, 0)
        return
    yield from ("a" * size for size in sorted({least, most}))


def _sizes(bounds: Limits) -> tuple[int, int]:
    least = max((each.min_size for each in bounds if each.min_size is not None), default=0)
    most = min((each.max_size for each in bounds if each.max_size is not None), default=least + 1)
    return least, min(most, 1000)
