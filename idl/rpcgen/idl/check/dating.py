"""Dates against each other: what is newer than the thing it belongs to must be possible to leave out."""

from __future__ import annotations

from rpcgen.idl.model import Dated, Field, Interface
from rpcgen.idl.report import Report
from rpcgen.idl.resolve import is_required
from rpcgen.idl.version import Version


def check_dating(interface: Interface, report: Report) -> None:
    """Report arguments that older callers cannot give."""
    for method in interface.methods.values():
        for argument in method.args.values():
            newer = newer_than(argument.dated, method.dated)
            if newer is not None and is_required(argument, interface.types):
                _required(argument, newer, method.name, report)


def newer_than(dated: Dated, inside: Dated) -> Version | None:
    """Return the date at which something joined what existed before, within one major."""
    for begin in dated.since:
        outer = next((v for v in inside.since if v.major == begin.major), Version(begin.major, 0))
        if begin > outer:
            return begin
    return None


def _required(argument: Field, newer: Version, method: str, report: Report) -> None:
    report.error(
        "required-arg-newer",
        f'the argument "{argument.name}" is newer ({newer}) than the method "{method}", and callers must give it',
        argument.position,
        hint="make it nullable (T?), or give it a default or a constant",
    )
