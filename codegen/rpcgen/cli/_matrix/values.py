"""Values of generated types: with what is required only, with everything, or with one chosen part more.

Deterministic: the same types give the same values. Every value differs from its neighbours, so that a mix-up shows.
Knows which parts are newer from the generated descriptor, and nothing of pins or servers.
"""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from math import inf
from typing import Any, cast
from uuid import UUID

import msgspec
from msgspec import inspect
from rpcgen.cli._matrix.texts import Unmakeable, text_like
from rpcgen.runtime import Opaque
from rpcgen.runtime.core.dates import has_ended
from rpcgen.runtime.core.nodes import is_needed
from rpcgen.runtime.values import TaggedUnion

#: Names of fields, values of enums and tags of unions that lead to a part; () is the part itself.
Way = tuple[str, ...]

_EPOCH = dt.datetime(2024, 1, 1, tzinfo=dt.UTC)
_TEXT = 12
_SPAN = 90


class Values:
    """Makes the values of one payload.

    Args:
        table: the generated descriptor of the interface.
        full: set everything that can be set.
    """

    def __init__(self, table: Any, *, full: bool) -> None:
        self._table = table
        self._full = full
        self._made = 0
        self._inside: list[type] = []

    def of(self, type_: Any, way: Way | None = None) -> Any:
        """A value of a type expression of the descriptor; `way` leads to the one part that has to be set.

        Raises:
            Unmakeable: a pattern, or a bound, is beyond us.
        """
        return self._value(inspect.type_info(type_), way, msgspec.NODEFAULT)

    def fields(self, struct: type, way: Way | None = None) -> dict[str, Any]:
        """The fields of a struct that are set, by their names in Python."""
        node = inspect.type_info(struct)
        assert isinstance(node, inspect.StructType)
        return self._fields(node, way)

    def _value(self, node: inspect.Type, way: Way | None, unlike: Any) -> Any:
        match node:
            case inspect.Metadata():
                return self._annotated(node, way, unlike)
            case inspect.UnionType():
                return self._nullable(node, way, unlike)
            case inspect.ListType() | inspect.DictType():
                return self._collection(node, way, {})
            case inspect.EnumType():
                return self._member(node.cls, way, unlike)
            case inspect.StructType():
                return self._struct(node, way)
            case inspect.CustomType():
                return Opaque(name=node.cls.__name__, version="1.0", data={"part": self._next()})
            case _:
                return self._scalar(node, {}, unlike)

    def _next(self) -> int:
        self._made += 1
        return self._made

    def _annotated(self, node: inspect.Metadata, way: Way | None, unlike: Any) -> Any:
        inner: inspect.Type = node.type
        extra: dict[str, Any] = cast("Any", node).extra or {}
        if isinstance(inner, (inspect.ListType, inspect.DictType)):
            return self._collection(inner, way, extra)
        if isinstance(inner, (inspect.IntType, inspect.FloatType, inspect.DecimalType)):
            return self._scalar(inner, extra, unlike)
        return self._value(inner, way, unlike)

    def _nullable(self, node: inspect.UnionType, way: Way | None, unlike: Any) -> Any:
        if way is None and not self._goes_on(node):
            return None
        parts = [part for part in node.types if not isinstance(part, inspect.NoneType)]
        return self._value(parts[0], way, unlike)

    def _goes_on(self, node: inspect.Type) -> bool:
        """Whether to set what may be left out; a struct inside itself ends."""
        if not self._full:
            return False
        match node:
            case inspect.Metadata(type=inner):
                return self._goes_on(inner)
            case inspect.ListType(item_type=inner) | inspect.DictType(value_type=inner):
                return self._goes_on(inner)
            case inspect.UnionType(types=types):
                return all(self._goes_on(each) for each in types)
            case inspect.StructType(cls=cls):
                return cls not in self._inside
            case _:
                return True

    # --- scalars --------------------------------------------------------------------------------------------------

    def _scalar(self, node: inspect.Type, extra: dict[str, Any], unlike: Any) -> Any:
        number = self._next()
        match node:
            case inspect.BoolType():
                return not unlike if isinstance(unlike, bool) else True
            case inspect.IntType():
                return self._number(_low(node.ge, node.gt, extra), _high(node.le, node.lt, extra))
            case inspect.FloatType():
                whole = self._number(_low(node.ge, node.gt, {}), _high(node.le, node.lt, {}))
                half = whole + 0.5 if self._full else float(whole)
                return half if node.le is None or half <= node.le else float(whole)
            case inspect.DecimalType():
                return Decimal(self._number(_low(None, None, extra), _high(None, None, extra)))
            case inspect.StrType():
                return self._text(node)
            case inspect.BytesType():
                size = max(node.min_length or 0, min(4, node.max_length or 4))
                return bytes((number + at) % 256 for at in range(size))
            case inspect.UUIDType():
                return UUID(int=number)
            case inspect.DateTimeType():
                return _EPOCH + dt.timedelta(seconds=number)
            case inspect.DateType():
                return _EPOCH.date() + dt.timedelta(days=number)
            case inspect.TimeDeltaType():
                return dt.timedelta(seconds=number)
            case inspect.AnyType():
                return {"part": number}
            case inspect.NoneType():
                return None
            case _:
                raise Unmakeable(f"no value is known of {type(node).__name__}")

    def _number(self, low: int | None, high: int | None) -> int:
        """A small number, inside bounds, that is not 0 where that can be."""
        if low is None:
            low = 1 if high is None or high >= 1 else high - _SPAN
        elif low <= 0 and (high is None or high >= 1):
            low = 1
        most = low + _SPAN if high is None else min(high, low + _SPAN)
        return low + self._made % (most - low + 1)

    def _text(self, node: inspect.StrType) -> str:
        low, high = node.min_length or 0, node.max_length
        if node.pattern is not None:
            return text_like(node.pattern, low, high, self._made)
        text = f"text {self._made}"[-(high if high is not None else _TEXT) :] if high != 0 else ""
        return text.rjust(low, "-")

    # --- what holds others ----------------------------------------------------------------------------------------

    def _collection(
        self, node: inspect.ListType | inspect.DictType, way: Way | None, extra: dict[str, Any]
    ) -> Any:
        inner = node.item_type if isinstance(node, inspect.ListType) else node.value_type
        wanted = 1 if way is not None or self._goes_on(inner) else 0
        size = max(node.min_length or 0, wanted)
        if node.max_length is not None:
            size = min(size, node.max_length)
        ways = [way or None, *[None] * size][:size]
        values = [self._value(inner, each, msgspec.NODEFAULT) for each in ways]
        if isinstance(node, inspect.DictType):
            keys = [self._value(node.key_type, None, msgspec.NODEFAULT) for _ in values]
            return dict(zip(keys, values, strict=True))
        if extra.get("unique") and any(values.count(value) > 1 for value in values):
            raise Unmakeable("a list of different values has more of them than their type")
        return values

    def _member(self, cls: Any, way: Way | None, unlike: Any) -> Any:
        if way:
            return cls(way[0])
        members = [each for each in cls if self._is_there(cls, each.value)] or list(cls)
        others = [each for each in members if each != unlike] or members
        if self._full:
            return others[-1]
        return min(others, key=lambda each: self._since(cls, each.value))

    def _struct(self, node: inspect.StructType, way: Way | None) -> Any:
        self._inside.append(node.cls)
        try:
            if issubclass(node.cls, TaggedUnion):
                return self._union(node, way)
            return node.cls(**self._fields(node, way))
        finally:
            self._inside.pop()

    def _fields(self, node: inspect.StructType, way: Way | None) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for field in node.fields:
            rest = way[1:] if way and way[0] == field.encode_name else None
            if rest is not None or _is_required(field) or self._goes_on(field.type):
                of = _member_type(field) if is_needed(field) else field.type
                found[field.name] = self._value(of, rest, field.default)
        return found

    def _union(self, node: inspect.StructType, way: Way | None) -> Any:
        """A union is a struct of which exactly one field is set; the one without a name is for unknown members."""
        tags = {field.encode_name: field for field in node.fields if field.encode_name}
        there = [each for each in tags if self._is_there(node.cls, each)] or list(tags)
        if way:
            tag = way[0]
        elif self._inside.count(node.cls) > 1:
            tag = min(there, key=lambda each: _height(_member_type(tags[each]), ()))
        elif self._full:
            tag = there[-1]
        else:
            tag = min(there, key=lambda each: self._since(node.cls, each))
        member = _member_type(tags[tag])
        value = self._value(member, way[1:] if way else None, msgspec.NODEFAULT)
        return node.cls(**{tags[tag].name: value})

    # --- dates ----------------------------------------------------------------------------------------------------

    def _part(self, cls: type, name: str) -> Any:
        return self._table.parts.get(cls, {}).get(name)

    def _is_there(self, cls: type, name: str) -> bool:
        part = self._part(cls, name)
        return part is None or not has_ended(part.until, self._table.version)

    def _since(self, cls: type, name: str) -> tuple[int, int]:
        part = self._part(cls, name)
        return (0, 0) if part is None or not part.since else part.since[0]


