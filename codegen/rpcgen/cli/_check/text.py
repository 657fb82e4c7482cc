"""Judgements as people read them: the line, what it was, and what would make it pass."""

from __future__ import annotations

import shlex
from collections import Counter
from collections.abc import Iterator, Mapping

from rpcgen.cli._check.entries import as_entry, of_project
from rpcgen.cli._check.judge import Checked, Outcome
from rpcgen.cli._formats.entry import Entry, Level
from rpcgen.idl.compat import Finding
from rpcgen.idl.diagnostics import LINE_BREAK, excerpt, printable


def as_text(outcome: Outcome, *, everything: bool) -> str:
    """A block for each finding that asks for something, and a line for each file.

    Args:
        outcome: the judgement.
        everything: show what asks for nothing, too.
    """
    lines = _Lines(outcome.sources)
    blocks: list[str] = []
    for one in outcome.checked:
        for finding in one.check.findings:
            entry = as_entry(one, finding)
            if everything or entry.level != "note" or entry.waived:
                blocks.append("\n".join(lines.block(entry, finding)))
    for finding in outcome.project:
        blocks.append("\n".join(lines.block(of_project(outcome, finding), finding)))
    blocks.append("\n".join(summary(one) for one in outcome.checked))
    return "\n\n".join(blocks) + "\n"


class _Lines:
    """The lines of the files that places point into."""

    def __init__(self, sources: Mapping[str, str]) -> None:
        self._sources = sources
        self._split: dict[str, list[str]] = {}

    def of(self, file: str) -> list[str]:
        """The lines of a file; none if it is not known."""
        if file not in self._split:
            text = self._sources.get(file)
            self._split[file] = [] if text is None else LINE_BREAK.split(text)
        return self._split[file]

    def block(self, entry: Entry, finding: Finding) -> Iterator[str]:
        """One finding."""
        kind = "waived" if entry.waived else entry.level
        yield printable(f"{entry.place}: {kind}[{entry.rule}]: {entry.message}")
        yield from excerpt(self.of(entry.place.file), entry.place)
        yield from (f"  {printable(line)}" for line in self._details(entry, finding))
        if entry.waived:
            yield f"  waived {printable(entry.waived)}"
        elif entry.level == "error" and _can_be_waived(finding):
            yield f"  waive: fingerprint {entry.fingerprint}"

    def _details(self, entry: Entry, finding: Finding) -> Iterator[str]:
        """The details, with the line of the older file where that is known."""
        rest = list(entry.details)
        at = finding.was_at
        if at is not None and at.file in self._sources and finding.before:
            lines = self.of(at.file)
            if finding.against is not None and 1 <= at.line <= len(lines):
                rest[0] = f"{finding.against}: {lines[at.line - 1].strip()}"
        yield from rest


def _can_be_waived(finding: Finding) -> bool:
    """Whether it is something other than the version and the waivers themselves."""
    return finding.path != "version" and not finding.rule.startswith("waiver-")


def summary(one: Checked) -> str:
    """One line about a file."""
    check, base = one.check, one.baseline
    name = f"{check.interface.name} {check.interface.version}"
    if check.last is None:
        return (
            f"{name}: nothing was ever released (none in {base.origin}), so there is nothing to compare with; "
            f"`rpcgen release {shlex.quote(check.interface.source)}` keeps this version"
        )
    counts = Counter(
        as_entry(one, each).level for each in check.findings if each.fingerprint not in check.waived
    )
    words: dict[Level, str] = {"error": "error", "warning": "warning", "note": "change that passes"}
    told = [_counted(counts[key], word) for key, word in words.items() if counts[key]]
    told += [f"{len(check.waived)} waived"] if check.waived else []
    tally = f" ({', '.join(told)})" if told else ""
    nothing = "no other change" if check.waived else "no change"
    verdict = nothing if check.verdict == 0 else f"{check.verdict} changes"
    since = f"since {check.last} ({base.origin})"
    if not check.failed:
        return f"{name}: {verdict} {since}, and the version fits{tally}"
    if check.required == check.interface.version or check.required == check.last:
        return f"{name}: {verdict} {since}{tally}"
    return f"{name}: {verdict} {since}; the version has to be {check.required}{tally}"


def _counted(count: int, word: str) -> str:
    if count == 1:
        return f"1 {word}"
    first, _, rest = word.partition(" ")
    return f"{count} {first}s {rest.replace('passes', 'pass')}".rstrip()
