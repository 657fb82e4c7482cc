"""Judgements as entries for every format: what each finding asks for, and what would make it pass."""

from __future__ import annotations

from collections.abc import Iterable

from rpcgen.cli._check.judge import Checked, Outcome
from rpcgen.cli._formats.entry import Entry, Group, Level
from rpcgen.idl import Version
from rpcgen.idl.compat import Check, Finding, Verdict


def as_groups(outcome: Outcome) -> list[Group]:
    """A group for each file, and one for the project's waivers if something is wrong with them."""
    groups = [
        Group(
            one.check.interface.name,
            one.check.interface.source,
            [as_entry(one, finding) for finding in one.check.findings],
        )
        for one in outcome.checked
    ]
    if outcome.waivers:
        file = outcome.waivers[0].place.file
        groups.append(Group("waivers", file, [_of_waiver(each) for each in outcome.waivers]))
    return groups


def as_entry(one: Checked, finding: Finding) -> Entry:
    """The entry of a finding."""
    waiver = one.waivers.get(finding.fingerprint)
    return Entry(
        finding.rule,
        level(one.check, finding),
        finding.message,
        finding.place,
        details=tuple(details(one.check, finding)),
        fingerprint=finding.fingerprint,
        waived=f"until {waiver.until}: {waiver.reason}" if waiver is not None else "",
        group=one.check.interface.name,
        facts={
            "path": finding.path,
            "verdict": str(finding.verdict),
            "wire": str(finding.wire),
            "source": str(finding.source),
        },
    )


def _of_waiver(finding: Finding) -> Entry:
    hint = (f"or: {finding.instead}",) if finding.instead else ()
    return Entry(finding.rule, "error", finding.message, finding.place, hint, finding.fingerprint)


def level(check: Check, finding: Finding) -> Level:
    """Whether a finding asks for something."""
    if check.is_error(finding):
        return "error"
    return "warning" if check.is_warning(finding) else "note"


def details(check: Check, finding: Finding) -> Iterable[str]:
    """What there is to say besides the message, line by line."""
    if finding.before and finding.against is not None:
        yield f"{finding.against}: {finding.before}"
    if finding.unseen and finding.verdict == Verdict.MAJOR:
        yield f"no message shows it: {finding.unseen}"
    if finding.doubt:
        yield f"note: {finding.doubt}"
    if (text := needs(check, finding)) and check.is_error(finding):
        yield text


def needs(check: Check, finding: Finding) -> str:
    """What would make a finding pass."""
    bump = ""
    if finding.verdict > check.allowed and check.last is not None:
        bump = f"{finding.verdict} ({check.last} -> {_next(check.last, finding.verdict)})"
    if bump and finding.instead:
        return f"needs: {bump}; or: {finding.instead}"
    if bump:
        return f"needs: {bump}"
    return f"needs: {finding.instead}" if finding.instead else ""


def _next(version: Version, verdict: Verdict) -> Version:
    if verdict == Verdict.MAJOR:
        return Version(version.major + 1, 0)
    return Version(version.major, version.minor + 1)
