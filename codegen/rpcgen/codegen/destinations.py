"""`to: [migration.source, instances[0].host]`, or `ordering_key`, as a function of the arguments, or of a payload.

Every step that can be null is a variable of its own, so that type checkers follow, and no path ever fails.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rpcgen.codegen.containers import FieldSet, arguments_of, own_fields
from rpcgen.codegen.fields import shape
from rpcgen.codegen.inheritance import struct_line
from rpcgen.codegen.scope import Scope
from rpcgen.idl.model import (
    DestinationPath,
    Event,
    Index,
    ListOf,
    Method,
    Named,
    Opaque,
    Struct,
    TypeExpr,
)


class _Step(NamedTuple):
    """An expression on the way, and what it may be."""

    text: str
    type: TypeExpr
    null: bool
    absent: bool = False


def live_paths(scope: Scope, method: Method) -> list[DestinationPath]:
    """The paths that lead through nothing that generated code has not."""
    own = arguments_of(scope, method)
    return [path for path in method.to if _is_live(scope, own, path)]


def live_key(scope: Scope, thing: Method | Event) -> DestinationPath | None:
    """The path of what keeps messages in order, under the same condition."""
    key = thing.ordering_key
    return key if key is not None and _is_live(scope, carried(scope, thing, key), key) else None


def carried(scope: Scope, thing: Method | Event, path: DestinationPath) -> FieldSet:
    """What a path begins in: the arguments of a method, or those fields of an event's payload that have the first."""
    if isinstance(thing, Method):
        return arguments_of(scope, thing)
    payload = scope.definition(Named(thing.payload))
    assert isinstance(payload, Struct), "unexpected payload"
    return _declaring(scope, payload, path.argument)


def _is_live(scope: Scope, own: FieldSet, path: DestinationPath) -> bool:
    at = own.field(path.argument)
    if not own.is_live(at):
        return False
    of = at.type
    for step in path.steps:
        definition = scope.definition(of)
        if isinstance(step, Index):
            items = scope.bare(of)
            assert isinstance(items, ListOf), "unexpected index"
            of = items.item
        elif isinstance(definition, Struct):
            own = _declaring(scope, definition, step)
            at = own.field(step)
            if not own.is_live(at):
                return False
            of = at.type
        else:
            # What an opaque object has is the program's own.
            return True
    return True


def path_body(scope: Scope, own: FieldSet, to: Sequence[DestinationPath]) -> tuple[str, ...]:
    """The statements of the function, each on a line of its own, not yet indented."""
    lines: list[str] = []
    for number, path in enumerate(to, 1):
        end = _walk(scope, own, path, lines, f"{path.argument}_{number}")
        text = _present(scope, end, lines, f"{path.argument}_{number}_end")
        if number == len(to) or not (end.null or end.absent):
            lines.append(f"return {text}")
            break
        found = f"found_{number}"
        lines += [f"{found} = {text}", f"if {found} is not None:", f"    return {found}"]
    return tuple(lines)


def _walk(scope: Scope, own: FieldSet, path: DestinationPath, lines: list[str], stem: str) -> _Step:
    """Follow a path; what may be null on the way gets a variable, so that a checker follows, too."""
    at = _field_step(scope, "args", own, path.argument)
    for depth, step in enumerate(path.steps):
        if at.null or at.absent:
            text = _present(scope, at, lines, f"{stem}_{depth}")
            lines.append(f"{stem}_{depth} = {text}")
            at = _Step(f"{stem}_{depth}", at.type, True)
        at = _index(scope, at, step) if isinstance(step, Index) else _attribute(scope, at, step)
    return at


def _present(scope: Scope, at: _Step, lines: list[str], variable: str) -> str:
    """The expression, with UNSET as None."""
    if not at.absent:
        return at.text
    lines.append(f"{variable}_given = {at.text}")
    unset = scope.msgspec("UnsetType")
    return f"None if isinstance({variable}_given, {unset}) else {variable}_given"


def _field_step(scope: Scope, owner: str, own: FieldSet, name: str) -> _Step:
    field = own.field(name)
    form = shape(scope, field, late=own.is_newer(field))
    return _Step(f"{owner}.{own.names[name]}", form.type, form.null, form.absent)


def _index(scope: Scope, at: _Step, step: Index) -> _Step:
    items = scope.bare(at.type)
    assert isinstance(items, ListOf), "unexpected index"
    condition = at.text if step.number == 0 else f"len({at.text}) > {step.number}"
    if at.null and step.number:
        condition = f"{at.text} is not None and {condition}"
    text = f"{at.text}[{step.number}] if {condition} else None"
    return _Step(text, items.item, True)


def _attribute(scope: Scope, at: _Step, name: str) -> _Step:
    definition = scope.definition(at.type)
    match definition:
        case Struct():
            found = _field_step(scope, at.text, _declaring(scope, definition, name), name)
        case Opaque():
            of = definition.attributes[name]
            found = _Step(f"{at.text}.{name}", of, scope.nullable(of))
        case _:
            raise AssertionError("unexpected attribute")
    if not at.null:
        return found
    return _Step(f"{found.text} if {at.text} is not None else None", found.type, True, found.absent)


def _declaring(scope: Scope, struct: Struct, name: str) -> FieldSet:
    """The fields of the struct or of that one of its bases which has the field."""
    line = struct_line(scope.interface, struct)
    return own_fields(scope, next(each for each in line if name in each.fields))
