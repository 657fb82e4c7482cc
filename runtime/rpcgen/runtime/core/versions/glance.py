"""The version of a message, found in its typed arguments (LANGUAGE V1, V7): the path of a client without a pin.

Nothing is decoded or changed: newer fields that hold their default are left out by the encoder. Where more has to be
done (a newer field that is set to an empty value, a type that was another one), the answer is that a closer look is
needed, which `lower.py` takes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from operator import attrgetter
from typing import Any

from msgspec import NODEFAULT, UNSET, Struct, inspect
from rpcgen.runtime.core.dates import LOOK_CLOSER
from rpcgen.runtime.core.nodes import below, is_open_union, keeps_absent
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
from rpcgen.runtime.values import TaggedUnion

#: From a typed value, and the highest minor that was found elsewhere in the message, to the highest with this value.
Look = Callable[[Any, int], int]


class Glance(Struct, frozen=True):
    """A look at values of one type.

    Attributes:
        look: finds a minor, or LOOK_CLOSER.
        ceiling: the highest that it can find: once that is reached, there is nothing to look for.
        is_set: whether a value needs no look once the minor `top` was found; None: nothing tells.
    """

    look: Look
    ceiling: int
    is_set: Callable[[Any], object] | None = None
    top: int = 0

    def __call__(self, value: Any) -> int:
        """The lowest minor that can hold a typed value, or LOOK_CLOSER."""
        return self.look(value, 0)


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
                return item and _each(item, list)
            case inspect.DictType():
                value = self.of(node.value_type)
                return value and _each(value, dict[Any, Any].values)
            case inspect.EnumType():
                return self._enum(node.cls)
            case inspect.StructType():
                return self._struct(node)
            case _:
                return None

    def _enum(self, cls: type) -> Glance | None:
        if cls in self._interface.opened:
            return _CLOSER
        parts = self._interface.parts.get(cls, {})
        if not all(is_there(part, self._at) for part in parts.values()):
            return _CLOSER
        minors = {name: since_minor(part, self._at) for name, part in parts.items()}
        minors = {name: minor for name, minor in minors.items() if minor}
        return _value(minors) if minors else None

    def _struct(self, node: inspect.StructType) -> Glance | None:
        cls = node.cls
        if cls not in self._made:
            if not any(self._dated(part) for part in below(node)):
                return None

            def forward(value: Any, highest: int) -> int:
                # a recursive type finds this while its own glance is being made
                return made.look(value, highest)

            self._made[cls] = Glance(forward, LOOK_CLOSER)
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
            return _CLOSER
        least, plain, rows = 0, list[_Plain](), list[_Row]()
        for field in node.fields:
            part = parts.get(field.encode_name, ALWAYS)
            retyped = types_before(part, self._at) or type_at(part, self._at)
            name = field.encode_name
            if retyped or not is_there(part, self._at) or name_at(part, name, self._at) != name:
                return _CLOSER
            inner, minor = self.of(field.type), since_minor(part, self._at)
            if keeps_absent(field):
                if minor or inner is not None:
                    ceiling = max(minor, 0 if inner is None else inner.ceiling)
                    rows.append((field.name, _explicit(minor, inner), ceiling))
            elif not part.since or part.always:
                least = max(least, minor)
                if inner is not None:
                    rows.append((field.name, inner.look, inner.ceiling))
            elif inner is None and not field.default and field.default_factory is NODEFAULT:
                plain.append((field.name, minor, field.default, _is_plain(field)))
            else:
                newer = _newer(field, minor, inner)
                rows.append((field.name, newer, LOOK_CLOSER))
        return _all(least, plain, rows)


#: A newer field with a default such as None, False or 0: its name, its minor, its default, and whether its value is the
#: default, or set, and nothing in between.
_Plain = tuple[str, int, Any, bool]
#: Any other field: its name, the look at its value, the ceiling of that.
_Row = tuple[str, Look, int]

_CLOSER = Glance(lambda value, highest: LOOK_CLOSER, LOOK_CLOSER)
_EMPTY: tuple[Any, ...] = ("", [], {})


def _is_plain(field: inspect.Field) -> bool:
    """Whether values of a type are never empty, and never equal to a falsy default without being it."""
    node = field.type
    parts = node.types if isinstance(node, inspect.UnionType) else (node,)
    kinds = (inspect.BoolType, inspect.IntType, inspect.NoneType)
    return all(isinstance(part, kinds) for part in parts)


def _value(minors: dict[Any, int]) -> Glance:
    def look(value: Any, highest: int) -> int:
        minor = minors.get(value, 0)
        return minor if minor > highest else highest

    return Glance(look, max(minors.values()))


def _explicit(minor: int, inner: Glance | None) -> Look:
    """A field that keeps absent apart: whatever is there travels."""

    def look(item: Any, highest: int) -> int:
        if item is UNSET:
            return highest
        if minor > highest:
            highest = minor
        return highest if inner is None else inner.look(item, highest)

    return look


def _newer(field: inspect.Field, minor: int, inner: Glance | None) -> Look:
    """A field that travels only if it is set."""
    default = field.default
    empties: tuple[Any, ...] = ()
    if field.default_factory is not NODEFAULT:
        default = field.default_factory()
        empties = (default,) if field.default_factory in (list, dict) else ()

    falsy = not default

    def look(item: Any, highest: int) -> int:
        if not (item and falsy):  # else it is certainly set
            # The encoder leaves out the default itself, and empty lists and maps, but not what is only equal to it.
            if item is default or (not item and item in empties):
                return highest
            if type(item) is type(default) and item == default:
                return LOOK_CLOSER
            if not item and (item is None or item in _EMPTY):
                return LOOK_CLOSER
        if minor > highest:
            highest = minor
        return highest if inner is None else inner.look(item, highest)

    return look


def _all(least: int, plain: list[_Plain], rows: list[_Row]) -> Glance:
    # What is reached first may spare looking at the rest.
    plain = sorted(plain, key=lambda each: -each[1])
    rows = sorted(rows, key=lambda each: -each[2])
    closer = any(not each[3] for each in plain)
    minors = [least, *(each[1] for each in plain), *(each[2] for each in rows)]
    top = max([least, *(each[1] for each in plain)])
    is_set = _are_set([name for name, _, _, is_plain in plain if not is_plain])

    def look(value: Any, highest: int) -> int:
        if least > highest:
            highest = least
        for name, minor, default, is_plain in () if highest >= top and is_set(value) else plain:
            if is_plain and minor <= highest:
                continue
            item = getattr(value, name)
            if item or item is not default:
                if not item and (item is None or item in _EMPTY or item == default):
                    return LOOK_CLOSER
                if minor > highest:
                    highest = minor
        for name, inner, ceiling in rows:
            if ceiling > highest:
                highest = inner(getattr(value, name), highest)
        return highest

    return Glance(look, LOOK_CLOSER if closer else max(minors), None if rows else is_set, top)


def _are_set(names: list[str]) -> Callable[[Any], object]:
    """Whether all of these attributes are neither empty nor a falsy default."""
    if not names:
        return lambda value: True
    get = attrgetter(*names)
    return get if len(names) == 1 else lambda value: all(get(value))


def _nullable(inner: Glance) -> Glance:
    look = inner.look
    return Glance(
        lambda value, highest: highest if value is None else look(value, highest), inner.ceiling
    )


def _each(item: Glance, items: Callable[[Any], Iterable[Any]]) -> Glance:
    inner, ceiling, is_set, top = item.look, item.ceiling, item.is_set, item.top

    def look(value: Any, highest: int) -> int:
        if is_set is not None and highest >= top and all(map(is_set, items(value))):
            return highest
        for each in items(value):
            if highest >= ceiling:
                break
            highest = inner(each, highest)
        return highest

    return Glance(look, ceiling)
