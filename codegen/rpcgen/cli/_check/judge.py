"""The judgement of interface files by their releases, with the project's waivers.

Reads files; says nothing. Formats show what comes of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

from rpcgen.cli._baseline.baseline import Baseline
from rpcgen.cli._baseline.choose import baseline, others
from rpcgen.cli._check.project import expired, removed, unused, valid
from rpcgen.cli._project.settings import Project, Waiver
from rpcgen.idl import Interface, Version
from rpcgen.idl.compat import Check, Finding, Verdict
from rpcgen.idl.compat import check as check_version
from rpcgen.idl.compat.lock import digest_of

if TYPE_CHECKING:
    from rpcgen.cli._examples.find import Example


@dataclass(frozen=True, slots=True)
class Checked:
    """One interface file.

    Attributes:
        check: the judgement.
        baseline: what it was judged by.
        waivers: those that hold, by fingerprint.
        examples: messages that show findings, by fingerprint.
    """

    check: Check
    baseline: Baseline
    waivers: Mapping[str, Waiver]
    examples: Mapping[str, Example] = field(default_factory=dict[str, "Example"])


@dataclass(frozen=True, slots=True)
class Outcome:
    """All files.

    Attributes:
        checked: one by one.
        project: what is wrong with the project: its waivers, and interfaces that are gone.
        waivers: those that hold for interfaces that are gone, by fingerprint.
        sources: the texts that places point into.
    """

    checked: tuple[Checked, ...]
    project: tuple[Finding, ...]
    waivers: Mapping[str, Waiver] = field(default_factory=dict[str, "Waiver"])
    sources: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def failed(self) -> bool:
        """Whether there is any error."""
        wrong = any(each.fingerprint not in self.waivers for each in self.project)
        return wrong or any(each.check.failed for each in self.checked)


@dataclass(frozen=True, slots=True)
class Settings:
    """What the files are judged by.

    Attributes:
        against: as on the command line; None: the lock folder.
        lock: the lock folder.
        roots: folders that old files may import from.
        project: whose waivers hold.
        whole: all files of the project are judged, so that a waiver without a finding is of no use.
        today: the day.
        cases: where messages are kept that have to be read.
        everything: changes that pass are shown, too.
    """

    against: str | None
    lock: Path
    roots: Sequence[str]
    project: Project | None
    whole: bool
    today: date
    cases: Path | None = None
    everything: bool = False

    def waived(self, interface: Interface | None) -> dict[str, Waiver]:
        """The project's waivers that hold for a file, or for what has none any more, by fingerprint."""
        every = self.project.waivers if self.project is not None else ()
        return valid(every, interface, self.today)


def judge(
    interfaces: Sequence[Interface], settings: Settings, sources: Mapping[str, str]
) -> Outcome:
    """Judge every file; raises Failure where the releases cannot be read."""
    project = settings.project
    every = project.waivers if project is not None else ()
    checked: list[Checked] = []
    over: dict[str, Finding] = {}
    texts = dict(sources)
    for interface in interfaces:
        waivers = settings.waived(interface)
        base = baseline(interface, settings.against, settings.lock, settings.roots)
        check = _judged(interface, base, waivers, settings.today)
        if settings.cases is not None:
            check = replace(
                check, findings=(*check.findings, *_kept(settings.cases, interface, base))
            )
        one = Checked(check, base, waivers, _examples(check, base, everything=settings.everything))
        texts = {**base.sources, **texts}
        checked.append(one)
        if project is not None:
            ended = expired(every, one.check.findings, interface, settings.today, project.file)
            over |= {each.fingerprint: each for each in ended}
    if project is not None and settings.whole:
        over |= {each.fingerprint: each for each in _of_all(project, checked, settings)}
    return Outcome(tuple(checked), tuple(over.values()), settings.waived(None), texts)


def _of_all(project: Project, checked: Sequence[Checked], settings: Settings) -> Iterator[Finding]:
    """Yield what all files of a project together lack: interfaces of the baseline, and uses of waivers."""
    known = {one.check.interface.name for one in checked}
    there = others(known, settings.against, settings.lock, settings.roots, project)
    gone = list(removed(there))
    yield from gone
    yield from expired(project.waivers, gone, None, settings.today, project.file)
    found = [*gone, *(each for one in checked for each in one.check.findings)]
    yield from unused(project.waivers, {each.fingerprint for each in found}, project.file)


def _examples(checked: Check, base: Baseline, *, everything: bool) -> dict[str, Example]:
    """Messages for what is shown; generated code is asked, so only where there is something to show."""
    asked: dict[Version, list[Finding]] = {}
    for finding in checked.findings:
        asks = checked.is_error(finding) or finding.fingerprint in checked.waived
        version = finding.against
        if (
            (asks or everything)
            and version is not None
            and version in base.releases
            and _wants_example(finding)
        ):
            asked.setdefault(version, []).append(finding)
    if not asked:
        return {}
    from rpcgen.cli._examples.find import examples

    found: dict[str, Example] = {}
    for version, findings in asked.items():
        found |= examples(base.releases[version], checked.interface, findings)
    return found


def _wants_example(finding: Finding) -> bool:
    change = finding.change
    in_payload = change is not None and bool(change.root.reader)
    return finding.wire == Verdict.MAJOR and not finding.unseen and in_payload


def _kept(folder: Path, interface: Interface, base: Baseline) -> list[Finding]:
    from rpcgen.cli._examples.kept import broken, kept

    return list(broken(kept(folder), interface, base.releases))


def _judged(
    interface: Interface, base: Baseline, waivers: Mapping[str, Waiver], today: date
) -> Check:
    """Judge a file; one that is a release, word for word, was judged when it was released."""
    releases, version = base.releases, interface.version
    newest = max((each for each in releases if each.major == version.major), default=None)
    if (
        version == newest
        and not base.rewritten
        and base.digests.get(version) == digest_of(interface)
    ):
        releases = {version: releases[version]}
    return check_version(
        interface, releases, rewritten=base.rewritten, waived=waivers.keys(), today=today
    )
