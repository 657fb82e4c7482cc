"""Constraints: whether they suit their type, and whether a value keeps to them."""

from __future__ import annotations

import base64
import decimal
import json
import re
from collections.abc import Callable

from rpcgen.idl.model import Constraints, ListOf, MapOf, Named, Scalar, TypeExpr, Value
from rpcgen.idl.position import Position
from rpcgen.idl.regex import spelling
from rpcgen.idl.report import Report
from rpcgen.idl.resolve import Types, resolve
from rpcgen.idl.typetext import type_text

_NUMBERS = frozenset({"int", "float", "decimal"})
_SIZED = frozenset({"string", "bytes"})

Base = Scalar | ListOf | MapOf | Named


def _is_number(base: Base) -> bool:
    return isinstance(base, Scalar) and base.name in _NUMBERS


def _has_size(base: Base) -> bool:
    return isinstance(base, ListOf | MapOf) or (isinstance(base, Scalar) and base.name in _SIZED)


def _is_string(base: Base) -> bool:
    return base == Scalar("string")


def _is_list(base: Base) -> bool:
    return isinstance(base, ListOf)


#: Which types each constraint is for, in words and as a test.
_SUITS: dict[str, tuple[str, Callable[[Base], bool]]] = {
    "min": ("int, float and decimal", _is_number),
    "max": ("int, float and decimal", _is_number),
    "size": ("string, bytes, lists and maps", _has_size),
    "pattern": ("string", _is_string),
    "unique": ("lists", _is_list),
}


def check_suits(
    type_: TypeExpr,
    limits: Constraints,
    places: dict[str, Position],
    types: Types,
    report: Report,
) -> None:
    """Report constraints that mean nothing for their type."""
    resolved = resolve(type_, types)
    if resolved is None:
        return
    for key, at in places.items():
        suited, test = _SUITS[key]
        if not test(resolved.base):
            report.error(
                "constraint-type", f"`{key}` is for {suited}, not for {type_text(type_)}", at
            )
    if resolved.base == Scalar("int"):
        for key, bound in (("min", limits.min), ("max", limits.max)):
            if isinstance(bound, float) and not bound.is_integer():
                message = f"`{key}` of {type_text(type_)} is {bound}, expected a whole number"
                report.error("bad-number", message, places[key])


def violation(value: Value, limits: Constraints, base: Base) -> str:
    """Say what is wrong with a value, or nothing."""
    if isinstance(base, Scalar) and base.name in _NUMBERS and not isinstance(value, bool):
        return _range_violation(value, limits)
    length = _length(value, base)
    if length is not None:
        if limits.min_size is not None and length < limits.min_size:
            return f"the size {length} is less than {limits.min_size}"
        if limits.max_size is not None and length > limits.max_size:
            return f"the size {length} is greater than {limits.max_size}"
    if (
        limits.pattern is not None
        and isinstance(value, str)
        and not re.search(spelling.exact(limits.pattern), value)
    ):
        return f'"{value[:80]}" does not match the pattern {limits.pattern}'
    if limits.unique and isinstance(value, list):
        texts = [json.dumps(item, sort_keys=True) for item in value]
        if len(set(texts)) != len(texts):
            return "an item occurs twice"
    return ""


def _range_violation(value: Value, limits: Constraints) -> str:
    if not isinstance(value, int | float | str):
        return ""
    number = decimal.Decimal(str(value))
    if limits.min is not None and number < decimal.Decimal(str(limits.min)):
        return f"{value} is less than {limits.min}"
    if limits.max is not None and number > decimal.Decimal(str(limits.max)):
        return f"{value} is greater than {limits.max}"
    return ""


def _length(value: Value, base: Base) -> int | None:
    if isinstance(value, list | dict):
        return len(value) if isinstance(base, ListOf | MapOf) else None
    if isinstance(value, str) and isinstance(base, Scalar):
        if base.name == "bytes":
            return len(base64.b64decode(value))
        return len(value) if base.name == "string" else None
    return None
