"""Versions and bounds.

"Bounds across majors: a bound of the message's own major goes first, otherwise the closest later one."
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeVar

from rpcgen.idl.model import Dated, Interface
from rpcgen.idl.version import Version

T = TypeVar("T")


def spoken(interface: Interface) -> dict[int, Version]:
    """The last minor of every major that is spoken."""
    return {last.major: last for last in (*interface.serves, interface.version)}


def shape_version(interface: Interface, pin: Version | None) -> Version | None:
    """V4: without a pin the file's version; with one the lower of it and the last minor of its major."""
    if pin is None:
        return interface.version
    last = spoken(interface).get(pin.major)
    return None if last is None else min(pin, last)


def begun(since: Iterable[Version], at: Version) -> bool:
    """Whether something is there at a version: `since` is the first with it."""
    bounds = tuple(since)
    for bound in bounds:
        if bound.major == at.major:
            return at >= bound
    # "A bound of the message's own major goes first, otherwise the closest later one."
    return not any(bound.major > at.major for bound in bounds)


def ended(until: Iterable[Version], at: Version) -> bool:
    """Whether something is gone at a version: `until` is the first without it."""
    bounds = tuple(until)
    for bound in bounds:
        if bound.major == at.major:
            return at >= bound
    return bool(bounds) and not any(bound.major > at.major for bound in bounds)


def exists(dated: Dated, at: Version) -> bool:
    """Whether something is there at a version."""
    return begun(dated.since, at) and not ended(dated.until, at)


def needed(since: Iterable[Version], at: Version) -> Version | None:
    """The bound to name for something that has not begun; None: it was there before, and has ended."""
    later = [bound for bound in since if bound > at]
    own = [bound for bound in later if bound.major == at.major]
    return min(own or later, default=None)


def starts_later(part: Dated, whole: Dated, interface: Interface) -> bool:
    """Whether some version that is spoken has the whole and not yet the part."""
    for last in spoken(interface).values():
        for minor in range(last.minor + 1):
            at = Version(last.major, minor)
            if exists(whole, at) and not begun(part.since, at):
                return True
    return False


def pending(history: Mapping[Version, T], at: Version) -> list[tuple[Version, T]]:
    """The changes that have not happened yet at a version, the next one first: what it was until each."""
    return sorted(
        ((bound, was) for bound, was in history.items() if bound > at), key=lambda c: c[0]
    )
