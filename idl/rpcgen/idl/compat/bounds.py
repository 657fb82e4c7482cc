"""Bounds of a value, gathered from all that its type stands on, and compared. It knows no rule."""

from __future__ import annotations

from rpcgen.idl.model import NO_CONSTRAINTS, Constraints

Limits = tuple[Constraints, ...]

#: Of texts, lists and maps that are not empty.
_SET = Constraints(min_size=1)


def compare_bounds(old: Limits, new: Limits) -> tuple[bool, bool]:
    """Say whether some values became valid, and whether some ceased to be."""
    if not any(limit != NO_CONSTRAINTS for limit in (*old, *new)):
        return False, False
    lows = [(_low(old, key), _low(new, key)) for key in ("min", "min_size")]
    highs = [(_high(old, key), _high(new, key)) for key in ("max", "max_size")]
    loosened = any(one > two for one, two in lows) or any(one < two for one, two in highs)
    tightened = any(one < two for one, two in lows) or any(one > two for one, two in highs)
    old_patterns, new_patterns = _patterns(old), _patterns(new)
    loosened |= bool(old_patterns - new_patterns) or (_unique(old) and not _unique(new))
    tightened |= bool(new_patterns - old_patterns) or (_unique(new) and not _unique(old))
    return loosened, tightened


def tightens_set(old: Limits, new: Limits) -> bool:
    """Say whether values ceased to be valid that are not empty."""
    return compare_bounds((*old, _SET), new)[1]


def bounds_text(limits: Limits) -> str:
    """Write bounds as the language does."""
    parts: list[str] = []
    for limit in limits:
        parts += [
            f"{key} {number_text(getattr(limit, key))}"
            for key in ("min", "max")
            if getattr(limit, key) is not None
        ]
        if limit.min_size is not None or limit.max_size is not None:
            low = "" if limit.min_size is None else limit.min_size
            high = "" if limit.max_size is None else limit.max_size
            parts.append(f"size {low}..{high}")
        parts += [f"pattern {limit.pattern}"] if limit.pattern is not None else []
        parts += ["unique"] if limit.unique else []
    return ", ".join(parts)


def number_text(number: float) -> str:
    """Write a number as people do: all its digits, and none behind the point that says nothing."""
    return repr(number).removesuffix(".0")


def _low(limits: Limits, key: str) -> float:
    none = 0.0 if key == "min_size" else float("-inf")
    return max(
        (getattr(each, key) for each in limits if getattr(each, key) is not None), default=none
    )


def _high(limits: Limits, key: str) -> float:
    return min(
        (getattr(each, key) for each in limits if getattr(each, key) is not None),
        default=float("inf"),
    )


def _patterns(limits: Limits) -> set[str]:
    return {each.pattern for each in limits if each.pattern is not None}


def _unique(limits: Limits) -> bool:
    return any(each.unique for each in limits)
