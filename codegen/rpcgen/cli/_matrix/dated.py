"""What of an interface changed, and when: the ways to its dated parts, and its versions at which anything did.

Reads the model. Knows nothing of values.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from rpcgen.idl.model import (
    Dated,
    Enum,
    EnumMember,
    Field,
    Interface,
    ListOf,
    MapOf,
    Method,
    Named,
    Nullable,
    Struct,
    TypeExpr,
    Union,
    UnionMember,
)
from rpcgen.idl.resolve import all_fields, resolve
from rpcgen.idl.timeline import exists, is_spoken, spoken
from rpcgen.idl.version import Version


def is_dated(field: Field) -> bool:
    """Whether a field was otherwise at some version."""
    return bool(field.dated.since or field.dated.until or field.was or field.was_type)


class Ways:
    """The ways to everything dated in one payload; each type is walked through once."""

    def __init__(self, interface: Interface) -> None:
        self._interface = interface
        self._seen: set[str] = set()

    def among(self, fields: Iterable[Field]) -> Iterator[tuple[str, ...]]:
        """Those to fields that may be left out, and to whatever is inside any of them."""
        for field in fields:
            if is_dated(field) and (isinstance(field.type, Nullable) or field.default):
                yield (field.name,)
            for below in self.inside(field.type):
                yield (field.name, *below)

    def inside(self, of: TypeExpr) -> Iterator[tuple[str, ...]]:
        """Those inside a type."""
        resolved = resolve(of, self._interface.types)
        match resolved and resolved.base:
            case ListOf(inner) | MapOf(_, inner):
                yield from self.inside(inner)
            case Named(name) if name not in self._seen:
                self._seen.add(name)
                yield from self._named(name)
            case _:
                pass

    def _named(self, name: str) -> Iterator[tuple[str, ...]]:
        definition = self._interface.types[name]
        match definition:
            case Struct():
                now = definition.version or self._interface.version
                fields = all_fields(definition, self._interface.types).values()
                yield from self.among(each for each in fields if exists(each.dated, now))
            case Enum():
                for value, member in definition.members.items():
                    if self._is_dated_member(member.dated):
                        yield (value,)
            case Union():
                for tag, choice in definition.members.items():
                    if not is_spoken(choice.dated, self._interface):
                        continue
                    if self._is_dated_member(choice.dated):
                        yield (tag,)
                    for below in self.inside(choice.type):
                        yield (tag, *below)
            case _:
                pass

    def _is_dated_member(self, dated: Dated) -> bool:
        return bool(dated.since or dated.until) and is_spoken(dated, self._interface)


def changes(interface: Interface) -> list[Version]:
    """Every version that is still spoken and at which something changed, or a major began, ascending."""
    spoken_ = {version.major: version for version in spoken(interface)}
    found = {Version(major, 0) for major in spoken_}
    for method in interface.methods.values():
        found |= set(_of_method(method))
    for error in interface.errors.values():
        found |= set(_of_fields(error.fields.values()))
    for definition in interface.types.values():
        match definition:
            case Struct(version=None):
                found |= set(_of_fields(definition.fields.values()))
            case Enum() | Union():
                members: Iterable[EnumMember | UnionMember] = definition.members.values()
                found |= {*definition.open_since}
                found |= {bound for each in members for bound in _bounds(each.dated)}
            case _:
                pass
    found |= {*interface.target.topic.since}
    return sorted(v for v in found if v.major in spoken_ and v <= spoken_[v.major])


def _of_method(method: Method) -> Iterator[Version]:
    yield from _bounds(method.dated)
    yield from method.was
    yield from method.topic.since if method.topic else ()
    yield from _of_fields(method.args.values())
    for dated in (*(r.dated for r in method.routes), *(r.dated for r in method.raises)):
        yield from _bounds(dated)
    for form in method.was.values():
        yield from _of_fields((form.args or {}).values())


def _of_fields(fields: Iterable[Field]) -> Iterator[Version]:
    for field in fields:
        yield from (*_bounds(field.dated), *field.was, *field.was_type)


def _bounds(dated: Dated) -> tuple[Version, ...]:
    return (*dated.since, *dated.until)
