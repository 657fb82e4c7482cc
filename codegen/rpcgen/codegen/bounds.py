"""Bounds from several places, those of an alias and those where it is used, as bounds of one. Knows no text."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import fields

from rpcgen.idl.model import Constraints
from rpcgen.idl.regex import spelling

_BOUNDS = tuple(each.name for each in fields(Constraints))


def overlap(one: Constraints, other: Constraints) -> bool:
    """Whether both bound something in the same way, however far."""
    return any(_is_set(one, name) and _is_set(other, name) for name in _BOUNDS)


def _is_set(limits: Constraints, name: str) -> bool:
    value = getattr(limits, name)
    return value is not None and value is not False


def intersection(limits: Iterable[Constraints]) -> Constraints:
    """The bounds of values that keep to all of them."""
    limits = tuple(limits)
    patterns = [each.pattern for each in limits if each.pattern is not None]
    return Constraints(
        min=max((each.min for each in limits if each.min is not None), default=None),
        max=min((each.max for each in limits if each.max is not None), default=None),
        min_size=max((each.min_size for each in limits if each.min_size is not None), default=None),
        max_size=min((each.max_size for each in limits if each.max_size is not None), default=None),
        pattern=spelling.all_of(patterns) if patterns else None,
        unique=any(each.unique for each in limits),
    )
