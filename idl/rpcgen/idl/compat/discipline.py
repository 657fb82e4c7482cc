"""Whether the version in a file is the right one, by what changed since its releases.

Pure: the file's model and those of its releases in, findings out. It decides which version follows from what was found;
what a change costs is decided by the rules.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from rpcgen.idl.compat.change import Change, Root
from rpcgen.idl.compat.finding import Finding, judged
from rpcgen.idl.compat.history import Releases, compared, rewritten_history
from rpcgen.idl.compat.verdict import MAJOR, MINOR, NONE, Verdict
from rpcgen.idl.model import Interface
from rpcgen.idl.position import Position
from rpcgen.idl.version import Version


@dataclass(frozen=True, slots=True)
class Check:
    """What the check says of one file.

    Attributes:
        interface: the file.
        last: the release that decides about the version; None if nothing was ever released.
        verdict: of all that is not waived.
        required: the lowest version that fits.
        findings: all of them.
        waived: the fingerprints of those that are waived.
    """

    interface: Interface
    last: Version | None
    verdict: Verdict
    required: Version
    findings: tuple[Finding, ...]
    waived: frozenset[str]

    @property
    def allowed(self) -> Verdict:
        """What the version in the file allows."""
        if self.last is None or self.interface.version.major > self.last.major:
            return MAJOR
        return MINOR if self.interface.version > self.last else NONE

    def is_error(self, finding: Finding) -> bool:
        """Whether a finding makes the check fail."""
        if finding.fingerprint in self.waived:
            return False
        if finding.severity is not None:
            return finding.severity == "error"
        return finding.verdict > self.allowed

    def is_warning(self, finding: Finding) -> bool:
        """Whether a finding passes, with a doubt."""
        if self.is_error(finding) or finding.fingerprint in self.waived:
            return False
        return finding.severity == "warning" or bool(finding.doubt)

    @property
    def failed(self) -> bool:
        """Whether there is any error."""
        return any(map(self.is_error, self.findings))


def check(
    interface: Interface,
    releases: Releases,
    *,
    rewritten: Mapping[Version, Position] | None = None,
    waived: Collection[str] = (),
    today: date = date.min,
) -> Check:
    """Judge a file by its releases.

    Args:
        interface: the file.
        releases: what was released, by version.
        rewritten: releases whose text is not what was released, or which are gone, and where those are.
        waived: fingerprints of findings that ask for nothing.
        today: the day, by which majors may leave `serves`; without it, none may.
    """
    last = _last(interface.version, releases)
    found = [*rewritten_history(interface, rewritten or {}, releases)]
    if last is not None:
        found += compared(interface, releases, last, today)
    asking = [each for each in found if each.fingerprint not in waived]
    verdict = max((each.verdict for each in asking), default=NONE)
    required = _required(last, verdict) if last is not None else interface.version
    found += _of_version(interface, releases, last, verdict, required)
    known = frozenset(waived) & {each.fingerprint for each in found}
    return Check(interface, last, verdict, required, _ordered(found), known)


def _last(version: Version, releases: Releases) -> Version | None:
    """The newest release of the version's major; of a major before, where this one is new."""
    same = [each for each in releases if each.major == version.major]
    before = [each for each in releases if each.major < version.major]
    return max(same or before or releases, default=None)


def _required(last: Version, verdict: Verdict) -> Version:
    return {
        NONE: last,
        MINOR: Version(last.major, last.minor + 1),
        MAJOR: Version(last.major + 1, 0),
    }[verdict]


def _ordered(found: Iterable[Finding]) -> tuple[Finding, ...]:
    best: dict[str, Finding] = {}
    for finding in found:
        known = best.get(finding.fingerprint)
        if known is None or finding.weight > known.weight:
            best[finding.fingerprint] = finding
    return tuple(sorted(best.values(), key=lambda f: (f.place, f.rule, f.path)))


def _of_version(
    interface: Interface,
    releases: Releases,
    last: Version | None,
    verdict: Verdict,
    required: Version,
) -> Iterator[Finding]:
    """Yield what is wrong with the version itself."""
    action = _version_action(interface.version, releases, last, verdict)
    if action is None or last is None:
        return
    change = Change(
        *action,
        Root(),
        "version",
        interface.version_at,
        before=str(last),
        after=str(interface.version),
        told=str(required),
        name=str(verdict),
    )
    yield judged(change, interface.name)


def _version_action(
    version: Version, releases: Releases, last: Version | None, verdict: Verdict
) -> tuple[str, str] | None:
    """Return the axes of what is wrong with a version; the first that fits."""
    if last is None:
        return None
    if version < last:
        return ("version", "decreased")
    if version == last:
        return ("version", "not-bumped") if verdict > NONE else None
    if version.major == last.major:
        if verdict == MAJOR:
            return ("bump", "too-small")
        return ("version", "skipped") if version.minor > last.minor + 1 else None
    if version != Version(last.major + 1, 0):
        return ("version", "skipped")
    return ("bump", "too-big") if verdict < MAJOR else None
