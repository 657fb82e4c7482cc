"""The graph of types and errors: loops of aliases and of `extends`, and types that no finite value can have."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Protocol

from rpcgen.idl.model import (
    NO_CONSTRAINTS,
    Alias,
    Constraints,
    Error,
    Field,
    Interface,
    ListOf,
    MapOf,
    Named,
    Struct,
    TypeDef,
    TypeExpr,
    Union,
)
from rpcgen.idl.position import Position
from rpcgen.idl.report import Report
from rpcgen.idl.resolve import MAX_CHAIN, Types, direct_types, is_required, names_in, resolve
from rpcgen.idl.typetext import type_text


class _Placed(Protocol):
    @property
    def position(self) -> Position: ...


def check_graph(interface: Interface, report: Report) -> None:
    """Report loops and infinite types."""
    types, errors = interface.types, interface.errors
    loops = _check_loops(
        "alias-loop", "the alias", types, lambda name: _alias_next(types, name), report
    )
    loops += _check_loops(
        "extends-loop", "the struct", types, lambda name: _base(types, name), report
    )
    _check_loops("extends-loop", "the error", errors, lambda name: _base(errors, name), report)
    _check_bases(types, errors, report)
    _check_inherited(types, report)
    _check_inherited(errors, report)
    if not loops:
        _check_finite(types, report)


def _weight(definition: object) -> int:
    """Return how deep a definition nests by itself: an alias by its brackets, a struct or an error as one step."""
    if not isinstance(definition, Alias):
        return 1
    text = type_text(definition.type)
    return 1 + max(accumulate((c == "[") - (c == "]") for c in text))


def _alias_next(types: Types, name: str) -> list[str]:
    """Return the aliases that an alias is made of, through lists and maps, too: no struct is between."""
    definition = types.get(name)
    if not isinstance(definition, Alias):
        return []
    return [inner for inner in names_in(definition.type) if isinstance(types.get(inner), Alias)]


def _base(known: Mapping[str, object], name: str) -> list[str]:
    definition = known.get(name)
    base = definition.extends if isinstance(definition, Struct | Error) else None
    return [base] if base is not None and base in known else []


def _check_loops(
    rule: str,
    what: str,
    known: Mapping[str, _Placed],
    following: Callable[[str], list[str]],
    report: Report,
) -> int:
    """Report each loop once, with all its names, at the first one; without recursion. Return how many there are."""
    loops = 0
    depth: dict[str, int] = {}
    for start in known:
        if start in depth:
            continue
        path: list[str] = [start]
        on_path = {start}
        branches = [iter(following(start))]
        while branches:
            name = next(branches[-1], None)
            if name is None:
                branches.pop()
                done = path.pop()
                on_path.discard(done)
                depth[done] = _weight(known[done]) + max(
                    (depth.get(below, 0) for below in following(done)), default=0
                )
                if depth[done] > MAX_CHAIN and all(
                    depth.get(below, 0) <= MAX_CHAIN for below in following(done)
                ):
                    message = f'{what} "{done}" is nested deeper than {MAX_CHAIN}, through what it stands on'
                    report.error("type-depth", message, known[done].position)
            elif name in on_path:
                loops += 1
                shown = _shown([*path[path.index(name) :], name])
                message = f'{what} "{name}" leads to itself: {shown}'
                report.error(rule, message, known[name].position)
            elif name not in depth:
                path.append(name)
                on_path.add(name)
                branches.append(iter(following(name)))
    return loops


def _shown(loop: list[str]) -> str:
    return " -> ".join(loop if len(loop) <= 60 else [*loop[:30], "…", *loop[-29:]])


def _check_bases(types: Types, errors: Mapping[str, Error], report: Report) -> None:
    for struct in types.values():
        if isinstance(struct, Struct) and struct.extends is not None and struct.extends in types:
            resolved = resolve(Named(struct.extends), types)
            base = (
                types.get(resolved.base.name)
                if resolved and isinstance(resolved.base, Named)
                else None
            )
            if resolved is not None and not isinstance(base, Struct):
                message = f'"{struct.name}" extends "{struct.extends}", which is no struct'
                report.error("bad-base", message, struct.position)
    for error in errors.values():
        if error.extends is not None and error.extends not in errors:
            message = f'"{error.name}" extends the unknown error "{error.extends[:80]}"'
            hint = report.suggest(error.extends, errors)
            report.error("unknown-error", message, error.position, hint=hint)


def _check_inherited(known: Mapping[str, object], report: Report) -> None:
    """Report fields that a base has already."""
    for definition in known.values():
        if (
            not isinstance(definition, Struct | Error)
            or definition.extends is None
            or not definition.fields
        ):
            continue
        seen = {definition.name}
        base = known.get(definition.extends)
        while isinstance(base, Struct | Error) and base.name not in seen and len(seen) <= MAX_CHAIN:
            seen.add(base.name)
            for name, field in definition.fields.items():
                if (inherited := base.fields.get(name)) is not None:
                    report.error(
                        "field-redefined",
                        f'"{base.name}" has a field "{name}" already',
                        field.position,
                        related=[(inherited.position, "inherited from here")],
                    )
            base = known.get(base.extends) if base.extends is not None else None


def _check_finite(types: Types, report: Report) -> None:
    """Report types whose every value would contain another of the same, without end."""
    users: dict[str, list[str]] = {}
    for name, definition in types.items():
        for inner in _names_behind(definition, types):
            users.setdefault(inner, []).append(name)
    finite: set[str] = set()
    waiting = deque(types)
    while waiting:
        name = waiting.popleft()
        if name not in finite and _is_finite(name, types, finite):
            finite.add(name)
            waiting.extend(user for user in users.get(name, ()) if user not in finite)
    for name, definition in types.items():
        if name not in finite and isinstance(definition, Struct | Union):
            report.error(
                "infinite-type",
                f'"{name}" has no finite value: it always contains another "{name}" or something that does',
                definition.position,
                hint="make a field on the way nullable, or a list that may be empty",
            )


def _names_behind(definition: TypeDef, types: Types) -> set[str]:
    """Return what a type is made of, and what the aliases there are made of."""
    found: set[str] = set()
    waiting = [definition]
    while waiting:
        for type_ in direct_types(waiting.pop()):
            for inner in names_in(type_):
                alias = types.get(inner)
                if inner not in found and isinstance(alias, Alias):
                    waiting.append(alias)
                found.add(inner)
    return found


def _is_finite(name: str, types: Types, finite: set[str]) -> bool:
    definition = types[name]
    match definition:
        case Struct():
            base = definition.extends
            if base is not None and base in types and base not in finite:
                return False
            return all(
                _field_is_finite(field, types, finite) for field in definition.fields.values()
            )
        case Union():
            members = definition.members.values()
            return not members or any(
                _has_finite(member.type, NO_CONSTRAINTS, types, finite) for member in members
            )
        case _:
            return True  # aliases are looked through


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
