"""Whether a version has a place for a payload, as far as its file says: a client that refuses one needs a reason.

Errs on the side of the client: whatever changed its type, or may be absent, is reason enough.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

from rpcgen.idl.model import (
    Enum,
    Field,
    Interface,
    ListOf,
    MapOf,
    Method,
    Named,
    Route,
    Struct,
    TypeExpr,
    Union,
)
from rpcgen.idl.resolve import all_fields, resolve
from rpcgen.idl.timeline import exists, form_at
from rpcgen.idl.version import Version


def is_sayable(
    interface: Interface, method: Method, route: Route, plain: Mapping[str, Any], at: Version
) -> bool:
    """Whether messages of a version can hold a method, sent like this, with these arguments."""
    if not exists(method.dated, at) or not exists(route.dated, at):
        return False
    form = form_at(method, at)
    if form is not None and (form.routes is not None or form.args is not None):
        return False
    return _Sayable(interface, at).fields(plain, method.args.values())


class _Sayable:
    """Questions about one version."""

    def __init__(self, interface: Interface, at: Version) -> None:
        self._interface = interface
        self._at = at

    def fields(self, plain: Mapping[str, Any], fields: Iterable[Field]) -> bool:
        return all(self._field(plain[each.name], each) for each in fields if each.name in plain)

    def _field(self, value: Any, field: Field) -> bool:
        if not exists(field.dated, self._at):
            return field.older == "drop"
        if any(until > self._at for until in field.was_type):
            return False
        return self.value(value, field.type)

    def value(self, value: Any, of: TypeExpr) -> bool:
        """Whether a value has a place."""
        resolved = resolve(of, self._interface.types)
        if resolved is None or value is None:
            return True
        match resolved.base:
            case ListOf(item):
                return all(self.value(each, item) for each in cast("list[Any]", value))
            case MapOf(_, item):
                return all(
                    self.value(each, item) for each in cast("dict[str, Any]", value).values()
                )
            case Named(name):
                return self._named(value, self._interface.types[name])
            case _:
                return True

    def _named(self, value: Any, definition: object) -> bool:
        match definition:
            case Struct(version=None):
                return self.fields(value, all_fields(definition, self._interface.types).values())
            case Enum():
                member = definition.members.get(value)
                return member is not None and exists(member.dated, self._at)
            case Union():
                ((tag, inner),) = value.items()
                member_ = definition.members.get(tag)
                return (
                    member_ is not None
                    and exists(member_.dated, self._at)
                    and self.value(inner, member_.type)
                )
            case _:
                return True
