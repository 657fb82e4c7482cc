"""What older readers are told instead of a newer value: is it older, and does the chain end at a value they know?"""

from __future__ import annotations

from rpcgen.idl.model import Enum, EnumMember, Interface
from rpcgen.idl.report import Report
from rpcgen.idl.spans import start_in
from rpcgen.idl.timeline import exists, spoken
from rpcgen.idl.version import Version


def check_fallbacks(interface: Interface, report: Report) -> None:
    """Report fallbacks that some reader would not know, either."""
    for enum in interface.types.values():
        if not isinstance(enum, Enum) or not enum.fallback:
            continue
        # One that was opened later has closed readers from before, who are told the fallback.
        if enum.open and not enum.open_since:
            report.error(
                "fallback-in-open",
                f'readers of the open enum "{enum.name}" keep a value that they do not know',
                enum.position,
                hint="remove the fallback, or do not open the enum",
            )
            continue
        for newer, older in enum.fallback.items():
            if newer in enum.members and older in enum.members:
                _check(enum, enum.members[newer], enum.members[older], interface, report)


def _check(
    enum: Enum, newer: EnumMember, older: EnumMember, interface: Interface, report: Report
) -> None:
    for last in spoken(interface):
        before = _before(enum, newer, last)
        if before is None:
            continue
        # A major that has neither is told what the older value's own fallback says.
        newer_starts, older_starts = (
            start_in(member.dated.since, last.major) is not None for member in (newer, older)
        )
        if not exists(older.dated, before) and (newer_starts or older_starts):
            message = f'readers of {before} do not know "{older.value}" either, which stands for "{newer.value}"'
            hint = "name a value that is older"
            report.error("fallback-newer", message, newer.position, hint=hint)
            return
        if older.value not in enum.fallback and _before(enum, older, last) is not None:
            message = f'"{older.value}", which stands for "{newer.value}", is not known from the start, and has no fallback'
            hint = f"add {older.value}: … to the fallback"
            report.error("fallback-unfinished", message, older.position, hint=hint)
            return


def _before(enum: Enum, member: EnumMember, last: Version) -> Version | None:
    """Return the last version of a major at which the enum exists without a value; None if there is none."""
    begin = start_in(enum.dated.since, last.major)
    start = start_in(member.dated.since, last.major)
    if begin is None or (start is not None and start <= begin):
        return None
    return last if start is None else Version(last.major, start - 1)
