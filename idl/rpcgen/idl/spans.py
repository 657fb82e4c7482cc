"""One major at a time: from which minor to which something exists, and what it was meanwhile.

All versions of a major are released ones here, and dates ascend, as they do in the model. It knows no rule.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Generic, TypeVar

from rpcgen.idl.model import Dated
from rpcgen.idl.version import Version

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Span(Generic[T]):
    """What something is from the minor `begin` to before the minor `end`."""

    begin: int
    end: int
    what: T


def start_in(since: Iterable[Version], major: int) -> int | None:
    """Return the first minor of a major at which something dated `since` exists; None: it has not begun there."""
    latest = None
    for bound in since:
        if bound.major == major:
            return bound.minor
        latest = bound
    return 0 if latest is None or latest.major < major else None


def end_in(until: Iterable[Version], last: Version) -> int:
    """Return the first minor at which something dated `until` is gone; after the last minor if it is not."""
    latest = None
    for bound in until:
        if bound.major == last.major:
            return min(bound.minor, last.minor + 1)
        latest = bound
    return 0 if latest is not None and latest.major < last.major else last.minor + 1


def telling(versions: tuple[Version, ...], dates: Iterable[Version]) -> list[Version]:
    """Return those of some ascending versions whose majors differ: dates lie in one, or between it and the one before."""
    majors = [version.major for version in versions]
    chosen = {0}
    for date in dates:
        place = bisect_left(majors, date.major)
        chosen |= {place, place + 1}
    return [version for place, version in enumerate(versions) if place in chosen]


def spans(dated: Dated, history: Mapping[Version, T], now: T, last: Version) -> list[Span[T]]:
    """Return what something is within the major of `last`, by a history of what it was *until* each version."""
    begin, end = start_in(dated.since, last.major), end_in(dated.until, last)
    if begin is None or begin >= end:
        return []
    if not history:
        return [Span(begin, end, now)]
    found: list[Span[T]] = []
    low = 0
    for bound in sorted(history):
        if bound.major >= last.major and low <= last.minor:
            high = bound.minor if bound.major == last.major else last.minor + 1
            found.append(Span(max(low, begin), min(high, end), history[bound]))
            low = high
    found.append(Span(max(low, begin), end, now))
    return [span for span in found if span.begin < span.end]
