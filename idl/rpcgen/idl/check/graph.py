"""The graph of types and errors: loops of aliases and of `extends`, and, without them, types that no finite value can have."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import accumulate
from typing import Protocol

from rpcgen.idl.check.finite import check_finite
from rpcgen.idl.model import (
    Alias,
    Error,
    Interface,
    Named,
    Struct,
)
from rpcgen.idl.position import Position
from rpcgen.idl.report import Report
from rpcgen.idl.resolve import MAX_CHAIN, Types, names_in, resolve
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
        check_finite(types, report)


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
