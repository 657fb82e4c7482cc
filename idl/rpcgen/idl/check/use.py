"""How types and errors are used: map keys, union members, payloads, errors that methods raise."""

from __future__ import annotations

from rpcgen.idl.model import (
    Enum,
    Event,
    Interface,
    ListOf,
    MapOf,
    Named,
    Nullable,
    Scalar,
    Struct,
    TypeExpr,
    Union,
)
from rpcgen.idl.position import Position
from rpcgen.idl.report import Report
from rpcgen.idl.resolve import Types, definition_of, reachable, resolve
from rpcgen.idl.typetext import type_text


def check_use(interface: Interface, report: Report) -> None:
    """Report types and errors in places that they do not fit."""
    _check_unions(interface, report)
    _check_events(interface, report)
    for method in interface.methods.values():
        for raised in method.raises:
            if raised.error not in interface.errors:
                report.error(
                    "unknown-error",
                    f'unknown error "{raised.error[:80]}"',
                    raised.position,
                    hint=report.suggest(raised.error, interface.errors),
                )


def _check_unions(interface: Interface, report: Report) -> None:
    for union in interface.types.values():
        if not isinstance(union, Union):
            continue
        for member in union.members.values():
            resolved = resolve(member.type, interface.types)
            if resolved is not None and (resolved.nullable or resolved.base == Scalar("any")):
                report.error(
                    "nullable-member",
                    f'the member "{member.tag}" may be null, and a member always holds a value',
                    member.position,
                    hint="make the union nullable where it is used",
                )


def _check_events(interface: Interface, report: Report) -> None:
    types = interface.types
    origin: dict[str, Event] = {}
    for event in interface.events.values():
        if event.payload not in types:
            continue
        if not isinstance(definition_of(Named(event.payload), types), Struct):
            report.error(
                "bad-payload", f'the payload "{event.payload}" is no struct', event.position
            )
        for name in reachable([event.payload], types, known=origin):
            origin[name] = event
    for name, event in origin.items():
        definition = types[name]
        if isinstance(definition, Enum) and definition.fallback:
            report.error(
                "fallback-in-event",
                f'"{name}" has a fallback and reaches the event "{event.name}", whose readers are unknown',
                definition.position,
                hint="open the enum instead: open: true",
                related=[(event.position, "the event is here")],
            )


def check_type(type_: TypeExpr, at: Position, types: Types, report: Report) -> None:
    """Report map keys that are no text or whole number, and values that may be null twice over."""
    waiting = [type_]
    while waiting:
        match waiting.pop():
            case MapOf(key, value):
                found = resolve(key, types)
                if found is not None and (
                    found.nullable or found.base not in (Scalar("string"), Scalar("int"))
                ):
                    message = f"the keys of a map are string or int, not {type_text(key)}"
                    report.error("bad-map-key", message, at)
                waiting.append(value)
            case ListOf(item):
                waiting.append(item)
            case Nullable(inner):
                found = resolve(inner, types)
                if found is not None and found.nullable:
                    message = f"{type_text(inner)} may be null already"
                    report.error(
                        "null-twice", message, at, hint="remove one of the two question marks"
                    )
                waiting.append(inner)
            case _:
                pass
