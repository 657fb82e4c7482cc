"""What newer readers take the answers of older servers as: a type that became another without a converter is read as that.

So they do not notice what the file says wrongly of the older type, as long as the newest one holds it. It knows no rule.
"""

from __future__ import annotations

from rpcgen.idl.compat.walk import Spot, Walk
from rpcgen.idl.model import Error, Field, ListOf, MapOf, OlderType, Scalar, Struct, TypeExpr
from rpcgen.idl.position import Position
from rpcgen.idl.resolve import Resolved, Types, resolve
from rpcgen.idl.subset import holds_all

_ANY, _TEXT = Scalar("any"), Scalar("string")


def taking(walk: Walk, field: Field, spot: Spot) -> Spot:
    """The spot of a field, with what it is read as, if that is another type than the file says of the time.

    Args:
        field: as the file says that it was.
        spot: where it is; whatever is inside of what is read as anything is so, too.
    """
    # Dates inside of a type with a version of its own count on that one, not on the interface's.
    if walk.dated or spot.root.reader == "request" or spot.taken is not None or spot.clock:
        return spot
    if walk.became is None:
        walk.became = _becoming(walk)
    now = walk.became.get(field.position)
    if now is None:
        return spot
    forms = [form for until, form in sorted(now.was_type.items()) if until > walk.old.version]
    if not forms:
        return spot
    read = _read_as(forms, now, walk.file.types)
    if read is forms[0]:
        return spot
    taken = resolve(read.type, walk.file.types)
    if taken is None:
        raise AssertionError(f"unexpected name in the type of {now.name}")
    # What has a default may be absent, as may be what is nullable.
    nullable = taken.nullable or read.default is not None
    return spot.taking(Resolved(taken.base, nullable, taken.constraints))


def _read_as(forms: list[OlderType], now: Field, types: Types) -> OlderType:
    """The form that a value of the first one is read as: the first that a converter is needed after, or that of now."""
    following = [*forms[1:], OlderType(now.type, now.constraints, now.default)]
    # A release that was kept does not say which of them are converted.
    for form, newer in zip(forms, following, strict=True):
        if not holds_all(newer, form, types):
            return form
    return following[-1]


def _becoming(walk: Walk) -> dict[Position, Field]:
    """The fields of the file that were of another type once, by their places."""
    owners = (*walk.file.types.values(), *walk.file.errors.values())
    return {
        field.position: field
        for owner in owners
        if isinstance(owner, Struct | Error)
        for field in owner.fields.values()
        if field.was_type
    }


def below(walk: Walk, spot: Spot) -> Spot:
    """The spot of the items of a list or the values of a map."""
    here = spot.items()
    if spot.taken is None or spot.taken.base == _ANY:
        return here
    match spot.taken.base:
        case ListOf(item) | MapOf(_, item):
            return here.taking(resolve(item, walk.file.types))
        case _:
            return here.taking(None)


def within(spot: Spot) -> Spot:
    """The spot of the parts of a named type: what is read as one itself is what it was."""
    taken = spot.taken
    return spot if taken is None or taken.base in (_ANY, _TEXT) else spot.taking(None)


def takes(spot: Spot, base: TypeExpr) -> bool:
    """Whether readers take whatever an older server writes as a type that is no name."""
    return spot.taken is not None and spot.taken.base in (_ANY, base)


def takes_null(spot: Spot) -> bool:
    """Whether readers take what older servers leave out, or write as null."""
    taken = spot.taken
    return taken is not None and (taken.nullable or taken.base == _ANY)
