"""Whether every value of one type is a value of another, as far as the two texts tell.

A value is what a program sees, not how it travels: with a default nobody sees null, and a uuid is no text. So types
hold each other's values only if they are the same, or one is wider in one of these ways: `int` in `float`, `T` in `T?`,
everything in `any`, an enum in `string`, looser bounds, lists by their items, maps by their keys and values. Aliases are
looked through. Structs, unions and opaque types hold their own values alone, and so do enums among each other: another
class is another value, however alike they look.
"""

from __future__ import annotations

from rpcgen.idl.check.limits import violation
from rpcgen.idl.model import (
    NO_CONSTRAINTS,
    Constraints,
    Enum,
    ListOf,
    MapOf,
    Named,
    OlderType,
    Scalar,
    TypeExpr,
)
from rpcgen.idl.resolve import Resolved, Types, resolve

Limits = tuple[Constraints, ...]


def holds_all(wide: OlderType, narrow: OlderType, types: Types) -> bool:
    """Say whether every value of `narrow` is one of `wide`; a default keeps null from being one."""
    outer, inner = resolve(wide.type, types), resolve(narrow.type, types)
    if outer is None or inner is None:
        return True
    inner_null = inner.nullable and narrow.default is None
    outer_null = outer.nullable and wide.default is None
    if inner_null and not outer_null and outer.base != Scalar("any"):
        return False
    return _holds_base(outer, inner, (wide.constraints,), (narrow.constraints,), types)


def reads_all(older: OlderType, newer: OlderType, types: Types) -> bool:
    """Say whether readers of an older form can read every value of a newer one; they do not enforce bounds."""
    outer, inner = resolve(older.type, types), resolve(newer.type, types)
    if outer is None or inner is None:
        return True
    null = inner.nullable and newer.default is None
    if null and not outer.nullable and older.default is None and outer.base != Scalar("any"):
        return False
    return _holds_base(outer, inner, None, None, types)


def same_form(one: OlderType, two: OlderType, types: Types) -> bool:
    """Say whether two forms of a member mean the same: type, bounds and default."""
    return one.default == two.default and _spelled(one.type, one.constraints, types) == _spelled(
        two.type, two.constraints, types
    )


def _spelled(type_: TypeExpr, limits: Constraints, types: Types) -> object:
    """Return a type with its aliases looked through."""
    resolved = resolve(type_, types)
    if resolved is None:
        return object()
    bounds = {bound for bound in (*resolved.constraints, limits) if bound != NO_CONSTRAINTS}
    match resolved.base:
        case ListOf(item):
            inner: object = ("list", _spelled(item, NO_CONSTRAINTS, types))
        case MapOf(key, value):
            keys = _spelled(key, NO_CONSTRAINTS, types)
            inner = ("map", keys, _spelled(value, NO_CONSTRAINTS, types))
        case base:
            inner = base
    return inner, resolved.nullable, frozenset(bounds)


def _holds(wide: TypeExpr, narrow: TypeExpr, types: Types, *, bounded: bool) -> bool:
    outer, inner = resolve(wide, types), resolve(narrow, types)
    if outer is None or inner is None:
        return True
    if inner.nullable and not outer.nullable and outer.base != Scalar("any"):
        return False
    none = () if bounded else None
    return _holds_base(outer, inner, none, none, types)


def _holds_base(
    outer: Resolved, inner: Resolved, wide: Limits | None, narrow: Limits | None, types: Types
) -> bool:
    """Compare two types and, unless those are None, their bounds."""
    bounded = wide is not None and narrow is not None
    wide = (*outer.constraints, *wide) if wide is not None else ()
    narrow = (*inner.constraints, *narrow) if narrow is not None else ()
    match outer.base, inner.base:
        case Scalar("any"), _:
            return True
        case Scalar("string"), Named(name):
            return _texts_fit(types[name], wide)
        case Scalar("float"), Scalar("int"):
            return _looser(wide, narrow)
        case ListOf(item), ListOf(other):
            return _looser(wide, narrow) and _holds(item, other, types, bounded=bounded)
        case MapOf(key, value), MapOf(other_key, other):
            both = _holds(key, other_key, types, bounded=bounded)
            both = both and _holds(value, other, types, bounded=bounded)
            return both and _looser(wide, narrow)
        case base, other_base:
            return base == other_base and _looser(wide, narrow)


def _texts_fit(definition: object, wide: Limits) -> bool:
    """Say whether the values of an enum keep to the bounds of a text; those of an open one are any texts."""
    if not isinstance(definition, Enum):
        return False
    limits = [bound for bound in wide if bound != NO_CONSTRAINTS]
    if definition.open:
        return not limits
    return not any(
        violation(value, bound, Scalar("string"))
        for value in definition.members
        for bound in limits
    )


def _looser(wide: Limits, narrow: Limits) -> bool:
    """Say whether whatever keeps to the narrow bounds keeps to the wide ones."""
    return all(_implied(bound, narrow) for bound in wide)


def _implied(bound: Constraints, narrow: Limits) -> bool:
    least = max((each.min for each in narrow if each.min is not None), default=None)
    greatest = min((each.max for each in narrow if each.max is not None), default=None)
    shortest = max((each.min_size for each in narrow if each.min_size is not None), default=0)
    longest = min((each.max_size for each in narrow if each.max_size is not None), default=None)
    return (
        (bound.min is None or (least is not None and least >= bound.min))
        and (bound.max is None or (greatest is not None and greatest <= bound.max))
        and (bound.min_size is None or shortest >= bound.min_size)
        and (bound.max_size is None or (longest is not None and longest <= bound.max_size))
        and (bound.pattern is None or any(each.pattern == bound.pattern for each in narrow))
        and (not bound.unique or any(each.unique for each in narrow))
    )
