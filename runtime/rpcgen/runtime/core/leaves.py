"""Reading values that hold no others: numbers, texts, times and the like. Part of `walk.py`."""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import inspect
from rpcgen.runtime.core.words import (
    Path,
    describe,
    mistyped,
    out_of_bounds,
    path_text,
    pattern_text,
)
from rpcgen.runtime.errors import MistypedArgument

if TYPE_CHECKING:
    from rpcgen.runtime.core.walk import Walk


def _bool(walk: Walk, node: inspect.BoolType, value: Any, path: Path) -> Any:
    if not isinstance(value, bool):
        raise mistyped(path, "bool", value)
    return value


def _int(walk: Walk, node: inspect.IntType, value: Any, path: Path) -> Any:
    if not isinstance(value, int) or isinstance(value, bool):
        raise mistyped(path, describe(node), value)
    _check_range(walk, node, value, path)
    return value


def _float(walk: Walk, node: inspect.FloatType, value: Any, path: Path) -> Any:
    if not isinstance(value, (int, float)) or isinstance(value, bool):
        raise mistyped(path, describe(node), value)
    _check_range(walk, node, value, path)
    return float(value)


def _str(walk: Walk, node: inspect.StrType, value: Any, path: Path) -> Any:
    if not isinstance(value, str):
        raise mistyped(path, describe(node), value)
    check_size(walk, node, value, path, "characters")
    if walk.strict and node.pattern is not None and not re.search(node.pattern, value):
        raise out_of_bounds(path, f"text that matches {pattern_text(node.pattern)}")
    return value


def _bytes(walk: Walk, node: inspect.BytesType, value: Any, path: Path) -> Any:
    result = _convert(walk, bytes, value, path)
    check_size(walk, node, result, path, "bytes")
    return result


def _enum(walk: Walk, node: inspect.EnumType, value: Any, path: Path) -> Any:
    if not isinstance(value, str):
        raise mistyped(path, describe(node), value)
    try:
        return node.cls(value)
    except ValueError:
        raise out_of_bounds(path, describe(node)) from None


def _datetime(walk: Walk, node: inspect.DateTimeType, value: Any, path: Path) -> Any:
    result: datetime.datetime = _convert(walk, datetime.datetime, value, path)
    if walk.strict and node.tz and result.tzinfo is None:
        raise out_of_bounds(path, "a datetime with a time zone")
    return result


def _none(walk: Walk, node: inspect.NoneType, value: Any, path: Path) -> Any:
    if value is not None and walk.strict:
        raise mistyped(path, "null", value)


def _any(walk: Walk, node: inspect.AnyType, value: Any, path: Path) -> Any:
    return value


#: Types that travel as text.
_TEXTS: Mapping[type, type[Any]] = {
    inspect.UUIDType: uuid.UUID,
    inspect.DateType: datetime.date,
    inspect.TimeDeltaType: datetime.timedelta,
    inspect.DecimalType: Decimal,
}


def _text(walk: Walk, node: inspect.Type, value: Any, path: Path) -> Any:
    return _convert(walk, _TEXTS[type(node)], value, path)


READERS: Mapping[type, Callable[[Walk, Any, Any, Path], Any]] = {
    inspect.BoolType: _bool,
    inspect.IntType: _int,
    inspect.FloatType: _float,
    inspect.StrType: _str,
    inspect.BytesType: _bytes,
    inspect.EnumType: _enum,
    inspect.DateTimeType: _datetime,
    inspect.NoneType: _none,
    inspect.AnyType: _any,
    **dict.fromkeys(_TEXTS, _text),
}


def _convert(walk: Walk, cls: type[Any], value: Any, path: Path) -> Any:
    try:
        result: Any = msgspec.convert(value, cls, builtin_types=walk.codec.native)
    except (msgspec.ValidationError, ValueError, OverflowError):
        raise mistyped(path, cls.__name__, value) from None
    return result


def _check_range(
    walk: Walk, node: inspect.IntType | inspect.FloatType, value: float, path: Path
) -> None:
    if walk.strict and not (
        (node.ge is None or value >= node.ge)
        and (node.gt is None or value > node.gt)
        and (node.le is None or value <= node.le)
        and (node.lt is None or value < node.lt)
    ):
        raise out_of_bounds(path, describe(node))


def check_size(
    walk: Walk,
    node: inspect.StrType | inspect.BytesType | inspect.ListType | inspect.DictType,
    value: Any,
    path: Path,
    unit: str,
) -> None:
    """Enforce bounds of a length, in strict reading."""
    least, most = node.min_length or 0, node.max_length
    if walk.strict and (len(value) < least or (most is not None and len(value) > most)):
        bounds = f"{least} to {most}" if most is not None else f"at least {least}"
        raise MistypedArgument(
            f"argument {path_text(path)!r} has {len(value)} {unit}, expected {bounds}",
            path=path_text(path),
        )
