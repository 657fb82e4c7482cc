"""Dates against each other: what is newer than the thing it belongs to must be possible to leave out.

A message of an older version lacks what is newer. If callers had to give it, a client pinned to the older version
could not call at all. Results and events are read tolerantly and are not concerned.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapify, heappop, heappush

from rpcgen.idl.model import ALWAYS, Alias, Dated, Field, Interface, Method, Struct, TypeExpr, Union
from rpcgen.idl.report import Report
from rpcgen.idl.resolve import all_fields, is_required, names_in
from rpcgen.idl.version import Version

_HINT = "make it nullable (T?), or give it a default or a constant"


def check_dating(interface: Interface, report: Report) -> None:
    """Report arguments and fields that older callers cannot give, and types that are newer than their use."""
    for method in interface.methods.values():
        for argument in method.args.values():
            _check_argument(argument, method, interface, report)
    _check_fields(interface, report)
    _check_types(interface, report)


def _check_argument(argument: Field, method: Method, interface: Interface, report: Report) -> None:
    if not argument.dated.since or not is_required(argument, interface.types):
        return
    for begin in argument.dated.since:
        start = _start(method.dated, begin.major)
        if start is not None and begin > start:
            message = f'the argument "{argument.name}" is newer ({begin}) than the method "{method.name}" ({start})'
            report.error(
                "required-arg-newer",
                f"{message}, and callers must give it",
                argument.position,
                hint=_HINT,
            )
            return
    first = argument.dated.since[0].major
    older = [served for served in interface.serves if served.major < first]
    if any(_start(method.dated, served.major) is not None for served in older):
        message = f'the argument "{argument.name}" is new in {argument.dated.since[0]}, and {older[-1]} is still served'
        report.error("required-arg-newer", f"{message} without it", argument.position, hint=_HINT)


def _start(dated: Dated, major: int) -> Version | None:
    """Return when something began within a major; None if it did not exist there."""
    if not dated.since:
        return Version(major, 0)
    own = next((version for version in dated.since if version.major == major), None)
    if own is not None:
        return own
    return Version(major, 0) if dated.since[0].major < major else None


def _check_fields(interface: Interface, report: Report) -> None:
    """Report required fields of requests that are newer than something that leads to them."""
    suspects = [
        (field, begin)
        for struct in interface.types.values()
        if isinstance(struct, Struct)
        for field in struct.fields.values()
        for begin in field.dated.since
        if begin.minor > 0 and is_required(field, interface.types)
    ]
    for major in sorted({begin.major for _, begin in suspects}):
        entered = _entered(interface, major)
        for struct in interface.types.values():
            if not isinstance(struct, Struct) or struct.name not in entered:
                continue
            for field in all_fields(struct, interface.types).values():
                begin = next(
                    (version for version in field.dated.since if version.major == major), None
                )
                if (
                    begin is not None
                    and begin > entered[struct.name]
                    and is_required(field, interface.types)
                ):
                    message = f'the field "{field.name}" is newer ({begin}) than requests with "{struct.name}"'
                    report.error(
                        "required-field-newer",
                        f"{message} ({entered[struct.name]}), and callers must give it",
                        field.position,
                        hint="make it nullable (T?), or give it a default",
                    )


def _entered(interface: Interface, major: int) -> dict[str, Version]:
    """Return, for each type that requests of a major can hold, the lowest version that can hold it."""
    entered: dict[str, Version] = {}
    waiting: list[tuple[Version, str]] = []
    for method in interface.methods.values():
        start = _start(method.dated, major)
        if start is None:
            continue
        for argument in method.args.values():
            begin = _start(argument.dated, major)
            if begin is not None:
                waiting += [(max(start, begin), name) for name in names_in(argument.type)]
    heapify(waiting)
    # The lowest version first, so that each type is entered once.
    while waiting:
        at, name = heappop(waiting)
        if name not in interface.types or name in entered:
            continue
        entered[name] = at
        for type_, dated in _uses(interface, name):
            begin = _start(dated, major)
            if begin is not None:
                for inner in names_in(type_):
                    heappush(waiting, (max(at, begin), inner))
    return entered


def _uses(interface: Interface, name: str) -> Iterator[tuple[TypeExpr, Dated]]:
    """Yield the types that a type is made of, each with its dates."""
    definition = interface.types[name]
    if isinstance(definition, Struct):
        yield from (
            (field.type, field.dated) for field in all_fields(definition, interface.types).values()
        )
    elif isinstance(definition, Union):
        yield from ((member.type, member.dated) for member in definition.members.values())
    elif isinstance(definition, Alias):
        yield definition.type, ALWAYS


def _check_types(interface: Interface, report: Report) -> None:
    """Report types that say they are newer than an argument, a field or an event that uses them."""
    dated = {name: type_.dated for name, type_ in interface.types.items() if type_.dated.since}
    if not dated:
        return
    for field, outer in _members(interface):
        for name in names_in(field.type):
            for begin in dated[name].since if name in dated else ():
                start = _start(field.dated, begin.major)
                start = (
                    max(start, _start(outer, begin.major) or start) if start is not None else None
                )
                if start is not None and begin > start:
                    message = f'the type "{name}" began at {begin}, after "{field.name}" ({start}), which uses it'
                    report.error("since-nested", message, field.position)


def _members(interface: Interface) -> Iterator[tuple[Field, Dated]]:
    for method in interface.methods.values():
        yield from ((argument, method.dated) for argument in method.args.values())
    for struct in interface.types.values():
        if isinstance(struct, Struct):
            yield from ((field, struct.dated) for field in struct.fields.values())