def _height(node: inspect.Type, above: tuple[type, ...]) -> float:
    """How deep the smallest value of a type is; infinite if it holds itself."""
    match node:
        case inspect.Metadata(type=inner):
            return _height(inner, above)
        case inspect.UnionType(types=types):
            return min(_height(each, above) for each in types)
        case inspect.ListType(item_type=inner, min_length=least):
            return _height(inner, above) if least else 0
        case inspect.DictType(value_type=inner, min_length=least):
            return _height(inner, above) if least else 0
        case inspect.StructType(cls=cls) if cls in above:
            return inf
        case inspect.StructType(cls=cls, fields=fields):
            return 1 + _fields_height(cls, fields, (*above, cls))
        case _:
            return 0


def _fields_height(cls: type, fields: tuple[inspect.Field, ...], above: tuple[type, ...]) -> float:
    if issubclass(cls, TaggedUnion):
        tags = (field for field in fields if field.encode_name)
        return min(_height(_member_type(field), above) for field in tags)
    return max(
        (_height(_member_type(each), above) for each in fields if _is_required(each)), default=0
    )


def _is_required(field: inspect.Field) -> bool:
    """Whether requests must hold it."""
    return field.required or is_needed(field)


def _member_type(field: inspect.Field) -> inspect.Type:
    """The type of what is never None, although as a field it may be: a union's member, what requests must hold."""
    of = field.type
    if is_needed(field) and isinstance(of, inspect.Metadata):
        of = of.type
    if field.required or not isinstance(of, inspect.UnionType):
        return of
    return next(each for each in of.types if not isinstance(each, inspect.NoneType))


def _low(at_least: float | None, above: float | None, extra: dict[str, Any]) -> int | None:
    found = [int(-(-at_least // 1))] if at_least is not None else []
    found += [int(above // 1) + 1] if above is not None else []
    found += [int(-(-Decimal(extra["min"]) // 1))] if "min" in extra else []
    return max(found, default=None)


def _high(at_most: float | None, below: float | None, extra: dict[str, Any]) -> int | None:
    found = [int(at_most // 1)] if at_most is not None else []
    found += [int(-(-below // 1)) - 1] if below is not None else []
    found += [int(Decimal(extra["max"]) // 1)] if "max" in extra else []
    return min(found, default=None)
