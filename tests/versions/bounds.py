"""The second sentence of V1, word by word: the highest bound of everything that a message uses.

Another way to the same number as the oracle's, which asks every version whether it accepts the message.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from rpcgen.idl.model import (
    Enum,
    Field,
    Interface,
    ListOf,
    MapOf,
    Named,
    Struct,
    TypeExpr,
    Union,
)
from rpcgen.idl.version import Version

from tests.versions.reference.dates import exists
from tests.versions.reference.gate import find
from tests.versions.reference.messages import Message
from tests.versions.reference.shapes import Fields, bare, field_at, fields_of, method_at
from tests.versions.reference.valid import Schema


def highest_bound(interface: Interface, message: Message, shape: Version) -> Version:
    """What the message needs, by the bounds of what it uses, within its major and up to its shape version."""
    used = Used(interface, shape)
    method = find(interface, message.name, shape)
    assert method is not None
    bounds = [*method.dated.since, *used.forms(method.was)]
    bounds += min(
        (
            [*route.dated.since]
            for route in method_at(method, shape).routes
            if route.kind == message.kind
        ),
        key=used.highest,
    )
    bounds += used.fields(method_at(method, shape).args, message.args)
    return used.highest(bounds)


class Used:
    """Collects bounds."""

    def __init__(self, interface: Interface, shape: Version) -> None:
        self.interface = interface
        self.shape = shape

    def highest(self, bounds: Iterable[Version]) -> Version:
        """The highest bound of the message's own major; an older major has all that came before it."""
        own = [b for b in bounds if b.major == self.shape.major and b <= self.shape]
        return max(own, default=Version(self.shape.major, 0))

    def forms(self, was: dict[Version, Any] | Any) -> Iterator[Version]:
        """Forms that had another name or other arguments."""
        yield from (until for until, form in was.items() if form.name or form.args is not None)

    def fields(self, fields: Fields, given: dict[str, Any]) -> Iterator[Version]:
        """Bounds of what is given, and the ends of what had to be given."""
        for field in fields.values():
            then = field_at(field, self.shape, self.interface)
            if then.name in given and exists(field.dated, self.shape):
                yield from field.dated.since
                yield from field.was
                yield from self._types(field, given[then.name])
                if field.constant is None:
                    yield from self.value(given[then.name], then.type)
            elif not exists(field.dated, self.shape):
                yield from self._ends(field)

    def _ends(self, field: Field) -> Iterator[Version]:
        for until in field.dated.until:
            before = Version(until.major, until.minor - 1) if until.minor else None
            if before is not None and field_at(field, before, self.interface).required:
                yield until

    def _types(self, field: Field, value: Any) -> Iterator[Version]:
        """Older types that do not hold the value; with another meaning, they count in any case."""
        for until, older in field.was_type.items():
            at = Version(until.major, until.minor - 1) if until.minor else None
            if at is None or until.major != self.shape.major:
                continue
            schema = Schema(self.interface, self.shape)
            null = value is None and older.default is not None
            if older.converted or (
                not null and list(schema.value(value, older.type, older.constraints, ""))
            ):
                yield until

    def value(self, value: Any, type_: TypeExpr) -> Iterator[Version]:
        """Bounds of fields, enum values and union members inside a value."""
        if value is None:
            return
        match bare(type_, self.interface).base:
            case ListOf(item):
                for each in value:
                    yield from self.value(each, item)
            case MapOf(_, inner):
                for each in value.values():
                    yield from self.value(each, inner)
            case Named(name):
                yield from self._named(name, value)
            case _:
                pass

    def _named(self, name: str, value: Any) -> Iterator[Version]:
        match self.interface.types[name]:
            case Struct() as struct:
                yield from self.fields(fields_of(struct, self.interface), value)
            case Enum() as enum:
                known = enum.members.get(value)
                yield from enum.open_since if known is None else known.dated.since
            case Union() as union:
                ((tag, inner),) = value.items()
                member = union.members.get(tag)
                yield from union.open_since if member is None else member.dated.since
                if member is not None:
                    yield from self.value(inner, member.type)
            case _:
                pass
