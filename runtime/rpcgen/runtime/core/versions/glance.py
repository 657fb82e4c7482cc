"""The version of a message, found in its typed arguments (LANGUAGE V1, V7): the path of a client without a pin.

Nothing is decoded or changed: newer fields that hold their default are left out by the encoder. Where more has to be
done (a newer field that is set to an empty value, a type that was another one), the answer is that a closer look is
needed, which `lower.py` takes.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import NODEFAULT, UNSET, inspect
from rpcgen.runtime.core.nodes import below, keeps_absent
from rpcgen.runtime.core.versions.parts import (
    ALWAYS,
    gone_matters,
    is_there,
    name_at,
    since_minor,
    type_at,
    types_before,
)
from rpcgen.runtime.descriptor import Interface, Version
from rpcgen.runtime.values import TaggedUnion, is_open_union

#: The answer of a glance that has to be followed by a closer look.
LOOK_CLOSER = 2**31

#: The lowest minor that can hold a typed value, or LOOK_CLOSER.
Glance = Callable[[Any], int]


class Glances:
    """Builds glances for messages of one version."""

    def __init__(self, interface: Interface, at: Version) -> None:
        self._interface = interface
        self._at = at
        self._made: dict[type, Glance] = {}

    def of(self, node: inspect.Type) -> Glance | None:
        """The glance at values of a type; None: any version holds them."""
        match node:
            case inspect.Metadata():
                return self.of(node.type)
            case inspect.UnionType():
                parts = (part for part in node.types if not isinstance(part, inspect.NoneType))
                inner = next((glance for part in parts if (glance := self.of(part))), None)
                return inner and _nullable(inner)
            case inspect.ListType():
                item = self.of(node.item_type)
                return item and _highest(item)
            case inspect.DictType():
                value = self.of(node.value_type)
                return value and _highest_value(value)
            case inspect.EnumType():
                return self._enum(node.cls)
            case inspect.StructType():
                return self._struct(node)
            case _:
                return None

    def _enum(self, cls: type) -> Glance | None:
        if cls in self._interface.opened:
            return _closer
        parts = self._interface.parts.get(cls, {})
        if not all(is_there(part, self._at) for part in parts.values()):
            return _closer
        minors = {name: since_minor(part, self._at) for name, part in parts.items()}
        minors = {name: minor for name, minor in minors.items() if minor}
        return (lambda value: minors.get(value, 0)) if minors else None

    def _struct(self, node: inspect.StructType) -> Glance | None:
        cls = node.cls
        if cls not in self._made:
            if not any(self._dated(part) for part in below(node)):
                return None

            def forward(value: Any) -> int:
                return made(value)  # a recursive type finds this while its own glance is being made

            self._made[cls] = forward
            made = self._fields(node)
            self._made[cls] = made
        return self._made[cls]

    def _dated(self, node: inspect.Type) -> bool:
        if not isinstance(node, (inspect.StructType, inspect.EnumType)):
            return False
        cls, it = node.cls, self._interface
        return is_open_union(cls) or any(
            cls in table for table in (it.parts, it.gone, it.opened, it.clocks)
        )

    def _fields(self, node: inspect.StructType) -> Glance:
        cls, it = node.cls, self._interface
        parts = it.parts.get(cls, {})
        gone = any(gone_matters(each, self._at) for each in it.gone.get(cls, ()))
        if gone or issubclass(cls, TaggedUnion) or cls in it.clocks:
            return _closer
        least, plain, rows = 0, list[_Plain](), list[Glance]()
        for field in node.fields:
            part = parts.get(field.encode_name, ALWAYS)
            retyped = types_before(part, self._at) or type_at(part, self._at)
            name = field.encode_name
            if retyped or not is_there(part, self._at) or name_at(part, name, self._at) != name:
                return _closer
            inner, minor = self.of(field.type), since_minor(part, self._at)
            if keeps_absent(field):
                if minor or inner is not None:
                    rows.append(_explicit(field.name, minor, inner))
            elif not part.since or part.always:
                least = max(least, minor)
                if inner is not None:
                    rows.append(_older(field.name, inner))
            elif inner is None and not field.default and field.default_factory is NODEFAULT:
                plain.append((field.name, minor, field.default))
            else:
                rows.append(_newer(field, minor, inner))
        return _all(least, plain, rows)


#: A newer field with a default such as None, False or 0: its name, its minor, its default.
_Plain = tuple[str, int, Any]


def _closer(value: Any) -> int:
    return LOOK_CLOSER


def _newer(field: inspect.Field, minor: int, inner: Glance | None) -> Glance:
    """A field that travels only if it is set."""
    name, default = field.name, field.default
    empties: tuple[Any, ...] = ()
    if field.default_factory is not NODEFAULT:
        default = field.default_factory()
        empties = (default,) if default in ([], {}) else ()

    def glance(value: Any) -> int:
        item = getattr(value, name)
        # The encoder leaves out the default itself, and empty lists and maps, but not what is only equal to it.
        if item is default or item in empties:
            return 0
        if type(item) is type(default) and item == default:
            return LOOK_CLOSER
        if item is None or item in _EMPTY:
            return LOOK_CLOSER
        if inner is None:
            return minor
        found = inner(item)
        return found if found > minor else minor

    return glance


def _explicit(name: str, minor: int, inner: Glance | None) -> Glance:
    """A field that keeps absent apart: whatever is there travels."""

    def glance(value: Any) -> int:
        item = getattr(value, name)
        if item is UNSET:
            return 0
        found = 0 if inner is None else inner(item)
        return found if found > minor else minor

    return glance


def _older(name: str, inner: Glance) -> Glance:
    return lambda value: inner(getattr(value, name))


def _all(least: int, plain: list[_Plain], rows: list[Glance]) -> Glance:
    if not rows and not plain:
        return lambda value: least

    def glance(value: Any) -> int:
        highest = least
        for name, minor, default in plain:
            item = getattr(value, name)
            if item or item is not default:
                if not item and (item is None or item in _EMPTY or item == default):
                    return LOOK_CLOSER
                if minor > highest:
                    highest = minor
        for row in rows:
            found = row(value)
            if found > highest:
                highest = found
        return highest

    return glance


_EMPTY: tuple[Any, ...] = ("", [], {})


def _nullable(inner: Glance) -> Glance:
    return lambda value: 0 if value is None else inner(value)


def _highest(item: Glance) -> Glance:
    return lambda value: max(map(item, value), default=0)


def _highest_value(item: Glance) -> Glance:
    return lambda value: max(map(item, value.values()), default=0)
