"""Judgements as entries for every format: what each finding asks for, and what would make it pass."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from rpcgen.cli._check.judge import Checked, Outcome
from rpcgen.cli._formats.entry import Entry, Group, Level
from rpcgen.idl import Version
from rpcgen.idl.compat import Check, Finding, Verdict

if TYPE_CHECKING:
    from rpcgen.cli._examples.find import Example
    from rpcgen.cli._project.settings import Waiver


def as_groups(outcome: Outcome) -> list[Group]:
    """A group for each file, and one for the project if something is wrong with it."""
    groups = [
        Group(
            one.check.interface.name,
            one.check.interface.source,
            [as_entry(one, finding) for finding in one.check.findings],
        )
        for one in outcome.checked
    ]
    if outcome.project:
        file = outcome.project[0].place.file
        entries = [of_project(outcome, each) for each in outcome.project]
        groups.append(Group("the project", file, entries))
    return groups


def as_entry(one: Checked, finding: Finding) -> Entry:
    """The entry of a finding."""
    waiver = one.waivers.get(finding.fingerprint)
    return Entry(
        finding.rule,
        level(one.check, finding),
        finding.message,
        finding.place,
        details=tuple(details(one, finding)),
        fingerprint=finding.fingerprint,
        waived=_why(waiver),
        group=one.check.interface.name,
        facts={
            "path": finding.path,
            "verdict": str(finding.verdict),
            "wire": str(finding.wire),
            "source": str(finding.source),
        },
    )


def of_project(outcome: Outcome, finding: Finding) -> Entry:
    """The entry of what is wrong with a project."""
    waiver = outcome.waivers.get(finding.fingerprint)
    return Entry(
        finding.rule,
        "error" if waiver is None else "note",
        finding.message,
        finding.place,
        details=(f"needs: {finding.instead}",) if finding.instead and waiver is None else (),
        fingerprint=finding.fingerprint,
        waived=_why(waiver),
    )


def _why(waiver: Waiver | None) -> str:
    return f"until {waiver.until}: {waiver.reason}" if waiver is not None else ""


def level(check: Check, finding: Finding) -> Level:
    """Whether a finding asks for something."""
    if check.is_error(finding):
        return "error"
    return "warning" if check.is_warning(finding) else "note"


def details(one: Checked, finding: Finding) -> Iterable[str]:
    """What there is to say besides the message, line by line."""
    check = one.check
    if finding.before and finding.against is not None:
        yield f"{finding.against}: {finding.before}"
    example = one.examples.get(finding.fingerprint)
    if example is not None:
        yield f"a {reader_of(one, finding, example)} fails on {example.text}: {example.failure}"
    elif finding.verdict == Verdict.MAJOR:
        yield f"no message shows it: {unseen(finding)}"
    if finding.doubt:
        yield f"note: {finding.doubt}"
    if (text := needs(check, finding)) and check.is_error(finding):
        yield f"needs: {text}"


def unseen(finding: Finding) -> str:
    """Why no message shows a finding that costs a major."""
    if finding.unseen:
        return finding.unseen
    if finding.wire == Verdict.MAJOR and finding.change is not None and finding.change.root.reader:
        return "what was tried can be read by both sides; programs see something else"
    return "it is not in a payload"


_READERS = {"request": "server", "result": "client", "error": "client", "event": "subscriber"}
_WRITERS = {"request": "client", "result": "server", "error": "server", "event": "publisher"}


def reader_of(one: Checked, finding: Finding, example: Example) -> str:
    """Who fails, such as `1.0 client`."""
    return f"{_version(one, finding, example.reader)} {_READERS[example.root.reader]}"


def writer_of(one: Checked, finding: Finding, example: Example) -> str:
    """Who writes it, such as `1.1 server`."""
    return f"{_version(one, finding, example.writer)} {_WRITERS[example.root.reader]}"


def _version(one: Checked, finding: Finding, side: str) -> str:
    return str(finding.against if side == "old" else one.check.interface.version)


def needs(check: Check, finding: Finding) -> str:
    """What would make a finding pass; nothing if nothing does."""
    bump = ""
    if finding.verdict > check.allowed and check.last is not None:
        bump = f"{finding.verdict} ({check.last} -> {_next(check.last, finding.verdict)})"
    if bump and finding.instead:
        return f"{bump}; or: {finding.instead}"
    return bump or finding.instead


def _next(version: Version, verdict: Verdict) -> Version:
    if verdict == Verdict.MAJOR:
        return Version(version.major + 1, 0)
    return Version(version.major, version.minor + 1)
