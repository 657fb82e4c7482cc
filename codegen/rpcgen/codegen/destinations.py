"""`to: [migration.source, instances[0].host]` as a function of the arguments.

Every step that can be null is a variable of its own, so that type checkers follow, and no path ever fails.
"""

from __future__ import annotations

from typing import NamedTuple

from rpcgen.codegen.fields import late, shape
from rpcgen.codegen.inheritance import struct_fields
from rpcgen.codegen.scope import Scope
from rpcgen.idl.model import (
    DestinationPath,
    Field,
    Index,
    ListOf,
    Method,
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


def destination_body(scope: Scope, method: Method) -> tuple[str, ...]:
    """The statements of the function, each on a line of its own, not yet indented."""
    lines: list[str] = []
    for number, path in enumerate(method.to, 1):
        end = _walk(scope, method, path, lines, f"{path.argument}_{number}")
        text = _present(scope, end, lines, f"{path.argument}_{number}_end")
        if number == len(method.to) or not (end.null or end.absent):
            lines.append(f"return {text}")
            break
        found = f"found_{number}"
        lines += [f"{found} = {text}", f"if {found} is not None:", f"    return {found}"]
    return tuple(lines)


def _walk(
    scope: Scope, method: Method, path: DestinationPath, lines: list[str], stem: str
) -> _Step:
    """Follow a path; what may be null on the way gets a variable, so that a checker follows, too."""
    field = method.args[path.argument]
    at = _field_step(scope, "args", field, scope.names.arguments[method.name][field.name], method)
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


def _field_step(
    scope: Scope, owner: str, field: Field, name: str, container: Method | Struct
) -> _Step:
    form = shape(scope, field, late=late(scope, field, container.dated))
    return _Step(f"{owner}.{name}", form.type, form.null, form.absent)


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
            field = next(f for f in struct_fields(scope.interface, definition) if f.name == name)
            found = _field_step(
                scope, at.text, field, scope.names.members[definition.name][name], definition
            )
        case Opaque():
            of = definition.attributes[name]
            found = _Step(f"{at.text}.{name}", of, scope.nullable(of))
        case _:
            raise AssertionError("unexpected attribute")
    if not at.null:
        return found
    return _Step(f"{found.text} if {at.text} is not None else None", found.type, True, found.absent)
