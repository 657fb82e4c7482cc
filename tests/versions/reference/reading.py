"""What user code gets: values of any spoken version, in the newest shape (handlers of requests, callers of results)."""

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

from tests.versions.reference.dates import ended, pending
from tests.versions.reference.gate import find
from tests.versions.reference.messages import Converters, Message, Plain, Step
from tests.versions.reference.shapes import (
    Fields,
    bare,
    field_at,
    fields_of,
    is_open,
    method_at,
    newest_of,
    there,
)

NO_CONVERTERS: Converters = {}


class UnreadableError(ValueError):
    """V3: a result holds a closed value that the reader does not know."""


def read(
    interface: Interface, message: Message, converters: Converters = NO_CONVERTERS
) -> dict[str, Plain]:
    """The arguments that the handler gets, all of them, in the newest shape."""
    method = find(interface, message.name, message.version)
    assert method is not None, message
    shape = method_at(method, message.version)
    newest = newest_of(method, interface)
    reader = Reader(interface, message.version, converters)
    arguments = reader.fields(shape.args, message.args, method.name, newest)
    if shape.step is None:
        return arguments
    arguments = converters[shape.step].up(arguments)
    # What the converter says nothing of reads as it does when it is absent.
    filled = Reader(interface, newest, converters)
    return filled.fields(method.args, arguments, method.name, newest)


class Reader:
    """Reads plain values of one version as what they are at the newest."""

    def __init__(self, interface: Interface, at: Version, converters: Converters) -> None:
        self.interface = interface
        self.at = at
        self.converters = converters

    def fields(
        self, fields: Fields, given: dict[str, Plain], owner: str, newest: Version
    ) -> dict[str, Plain]:
        """A map of arguments or fields under their newest names; those that ended are dropped."""
        read: dict[str, Plain] = {}
        for field in fields.values():
            if ended(field.dated.until, newest):
                continue
            name = field_at(field, self.at, self.interface).name
            if field.presence == "explicit" and not (there(field, self.at) and name in given):
                continue  # "absent reads as ABSENT"
            value = given.get(name) if there(field, self.at) else None
            read[field.name] = self._field(field, value, owner)
        return read

    def _field(self, field: Field, value: Plain, owner: str) -> Plain:
        """A field's value; absent and null read the same: as the default, then and now."""
        if field.constant is not None:
            return field.constant.value if value is None else value
        if field.presence == "explicit" and value is None:
            return None
        if not there(field, self.at):
            return field.default.value if field.default is not None else None
        then = field_at(field, self.at, self.interface)
        if value is None and then.default is not None:
            value = then.default.value
        elif value is not None:
            value = self.value(value, then.type)
        for until, older in pending(field.was_type, self.at):
            if older.converted and value is not None:
                value = self.converters[Step(f"{owner}.{field.name}", until)].up(value)
        if value is None and field.default is not None:
            return field.default.value
        return value

    def value(self, value: Plain, type_: TypeExpr) -> Plain:
        """A value of a type, read all the way down."""
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
                fields = fields_of(definition, self.interface)
                return self.fields(fields, value, name, self.interface.version)
            case Enum():
                self._check(definition, value)
                return value
            case Union():
                ((tag, inner),) = dict[str, Any](value).items()
                self._check(definition, tag)
                member = definition.members.get(tag)
                return {tag: inner if member is None else self.value(inner, member.type)}
            case Opaque():
                return value
            case _:
                raise AssertionError(f"unexpected {name}: aliases were followed")

    def _check(self, definition: Enum | Union, name: str) -> None:
        """V3: keep unknown open values, fail on unknown closed ones."""
        if name not in definition.members and not is_open(definition, self.interface.version):
            raise UnreadableError(f"{definition.name}: {name}")
