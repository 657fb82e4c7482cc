"""Random plain values of one file's types: minimal, full, and at the edges of the bounds that files here have."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from random import Random
from typing import Any
from uuid import UUID

from rpcgen.idl.model import (
    NO_CONSTRAINTS,
    Alias,
    Constraints,
    Enum,
    Field,
    Interface,
    ListOf,
    MapOf,
    Named,
    Nullable,
    Scalar,
    Struct,
    TypeExpr,
    Union,
)

from tests.versions.reference.dates import exists
from tests.versions.reference.shapes import fields_of
from tests.versions.reference.valid import Schema

#: Some lie inside one file's bounds and outside another's.
SCALARS: Mapping[str, tuple[Any, ...]] = {
    "bool": (True, False),
    "int": (0, 1, -1, 3, 7, 11, 30, 50),
    "float": (0.5, 2.0, -1.25, 1.5, 0.25),
    "string": ("", "a", "abcd", "ABC", "a1", "abcdefgh", "v0", "7", "abcdefghijklmno"),
    "uuid": (UUID(int=1), UUID(int=2)),
    "bytes": (b"", b"\x00\xff"),
    "datetime": (dt.datetime(2025, 1, 31, 12, tzinfo=dt.UTC),),
    "duration": (dt.timedelta(seconds=90),),
    "any": ("text", 7, 0.5, [1], {"key": "value"}, True),
}
#: How deep they go; types of units are less deep, but for those that contain themselves.
DEEP = 8


class Payloads:
    """Makes the values of one payload.

    Args:
        fullness: how likely everything that can be left out is there.
        unheard: open enums and unions may hold what no version knows.
    """

    def __init__(
        self, interface: Interface, random: Random, fullness: float, *, unheard: bool
    ) -> None:
        self._interface = interface
        self._random = random
        self._fullness = fullness
        self._unheard = unheard
        self._schema = Schema(interface, interface.version)

    def fields(self, fields: Iterable[Field], depth: int = 0) -> dict[str, Any]:
        """Arguments, or fields of a struct or an error."""
        given: dict[str, Any] = {}
        for field in fields:
            if field.constant is not None or not exists(field.dated, self._interface.version):
                continue
            if _is_required(field) or (depth < DEEP and self._chance()):
                given[field.name] = self.of(field.type, field.constraints, depth)
        return given

    def of(self, type_: TypeExpr, limits: Constraints = NO_CONSTRAINTS, depth: int = 0) -> Any:
        """A value of a type that its bounds allow."""
        match type_:
            case Nullable(inner):
                return self.of(inner, limits, depth) if depth < DEEP and self._chance() else None
            case Scalar("any"):
                return self._random.choice((*SCALARS["any"], None))
            case Scalar():
                return self._scalar(type_, limits)
            case ListOf(item):
                made = [self.of(item, depth=depth + 1) for _ in range(self._size(limits, depth))]
                if limits.unique:
                    return made[:1]
                return made[:1] * len(made) if self._random.random() < 0.2 else made
            case MapOf(key, inner):
                keys = self._keys(key, self._size(limits, depth))
                return {each: self.of(inner, depth=depth + 1) for each in keys}
            case Named(name):
                return self._named(name, limits, depth)

    def _keys(self, type_: TypeExpr, size: int) -> list[Any]:
        """Different keys, mostly as many as there should be; no file here says how many a map has at least."""
        return list(dict.fromkeys(self.of(type_) for _ in range(2 * size)))[:size]

    def _scalar(self, type_: Scalar, limits: Constraints) -> Any:
        name = type_.name
        bounded = limits != NO_CONSTRAINTS and name in ("int", "float", "string")
        values = [
            value
            for value in SCALARS[name]
            if not bounded or not list(self._schema.value(value, type_, limits, ""))
        ]
        # The last one is the one that most bounds are about.
        return values[-1] if self._random.random() < 0.3 else self._random.choice(values)

    def _size(self, limits: Constraints, depth: int) -> int:
        least = limits.min_size or 0
        if depth >= DEEP or not self._chance():
            return least
        # Lists are long enough, wherever they are, to lie outside of the bounds that files here have.
        most = 3 if depth < 2 else self._random.choice([1, 1, 1, 2, 3])
        most = most if limits.max_size is None else min(most, limits.max_size)
        return self._random.randint(least, max(least, most))

    def _chance(self) -> bool:
        return self._random.random() < self._fullness

    def _named(self, name: str, limits: Constraints, depth: int) -> Any:
        definition = self._interface.types[name]
        match definition:
            case Alias():
                own = definition.constraints
                return self.of(definition.type, limits if own == NO_CONSTRAINTS else own, depth)
            case Struct():
                return self.fields(fields_of(definition, self._interface).values(), depth + 1)
            case Enum():
                return self._random.choice([*self._living(definition), *self._more(definition)])
            case Union():
                tags = self._living(definition)
                # Only one of the tags leads to a struct.
                few = depth >= DEEP and "num" in tags
                tag = "num" if few else self._random.choice([*tags, *self._more(definition)])
                if tag not in tags:
                    return {tag: {"some": 1}}
                return {tag: self.of(definition.members[tag].type, depth=depth + 1)}
            case _:
                raise AssertionError(f"unexpected {name}")

    def _more(self, definition: Enum | Union) -> tuple[str, ...]:
        return ("unheard",) if definition.open and self._unheard else ()

    def _living(self, definition: Enum | Union) -> list[str]:
        at = self._interface.version
        return [name for name, each in definition.members.items() if exists(each.dated, at)]


def _is_required(field: Field) -> bool:
    may_lack = field.default is not None or field.presence == "explicit"
    return not may_lack and not isinstance(field.type, Nullable)
