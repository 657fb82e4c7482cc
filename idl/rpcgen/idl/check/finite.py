"""Types that no finite value can have: each of theirs would contain another, without end.

Finds the types that have one, from those that need no other on: a type is looked at again only when one that it is made
of is found, and goes on where it stopped, so the time is linear in the file's length.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping

from rpcgen.idl.model import (
    NO_CONSTRAINTS,
    Alias,
    Constraints,
    Field,
    ListOf,
    MapOf,
    Named,
    Struct,
    TypeExpr,
    Union,
)
from rpcgen.idl.report import Report
from rpcgen.idl.resolve import Types, direct_types, is_required, names_in, resolve


def check_finite(types: Types, report: Report) -> None:
    """Report types whose every value would contain another of the same. There are no loops of aliases or bases."""
    finite = _find_finite(types)
    for name, definition in types.items():
        if name not in finite and isinstance(definition, Struct | Union):
            report.error(
                "infinite-type",
                f'"{name}" has no finite value: it always contains another "{name}" or something that does',
                definition.position,
                hint="make a field on the way nullable, or a list that may be empty",
            )


def _find_finite(types: Types) -> set[str]:
    """Return the types, but for aliases, that have a finite value."""
    users: dict[str, set[str]] = {}
    for name, definition in types.items():
        for type_ in direct_types(definition):
            for inner in names_in(type_):
                users.setdefault(inner, set()).add(name)
    finite: set[str] = set()
    left: dict[str, list[Field]] = {}
    waiting = deque(name for name, each in types.items() if not isinstance(each, Alias))
    while waiting:
        name = waiting.popleft()
        if name not in finite and _is_finite(name, types, finite, left):
            finite.add(name)
            waiting.extend(user for user in _users(name, users, types) if user not in finite)
    return finite


def _users(name: str, users: Mapping[str, Iterable[str]], types: Types) -> Iterator[str]:
    """Yield what is made of a type, or of an alias of it."""
    seen = {name}
    waiting = [name]
    while waiting:
        for user in users.get(waiting.pop(), ()):
            if not isinstance(types[user], Alias):
                yield user
            elif user not in seen:
                seen.add(user)
                waiting.append(user)


def _is_finite(name: str, types: Types, finite: set[str], left: dict[str, list[Field]]) -> bool:
    """Say whether a type is known to have a finite value; `left` keeps the fields of which that is not known."""
    definition = types[name]
    match definition:
        case Struct():
            base = definition.extends
            if base is not None and not _has_finite(Named(base), NO_CONSTRAINTS, types, finite):
                return False
            fields = left.setdefault(name, [*definition.fields.values()])
            while fields and _field_is_finite(fields[-1], types, finite):
                fields.pop()
            return not fields
        case Union():
            members = definition.members.values()
            return not members or any(
                _has_finite(member.type, NO_CONSTRAINTS, types, finite) for member in members
            )
        case _:
            return True


def _field_is_finite(field: Field, types: Types, finite: set[str]) -> bool:
    return not is_required(field, types) or _has_finite(
        field.type, field.constraints, types, finite
    )


def _has_finite(type_: TypeExpr, limits: Constraints, types: Types, finite: set[str]) -> bool:
    """Say whether a type has a value without a value of a type that is not known to be finite."""
    resolved = resolve(type_, types)
    if resolved is None or resolved.nullable:
        return True
    match resolved.base:
        case Named(name):
            return name in finite or name not in types
        case ListOf(item) | MapOf(_, item):
            # An empty list or map needs nothing else, if it may be empty.
            may_be_empty = not any(each.min_size for each in (*resolved.constraints, limits))
            return may_be_empty or _has_finite(item, NO_CONSTRAINTS, types, finite)
        case _:
            return True
