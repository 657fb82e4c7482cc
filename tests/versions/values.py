"""Random plain values of the newest shape of an interface, as a program would pass or return them."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from rpcgen.idl.model import (
    NO_CONSTRAINTS,
    Constraints,
    Enum,
    Field,
    Interface,
    ListOf,
    MapOf,
    Method,
    Named,
    Nullable,
    Scalar,
    Struct,
    TypeExpr,
    Union,
)
from rpcgen.idl.version import Version

from tests.versions.reference.dates import exists

TEXTS = ("", "a", "7", "h/1")
DEEP = 3


class Values:
    """Makes values of one interface."""

    def __init__(self, interface: Interface, random: Random) -> None:
        self.interface = interface
        self.random = random

    def arguments(self, method: Method) -> dict[str, Any]:
        """What a caller passes; arguments that ended are keywords, too, as long as somebody wants them."""
        given: dict[str, Any] = {}
        for field in method.args.values():
            if field.constant is not None:
                continue
            if field.dated.until and not wanted(field, self.interface):
                continue
            if _required(field) or self.random.random() < 0.5:
                given[field.name] = self.of(field.type, field.constraints)
        return given

    def result(self, method: Method) -> Any:
        """What a handler returns."""
        if method.returns is None:
            return None
        return self.of(method.returns, method.returns_constraints)

    def of(self, type_: TypeExpr, limits: Constraints = NO_CONSTRAINTS, depth: int = 0) -> Any:
        """A value of a type."""
        match type_:
            case Nullable(inner):
                if depth >= DEEP or self.random.random() < 0.3:
                    return None
                return self.of(inner, limits, depth)
            case Scalar(name):
                return self._scalar(name, limits)
            case ListOf(item):
                return [self.of(item, depth=depth + 1) for _ in range(self.random.randint(0, 2))]
            case MapOf(_, inner):
                keys = self.random.sample(("a", "b"), self.random.randint(0, 2))
                return {key: self.of(inner, depth=depth + 1) for key in keys}
            case Named(name):
                return self._named(name, depth)

    def _scalar(self, name: str, limits: Constraints) -> Any:
        match name:
            case "int":
                most = 60 if limits.max is None else limits.max
                return self.random.choice([n for n in (-2, 0, 1, 3, 10, 11, 50) if n <= most])
            case "float":
                return self.random.choice([0, 2, 0.5, -1.25])
            case "bool":
                return self.random.random() < 0.5
            case "string":
                return self.random.choice(TEXTS)
            case _:
                raise AssertionError(f"unexpected type {name}")

    def _named(self, name: str, depth: int) -> Any:
        definition = self.interface.types[name]
        match definition:
            case Struct():
                return self._struct(definition.fields, depth + 1)
            case Enum():
                living = [
                    each.value
                    for each in definition.members.values()
                    if exists(each.dated, self.interface.version)
                ]
                return self._some(living, "unheard" if definition.open else None)
            case Union():
                tag = self._some(list(definition.members), "unheard" if definition.open else None)
                if tag not in definition.members:
                    return {tag: {"some": 1}}
                return {tag: self.of(definition.members[tag].type, depth=depth + 1)}
            case _:
                raise AssertionError(f"unexpected {name}")

    def _some(self, known: list[str], unknown: str | None) -> str:
        if unknown is not None and self.random.random() < 0.15:
            return unknown
        # The newest ones are the ones that versions differ about.
        return known[-1] if self.random.random() < 0.4 else self.random.choice(known)

    def _struct(self, fields: Mapping[str, Field], depth: int) -> dict[str, Any]:
        chance = 0.5 if depth < DEEP else 0.0
        return {
            field.name: self.of(field.type, field.constraints, depth)
            for field in fields.values()
            if exists(field.dated, self.interface.version)
            and field.constant is None
            and (_required(field) or self.random.random() < chance)
        }


def _required(field: Field) -> bool:
    return field.default is None and not isinstance(field.type, Nullable)


def wanted(part: Field | Method, interface: Interface) -> bool:
    """Whether a version that is spoken has it."""
    return any(
        exists(part.dated, Version(last.major, minor))
        for last in (*interface.serves, interface.version)
        for minor in range(last.minor + 1)
    )


def methods_of(interface: Interface) -> list[Method]:
    """The methods that a client has."""
    return [method for method in interface.methods.values() if wanted(method, interface)]
