"""`min max size pattern unique`, each on its own terms; whether they suit the type is checked later."""

from __future__ import annotations

import math
import re
from decimal import Decimal

from rpcgen.idl.model import NO_CONSTRAINTS, Constraints, TypeExpr
from rpcgen.idl.position import Position
from rpcgen.idl.read.scope import PendingConstraints, Scope, flag_at, text_at
from rpcgen.idl.yamltext.nodes import Mapping, Text

_KEYS = ("min", "max", "size", "pattern", "unique")
_INT = re.compile(r"-?(?:0|[1-9][0-9]{0,30})", re.ASCII)
_FLOAT = re.compile(r"-?(?:0|[1-9][0-9]{0,30})(?:\.[0-9]{1,30})?(?:[eE][+-]?[0-9]{1,3})?", re.ASCII)
_SIZE = re.compile(r"([0-9]{1,10})|([0-9]{1,10})?\.\.([0-9]{1,10})?", re.ASCII)


def read_constraints(node: Mapping, type_: TypeExpr | None, scope: Scope) -> Constraints:
    """Read the constraints of a long form."""
    entries = node.entries
    if not any(key in entries for key in _KEYS):
        return NO_CONSTRAINTS
    minimum, maximum = _number(node, "min", scope), _number(node, "max", scope)
    if minimum is not None and maximum is not None and minimum > maximum:
        _empty_range(f"min {minimum} is greater than max {maximum}", entries["max"].value.at, scope)
    low, high = _size(node, scope)
    pattern = text_at(node, "pattern")
    constraints = Constraints(
        minimum,
        maximum,
        low,
        high,
        pattern.value
        if pattern is not None and scope.pending.patterns.check(pattern, scope.report)
        else None,
        flag_at(node, "unique") or False,
    )
    if type_ is not None:
        places = {key: entries[key].key.at for key in _KEYS if key in entries}
        scope.pending.constraints.append(PendingConstraints(type_, constraints, places))
    return constraints


def read_number(text: str) -> int | float | None:
    """Read a finite number, whole ones as int; none that would lose digits."""
    if _INT.fullmatch(text):
        return int(text)
    if not _FLOAT.fullmatch(text) or not math.isfinite(number := float(text)):
        return None
    return number if Decimal(text) == Decimal(str(number)) else None


def _number(node: Mapping, key: str, scope: Scope) -> int | float | None:
    text = text_at(node, key)
    if text is None:
        return None
    value = read_number(text.value) if text.plain else None
    if value is None:
        expected = "expected a number" if text.plain else "expected a number without quotes"
        hint = "whole numbers have up to 31 digits, others up to 15"
        scope.report.error(
            "bad-number", f'{expected}, found "{text.value[:80]}"', text.at, hint=hint
        )
    return value


def _size(node: Mapping, scope: Scope) -> tuple[int | None, int | None]:
    value = node.get("size")
    low: int | None
    high: int | None
    if isinstance(value, Mapping):
        low, high = _length(value, "min", scope), _length(value, "max", scope)
    elif isinstance(value, Text):
        match = _SIZE.fullmatch(value.value)
        if match is None or value.value == "..":
            scope.report.error(
                "bad-size",
                f'"{value.value[:80]}" is no length',
                value.at,
                hint="write a number, a range such as 1..64, 1.. or ..64, or {min: 1, max: 64}",
            )
            return None, None
        low = int(match[1] or match[2]) if match[1] or match[2] else None
        high = int(match[1] or match[3]) if match[1] or match[3] else None
    else:
        return None, None
    if low is not None and high is not None and low > high:
        _empty_range(f"the least size {low} is greater than the greatest {high}", value.at, scope)
    return low, high


def _length(node: Mapping, key: str, scope: Scope) -> int | None:
    number = _number(node, key, scope)
    if number is None:
        return None
    if not isinstance(number, int) or number < 0:
        at = node.entries[key].value.at
        scope.report.error(
            "bad-size", f"{number} is no length", at, hint="a length is a whole number from 0"
        )
        return None
    return number


def _empty_range(message: str, at: Position, scope: Scope) -> None:
    scope.report.error("empty-range", message, at)
