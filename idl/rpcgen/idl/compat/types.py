"""Types, compared by what they come down to. It knows no rule.

Named types are compared once for each kind of reader, in a queue: what contains itself ends, and what is wrong inside is
found whatever it was reached through.
"""

from __future__ import annotations

from dataclasses import replace

from rpcgen.idl.compat.bounds import Limits, bounds_text, compare_bounds, tightens_set
from rpcgen.idl.compat.change import Root
from rpcgen.idl.compat.taking import below, takes, takes_null, within
from rpcgen.idl.compat.walk import Spot, Walk
from rpcgen.idl.model import Enum, ListOf, MapOf, Named, Opaque, Scalar, TypeExpr
from rpcgen.idl.resolve import Resolved, Types, bare, resolve
from rpcgen.idl.typetext import type_text

Bounded = tuple[TypeExpr, Limits]
_ANY, _TEXT = Scalar("any"), Scalar("string")
_NUMBERS = (Scalar("int"), Scalar("float"))


def compare_types(walk: Walk, old: Bounded, new: Bounded, spot: Spot) -> None:
    """Compare two types with the bounds that are said beside them; whether they may be null is compared elsewhere."""
    before, after = resolve(old[0], walk.old.types), resolve(new[0], walk.new.types)
    if before is None or after is None:
        raise AssertionError(f"unexpected name in {type_text(old[0])} or {type_text(new[0])}")
    limits = ((*before.constraints, *old[1]), (*after.constraints, *new[1]))
    if _compare_bases(walk, before, after, spot):
        _compare_limits(walk, *limits, spot)


def compare_items(walk: Walk, old: Bounded, new: Bounded, spot: Spot) -> None:
    """Compare types that stand alone: of a list's items, a map's values, a result."""
    before, after = resolve(old[0], walk.old.types), resolve(new[0], walk.new.types)
    if before is not None and after is not None and _changes_null(before, after):
        action = "became-optional" if after.nullable else "became-required"
        texts = type_text(old[0]), type_text(new[0])
        if texts[0] == texts[1]:  # an alias, which stands for something else now
            texts = (
                type_text(bare(old[0], walk.old.types)),
                type_text(bare(new[0], walk.new.types)),
            )
        kept = action == "became-required" and takes_null(spot)
        walk.found("field", action, spot, before=texts[0], after=texts[1], kept=kept)
    compare_types(walk, old, new, spot)


def _changes_null(old: Resolved, new: Resolved) -> bool:
    """Whether one of two types has null among its values because it says so; `any` has it anyhow."""
    both = all(each.nullable or each.base == _ANY for each in (old, new))
    return old.nullable != new.nullable and not both


def _compare_limits(walk: Walk, old: Limits, new: Limits, spot: Spot) -> None:
    loosened, tightened = compare_bounds(old, new)
    for is_so, action in ((loosened, "loosened"), (tightened, "tightened")):
        if is_so:
            before, after = bounds_text(old) or "no bounds", bounds_text(new) or "no bounds"
            silent = spot.unbounded and action == "loosened"
            unsent = spot.unsent and action == "tightened" and not tightens_set(old, new)
            walk.found(
                "constraint",
                action,
                spot,
                before=before,
                after=after,
                silent=silent,
                unsent=unsent,
            )


def _compare_bases(walk: Walk, old: Resolved, new: Resolved, spot: Spot) -> bool:
    """Compare what is behind the aliases; True if bounds of both mean the same."""
    match old.base, new.base:
        case ListOf(item), ListOf(other):
            compare_items(walk, (item, ()), (other, ()), below(walk, spot))
            return True
        case MapOf(key, value), MapOf(other_key, other):
            if not _compare_keys(walk, key, other_key, spot):
                _changed(walk, "changed", old, new, spot)
            compare_items(walk, (value, ()), (other, ()), below(walk, spot))
            return True
        case Named(name), Named(other):
            _compare_named(walk, name, other, old, new, spot)
            return False
        case (Scalar(), Scalar()) if old.base == new.base:
            return True
        case one, two:
            action = _relation(walk, one, two)
            _changed(walk, action, old, new, spot)
            alike = {one, two} == {*_NUMBERS} or _is_any_text(walk, old, new)
            return action != "changed" and alike


def _relation(walk: Walk, old: object, new: object) -> str:
    enum = walk.old.types.get(old.name) if isinstance(old, Named) else None
    if new == _ANY or (old, new) == _NUMBERS or (new == _TEXT and isinstance(enum, Enum)):
        return "widened"
    enum = walk.new.types.get(new.name) if isinstance(new, Named) else None
    if old == _ANY or (new, old) == _NUMBERS or (old == _TEXT and isinstance(enum, Enum)):
        return "narrowed"
    return "changed"


def _changed(walk: Walk, action: str, old: Resolved, new: Resolved, spot: Spot) -> None:
    kept = _is_any_text(walk, old, new)
    before, after = type_text(old.base), type_text(new.base)
    if before == after:
        before, after = _told_apart(walk.old.types, old), _told_apart(walk.new.types, new)
    gone = action == "narrowed" and takes(spot, old.base)
    walk.found("type", action, spot, before=before, after=after, open=kept, kept=gone)


def _told_apart(types: Types, resolved: Resolved) -> str:
    """A type that is spelled like the other one: without aliases, and if it is a name, with what that is."""
    if not isinstance(resolved.base, Named):
        return type_text(bare(resolved.base, types))
    type_ = types[resolved.base.name]
    kind = "opaque type" if isinstance(type_, Opaque) else type(type_).__name__.lower()
    return f"{resolved.base.name} ({kind})"


def _is_any_text(walk: Walk, old: Resolved, new: Resolved) -> bool:
    """Whether one is text and the other an open enum, which takes any text."""
    if old.base == _TEXT:
        return _is_open(walk.new.types, new)
    return new.base == _TEXT and (_is_open(walk.old.types, old) or _was_closed(walk, old))


def _is_open(types: Types, resolved: Resolved) -> bool:
    enum = types.get(resolved.base.name) if isinstance(resolved.base, Named) else None
    return isinstance(enum, Enum) and enum.open


def _was_closed(walk: Walk, resolved: Resolved) -> bool:
    return isinstance(resolved.base, Named) and resolved.base.name in walk.closed


def _compare_keys(walk: Walk, old: TypeExpr, new: TypeExpr, spot: Spot) -> bool:
    """Compare the bounds of a map's keys; False if they are of two types, so that the map is another."""
    before, after = resolve(old, walk.old.types), resolve(new, walk.new.types)
    if before is None or after is None:
        raise AssertionError(f"unexpected name in {type_text(old)} or {type_text(new)}")
    if before.base != after.base:
        return False
    _compare_limits(walk, before.constraints, after.constraints, spot.keys())
    return True


def _compare_named(
    walk: Walk, name: str, other: str, old: Resolved, new: Resolved, spot: Spot
) -> None:
    one, two = walk.old.types[name], walk.new.types[other]
    opaque = isinstance(one, Opaque) and name != other
    if type(one) is not type(two) or opaque or (walk.dated and name != other):
        _changed(walk, "changed", old, new, spot)
        return
    walk.later(name, other, within(spot))
    if name != other and name not in walk.new.types and (name, other, "") not in walk.seen:
        walk.seen.add((name, other, ""))
        here = replace(
            spot,
            root=Root(),
            owner=other,
            place=two.position,
            was_at=one.position,
            path=other,
            way=(),
        )
        walk.found("type", "renamed", here, before=name, after=other)
