"""Dates against each other: what is newer than the thing it belongs to must be possible to leave out.

A message of an older version lacks what is newer. If callers had to give it, a client pinned to the older version
could not call at all, and a server could not fill it in. Results and events are read tolerantly and are not concerned.
"""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heapify, heappop, heappush

from rpcgen.idl.model import ALWAYS, Alias, Field, Interface, Method, Struct, TypeExpr, Union
from rpcgen.idl.report import Report
from rpcgen.idl.resolve import all_fields, is_required, names_in
from rpcgen.idl.spans import Span, spans, start_in
from rpcgen.idl.timeline import exists, spoken
from rpcgen.idl.version import Version

_HINT = "make it nullable (T?), or give it a default or a constant"


def check_dating(interface: Interface, report: Report) -> None:
    """Report arguments and fields that older callers cannot give."""
    for method in interface.methods.values():
        _check_arguments(method, interface, report)
    _check_fields(interface, report)


def argument_spans(method: Method, last: Version) -> list[Span[Mapping[str, Field]]]:
    """Return the arguments that a method has, form by form, within a major."""
    history = {until: form.args for until, form in method.was.items() if form.args is not None}
    return spans(method.dated, history, method.args, last)


def type_spans(field: Field, last: Version) -> list[Span[TypeExpr]]:
    """Return the types that an argument or a field has within a major."""
    older = {until: older.type for until, older in field.was_type.items()}
    return spans(field.dated, older, field.type, last)


def _check_arguments(method: Method, interface: Interface, report: Report) -> None:
    suspects = {
        id(argument): argument
        for args in (method.args, *(form.args or {} for form in method.was.values()))
        for argument in args.values()
        if argument.dated.since and is_required(argument, interface.types)
    }
    if not suspects:
        return
    for last in reversed(spoken(interface)):
        for span in argument_spans(method, last):
            for argument in span.what.values():
                if id(argument) in suspects and _is_newer(
                    argument, method, span.begin, last, report
                ):
                    del suspects[id(argument)]


def _is_newer(argument: Field, method: Method, begin: int, last: Version, report: Report) -> bool:
    """Report an argument that is newer than a form of its method within a major."""
    start = start_in(argument.dated.since, last.major)
    if start is not None and start <= begin:
        return False
    if start is not None:
        newer = (
            f'newer ({last.major}.{start}) than the method "{method.name}" ({last.major}.{begin})'
        )
        message = f'the argument "{argument.name}" is {newer}, and callers must give it'
    else:
        new = f'"{argument.name}" is new in {argument.dated.since[0]}'
        message = f"the argument {new}, and {last} is still served without it"
    report.error("required-arg-newer", message, argument.position, hint=_HINT)
    return True


def _check_fields(interface: Interface, report: Report) -> None:
    """Report required fields of requests that are newer than something that leads to them."""
    if not any(
        field.dated.since
        for struct in interface.types.values()
        if isinstance(struct, Struct)
        for field in struct.fields.values()
    ):
        return
    for last in spoken(interface):
        for name, entry in _entered(interface, last).items():
            struct = interface.types[name]
            if isinstance(struct, Struct) and struct.version is None:
                _check_struct(struct, entry, last, interface, report)


def _check_struct(
    struct: Struct, entry: int, last: Version, interface: Interface, report: Report
) -> None:
    for field in all_fields(struct, interface.types).values():
        if not field.dated.since or not exists(field.dated, interface.version):
            continue
        start = start_in(field.dated.since, last.major)
        if (start is None or start > entry) and is_required(field, interface.types):
            begin = field.dated.since[0] if start is None else Version(last.major, start)
            at = Version(last.major, entry)
            message = f'the field "{field.name}" is newer ({begin}) than requests with "{struct.name}" ({at})'
            report.error(
                "required-field-newer",
                f"{message}, and callers must give it",
                field.position,
                hint="make it nullable (T?), or give it a default",
            )


def _entered(interface: Interface, last: Version) -> dict[str, int]:
    """Return, for each type that requests of a major can hold, the lowest minor that can hold it."""
    entered: dict[str, int] = {}
    waiting: list[tuple[int, str]] = []
    for method in interface.methods.values():
        for span in argument_spans(method, last):
            for argument in span.what.values():
                for types in type_spans(argument, last):
                    if types.begin < span.end and span.begin < types.end:
                        begin = max(types.begin, span.begin)
                        waiting += [(begin, name) for name in names_in(types.what)]
    heapify(waiting)
    # The lowest minor first, so that each type is entered once.
    while waiting:
        at, name = heappop(waiting)
        if name not in interface.types or name in entered:
            continue
        entered[name] = at
        for use in _uses(interface, name, last):
            if at < use.end:
                for inner in names_in(use.what):
                    heappush(waiting, (max(at, use.begin), inner))
    return entered


def _uses(interface: Interface, name: str, last: Version) -> list[Span[TypeExpr]]:
    """Return the types that a type is made of, each with its time in a major."""
    definition = interface.types[name]
    match definition:
        case Struct():
            fields = all_fields(definition, interface.types).values()
            return [span for field in fields for span in type_spans(field, last)]
        case Union():
            members = definition.members.values()
            return [
                span for member in members for span in spans(member.dated, {}, member.type, last)
            ]
        case Alias():
            return spans(ALWAYS, {}, definition.type, last)
        case _:
            return []
