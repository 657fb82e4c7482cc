"""What a file changed of what was released: which releases are looked at, and what of it is news.

A break that is part of a release is a fact, and is not told again. It knows no rule, and not which version follows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date

from rpcgen.idl.compat.change import Change, Root
from rpcgen.idl.compat.compare import Newer
from rpcgen.idl.compat.finding import Finding, judged
from rpcgen.idl.compat.verdict import MAJOR, NONE
from rpcgen.idl.model import Interface
from rpcgen.idl.position import Position
from rpcgen.idl.version import Version

Releases = Mapping[Version, Interface]


def compared(interface: Interface, releases: Releases, last: Version, today: date) -> list[Finding]:
    """Return what is to be said of a file; `last` is the release that decides about its version."""
    newer, before = Newer(interface), Newer(releases[last])
    found = [*_changed(newer, releases, before)]
    told = {each.path for each in found if each.severity == "error"}
    # Where a release shows that a date is wrong, its being another one than before is not told besides.
    found = [each for each in found if each.rule != "since-changed" or each.path not in told]
    broken = (*_views(newer, releases, before), *_short_views(interface, releases))
    found += [each for each in broken if each.path.partition(" ")[0] not in told]
    return [*found, *_dropped(interface, releases, last, today)]


def rewritten_history(
    interface: Interface, places: Mapping[Version, Position], releases: Releases
) -> Iterator[Finding]:
    """Yield the releases whose text is not what was released, and those that are not there any more."""
    for version, place in sorted(places.items()):
        after = "changed" if version in releases else "gone"
        path = f"release {version}"
        change = Change("history", "rewritten", Root(), path, place, name=str(version), after=after)
        yield judged(change, interface.name)


def _changed(newer: Newer, releases: Releases, before: Newer) -> Iterator[Finding]:
    """Yield what changed since the last release, and what breaks earlier ones of its major although the last is fine."""
    last = before.interface
    found = {each.fingerprint: each for each in newer.compare(last, dates=True).findings}
    yield from found.values()
    if last.version.major != newer.interface.version.major:
        return
    for version, release in sorted(releases.items()):
        if version.major != last.version.major or version == last.version:
            continue
        grave = [each for each in newer.compare(release).findings if _is_grave(each)]
        news = [each for each in grave if not _is_known(each, found)]
        released = before.compare(release).findings if news else ()
        facts = {each.fingerprint: each for each in released}
        for finding in news:
            if not _is_known(finding, facts):
                yield finding
                if finding.verdict == MAJOR:
                    texts = str(version), str(last.version)
                    yield _about(newer, "pairwise-ok", "transitive-bad", finding, texts)


def _is_grave(finding: Finding) -> bool:
    return finding.verdict == MAJOR or finding.severity == "error"


def _is_known(finding: Finding, among: Mapping[str, Finding]) -> bool:
    known = among.get(finding.fingerprint)
    return known is not None and known.verdict >= finding.verdict


def _views(newer: Newer, releases: Releases, before: Newer) -> Iterator[Finding]:
    """Yield where what the file says of a major that it still serves is not what was released."""
    served = {version.major for version in newer.interface.serves}
    was_served = {version.major for version in (*before.interface.serves, before.interface.version)}
    for version, release in sorted(releases.items()):
        if version.major not in served:
            continue
        broken = [each for each in newer.misstated(release) if each.wire > NONE]
        if broken and version.major in was_served:
            facts = {each.fingerprint for each in before.misstated(release)}
            broken = [each for each in broken if each.fingerprint not in facts]
        for finding in broken:
            yield _about(newer, "served-view", "broken", finding, (str(version), str(version)))


def _short_views(interface: Interface, releases: Releases) -> Iterator[Finding]:
    """Yield the majors that are not served up to their last release, or to one that never was."""
    for version in interface.serves:
        newest = max((each for each in releases if each.major == version.major), default=version)
        if newest != version:
            path = f"serves {version}"
            place = interface.places.get(path, interface.version_at)
            texts = str(version), str(newest)
            change = Change(
                "served-view", "broken", Root(), path, place, name=texts[0], after=texts[1]
            )
            yield judged(change, interface.name)


def _dropped(
    interface: Interface, releases: Releases, last: Version, today: date
) -> Iterator[Finding]:
    """Yield the majors that the file no longer serves, where its releases ever served two and did not say it."""
    if not any(release.serves for release in releases.values()):
        return
    now = {version.major for version in (*interface.serves, interface.version)}
    for version in (*releases[last].serves, last):
        until = releases[last].supported_until.get(version.major)
        is_over = until is not None and until < today
        if version.major not in now and version.major < interface.version.major and not is_over:
            path = f"major {version.major}"
            place = interface.places.get("serves", interface.version_at)
            change = Change("major", "dropped", Root(), path, place, before=str(version))
            yield judged(change, interface.name)


def _about(
    newer: Newer, subject: str, action: str, finding: Finding, versions: tuple[str, str]
) -> Finding:
    """Return a finding about another one, at the same place."""
    change = Change(
        subject,
        action,
        Root(),
        f"{finding.path} {finding.rule}",
        finding.place,
        name=versions[0],
        after=finding.message,
        was_at=finding.was_at,
        told=versions[1],
    )
    return judged(change, newer.interface.name, finding.against)
