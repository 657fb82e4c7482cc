"""Results (V3, V5): what a server makes of a result for a reader, and what the caller reads."""

from __future__ import annotations

from typing import Any

from rpcgen.idl.model import (
    Enum,
    Field,
    Interface,
    ListOf,
    MapOf,
    Named,
    Opaque,
    Scalar,
    Struct,
    TypeExpr,
    Union,
)
from rpcgen.idl.version import Version

from tests.versions.reference.dates import exists, pending, spoken
from tests.versions.reference.messages import Converters, Plain, Step
from tests.versions.reference.reading import Reader
from tests.versions.reference.shapes import (
    Fields,
    bare,
    field_at,
    fields_of,
    result_step,
    returns_at,
    there,
)

NO_CONVERTERS: Converters = {}


def reader_version(interface: Interface, major: int, reader: int) -> Version:
    """The version that a server writes a result for: it knows none newer than its own last minor."""
    return min(Version(major, reader), spoken(interface)[major])


def write_result(
    interface: Interface,
    method: str,
    result: Plain,
    major: int,
    reader: int,
    converters: Converters = NO_CONVERTERS,
) -> Plain:
    """A handler's result, in the newest shape, as the reader is told it (V5)."""
    definition = interface.methods[method]
    at = reader_version(interface, major, reader)
    step = result_step(definition, at)
    if step is not None:
        result = converters[step].down(result)
    type_ = returns_at(definition, at)
    return None if type_ is None else Teller(interface, at, converters).value(result, type_)


def read_result(
    interface: Interface,
    method: str,
    result: Plain,
    at: Version,
    converters: Converters = NO_CONVERTERS,
) -> Plain:
    """What the caller gets of a result of version `at`: the lower of its shape version and the server's last minor."""
    definition = interface.methods[method]
    type_ = returns_at(definition, at)
    value: Plain = None
    if type_ is not None:
        value = Reader(interface, at, converters).value(result, type_)
    step = result_step(definition, at)
    return value if step is None else converters[step].up(value)


class Teller:
    """Writes results in the shape of one version; what it cannot carry is left out or told otherwise."""

    def __init__(self, interface: Interface, at: Version, converters: Converters) -> None:
        self.interface = interface
        self.at = at
        self.converters = converters

    def fields(self, fields: Fields, given: dict[str, Plain], owner: str) -> dict[str, Plain]:
        """The fields that the reader knows, under its names; those that ended hold their default."""
        told: dict[str, Plain] = {}
        for field in fields.values():
            if not there(field, self.at):
                continue
            then = field_at(field, self.at, self.interface)
            if field.constant is not None:
                told[then.name] = field.constant.value
            elif field.presence != "explicit" or field.name in given:
                told[then.name] = self._field(field, given.get(field.name), owner)
        return told

    def _field(self, field: Field, value: Plain, owner: str) -> Plain:
        if value is None and field.default is not None:
            value = field.default.value
        type_ = field.type
        for until, older in reversed(pending(field.was_type, self.at)):
            if older.converted and value is not None:
                value = self.converters[Step(f"{owner}.{field.name}", until)].down(value)
                type_ = older.type
        return self.value(value, type_)

    def value(self, value: Plain, type_: TypeExpr) -> Plain:
        """A value of a type, all the way down."""
        if value is None:
            return None
        match bare(type_, self.interface).base:
            case ListOf(item):
                return [self.value(each, item) for each in value]
            case MapOf(_, inner):
                return {key: self.value(each, inner) for key, each in value.items()}
            case Named(name):
                return self._named(name, value)
            case Scalar():
                return value

    def _named(self, name: str, value: Plain) -> Plain:
        definition = self.interface.types[name]
        match definition:
            case Struct():
                return self.fields(fields_of(definition, self.interface), value, name)
            case Enum():
                return self._told(definition, value)
            case Union():
                ((tag, inner),) = dict[str, Any](value).items()
                member = definition.members.get(tag)
                return {tag: inner if member is None else self.value(inner, member.type)}
            case Opaque():
                return value
            case _:
                raise AssertionError(f"unexpected {name}: aliases were followed")

    def _told(self, definition: Enum, value: str) -> str:
        """`fallback`: what a reader older than the value is told."""
        member = definition.members.get(value)
        while member is not None and not exists(member.dated, self.at):
            if member.value not in definition.fallback:
                return member.value
            member = definition.members[definition.fallback[member.value]]
        return value if member is None else member.value
