"""Defaults and constants against dates: a version that uses one has to know the values in it."""

from __future__ import annotations

from collections.abc import Iterator

from rpcgen.idl.model import (
    Dated,
    Default,
    Enum,
    Error,
    Field,
    Interface,
    ListOf,
    MapOf,
    Method,
    Named,
    Struct,
    TypeExpr,
    Union,
    Value,
)
from rpcgen.idl.report import Report
from rpcgen.idl.resolve import Types, all_fields, resolve
from rpcgen.idl.spans import end_in, start_in
from rpcgen.idl.timeline import exists, spoken
from rpcgen.idl.version import Version


def check_values(interface: Interface, report: Report) -> None:
    """Report defaults and constants with a value that some version of theirs does not have."""
    for field, container in _fields(interface):
        for given, what in ((field.default, "default"), (field.constant, "constant")):
            if given is not None:
                _check(field, container, given, what, interface, report)


def _fields(interface: Interface) -> Iterator[tuple[Field, Dated]]:
    holders: list[Struct | Error | Method] = [*interface.methods.values()]
    holders += interface.errors.values()
    holders += [
        type_
        for type_ in interface.types.values()
        if isinstance(type_, Struct) and type_.version is None
    ]
    for holder in holders:
        fields = holder.args if isinstance(holder, Method) else holder.fields
        for field in fields.values():
            yield field, holder.dated


def _check(
    field: Field,
    container: Dated,
    given: Default,
    what: str,
    interface: Interface,
    report: Report,
) -> None:
    parts = list(_dated_parts(given.value, field.type, interface.types))
    if not parts:
        return
    for last in spoken(interface):
        for at in _ends(field.dated, container, last):
            for text, dated in parts:
                if not exists(dated, at):
                    message = (
                        f'the {what} of "{field.name}" has "{text}", which does not exist at {at}'
                    )
                    hint = f'"{field.name}" does: date it alike, or choose another {what}'
                    report.error("value-not-there", message, field.position, hint=hint)
                    return


def _ends(dated: Dated, container: Dated, last: Version) -> list[Version]:
    """The first and the last version of a major at which a field exists."""
    begins = [start_in(each.since, last.major) for each in (dated, container)]
    if None in begins:
        return []
    begin = max(begin for begin in begins if begin is not None)
    end = min(end_in(each.until, last) for each in (dated, container)) - 1
    return [Version(last.major, begin), Version(last.major, end)] if begin <= end else []


def _dated_parts(value: Value, type_: TypeExpr, types: Types) -> Iterator[tuple[str, Dated]]:
    """The enum values, union members and fields in a value that have dates."""
    resolved = resolve(type_, types)
    if resolved is None or value is None:
        return
    match resolved.base, value:
        case ListOf(item), list():
            for each in value:
                yield from _dated_parts(each, item, types)
        case MapOf(_, item), dict():
            for each in value.values():
                yield from _dated_parts(each, item, types)
        case Named(name), _:
            yield from _parts_of(value, name, types)
        case _:
            pass


def _parts_of(value: Value, name: str, types: Types) -> Iterator[tuple[str, Dated]]:
    match types[name], value:
        case Enum(members=members), str() if value in members:
            yield value, members[value].dated
        case Union(members=members), dict():
            for tag, inner in value.items():
                if tag in members:
                    yield tag, members[tag].dated
                    yield from _dated_parts(inner, members[tag].type, types)
        case Struct() as struct, dict():
            fields = all_fields(struct, types)
            for key, inner in value.items():
                if key in fields:
                    yield key, fields[key].dated
                    yield from _dated_parts(inner, fields[key].type, types)
        case _:
            pass
