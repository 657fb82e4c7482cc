"""Paths: does every step exist, and is what they end at a text, or what messages can be told apart by?"""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import replace

from rpcgen.idl.model import (
    DestinationPath,
    Enum,
    Event,
    Field,
    Index,
    Interface,
    ListOf,
    Method,
    Named,
    Opaque,
    Scalar,
    Struct,
    TargetDefaults,
    TypeExpr,
)
from rpcgen.idl.position import Position
from rpcgen.idl.report import Report
from rpcgen.idl.resolve import Types, all_fields, definition_of, field_names, field_of, resolve
from rpcgen.idl.timeline import has_ended
from rpcgen.idl.typetext import type_text
from rpcgen.idl.version import Version
from rpcgen.idl.yamltext.nodes import Mapping

#: What an `ordering_key` ends at: values that are equal only if they mean the same.
_KEYS = frozenset({Scalar("string"), Scalar("int"), Scalar("uuid")})

_Related = list[tuple[Position, str]]


def destinations(
    method: Method,
    node: Mapping,
    target: TargetDefaults,
    types: Types,
    report: Report,
    at: Version | None,
) -> Method:
    """Check a method's own paths, or give it those of the target whose argument it has."""
    own = "to" in node.entries
    if not own and not any(route.to == "server" for route in method.routes):
        return method
    paths = method.to if own else tuple(path for path in target.to if _fits(path, method, at))
    for path in paths:
        _check(path, method, types, report, own=own)
    return replace(method, to=paths) if paths != method.to else method


def _fits(path: DestinationPath, method: Method, at: Version | None) -> bool:
    """Say whether a path of the target is one of the method's: it has the argument, and not only in the past."""
    argument = method.args.get(path.argument)
    if argument is None:
        return False
    return at is None or not has_ended(argument.dated.until, at)


def check_ordering_keys(interface: Interface, report: Report) -> None:
    """Report `ordering_key`s that lead to nothing, or to what is no key."""
    for method in interface.methods.values():
        lacks = f'the method "{method.name}" has no argument'
        _check_ordering_key(method, method.args, lacks, interface.types, report)
    for event in interface.events.values():
        payload = definition_of(Named(event.payload), interface.types)
        if isinstance(payload, Struct):
            lacks = f'the payload of "{event.name}" has no field'
            fields = all_fields(payload, interface.types)
            _check_ordering_key(event, fields, lacks, interface.types, report)


def _check_ordering_key(
    thing: Method | Event, fields: MappingOf[str, Field], lacks: str, types: Types, report: Report
) -> None:
    path = thing.ordering_key
    if path is None:
        return
    walked, type_ = _follow(path, fields, lacks, types, report, [])
    end = resolve(type_, types) if type_ is not None else None
    if type_ is None or end is None or end.base in _KEYS:
        return
    if not isinstance(end.base, Named) or not isinstance(types[end.base.name], Enum):
        report.error(
            "bad-path",
            f'"{walked}" is {type_text(type_)}, expected string, int, uuid or an enum',
            path.position,
            hint="an ordering key ends at what names the thing that messages are about",
        )


def _check(
    path: DestinationPath, method: Method, types: Types, report: Report, *, own: bool
) -> None:
    related = [] if own else [(method.position, f'the method "{method.name}" has this argument')]
    lacks = f'the method "{method.name}" has no argument'
    walked, type_ = _follow(path, method.args, lacks, types, report, related)
    end = resolve(type_, types) if type_ is not None else None
    if type_ is not None and end is not None and end.base != Scalar("string"):
        report.error(
            "bad-path",
            f'"{walked}" is {type_text(type_)}, expected string',
            path.position,
            hint="a path ends at the name of a server",
            related=related,
        )


def _follow(
    path: DestinationPath,
    fields: MappingOf[str, Field],
    lacks: str,
    types: Types,
    report: Report,
    related: _Related,
) -> tuple[str, TypeExpr | None]:
    """Walk a path; what was walked, and the type at its end, or None if it has none."""
    argument = fields.get(path.argument)
    if argument is None:
        hint = report.suggest(path.argument, fields)
        report.error("bad-path", f'{lacks} "{path.argument}"', path.position, hint=hint)
        return path.argument, None
    if argument.constant is not None:
        report.error(
            "bad-path", f'"{path.argument}" is a constant, which no caller gives', path.position
        )
        return path.argument, None
    type_ = argument.type
    walked = path.argument
    for step in path.steps:
        problem, hint, following = _step(type_, step, walked, types, report)
        if problem:
            report.error("bad-path", problem, path.position, hint=hint, related=related)
        if following is None:
            return walked, None
        type_ = following
        walked += f"[{step.number}]" if isinstance(step, Index) else f".{step}"
    return walked, type_


def _step(
    type_: TypeExpr, step: str | Index, walked: str, types: Types, report: Report
) -> tuple[str, str, TypeExpr | None]:
    """Return a problem with its hint, or the type that the step leads to."""
    resolved = resolve(type_, types)
    if resolved is None:
        return "", "", None
    base = resolved.base
    if isinstance(step, Index):
        if isinstance(base, ListOf):
            return "", "", base.item
        return f'"{walked}" is {type_text(type_)}, not a list', "", None
    definition = types[base.name] if isinstance(base, Named) else None
    if isinstance(definition, Struct):
        field = field_of(definition, step, types)
        if field is not None:
            return "", "", field.type
        hint = report.suggest(step, field_names(definition, types))
    elif isinstance(definition, Opaque):
        if step in definition.attributes:
            return "", "", definition.attributes[step]
        hint = report.suggest(step, definition.attributes)
        if not definition.attributes:
            hint = f"write attributes: {{{step}: string?}} at the opaque type {definition.name}"
    else:
        hint = "only structs and opaque types have attributes"
    return f'"{walked}" has no attribute "{step}"', hint, None
