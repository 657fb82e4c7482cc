"""What the servers that run have in common: the version that a client with the pin `auto` speaks.

Knows no clock and asks nobody: the shells ask the servers when `due` says so, and tell `learn` what they heard.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rpcgen.runtime.core.dates import dotted
from rpcgen.runtime.core.pins import Shape, Shapes, Speaks
from rpcgen.runtime.descriptor import Version

#: Seconds for which what the servers said about themselves is taken as true.
AUTO_REFRESH = 30.0

#: Seconds between two rounds of questions at least, whatever gives reason to doubt.
LEAST_PAUSE = 1.0


class Fleet(Speaks):
    """What the servers that run have in common."""

    def __init__(self, shapes: Shapes) -> None:
        super().__init__(shapes)
        self.auto = True
        if not shapes.refuse_lost_casts:
            self.for_lost_casts = shapes.of(None)
        self.round: Any = None
        self._known: dict[str, tuple[Version, ...]] = {}
        self._asked_at = 0.0
        self._fresh_until: float | None = None

    def elsewhere(self) -> Speaks:
        """What other servers have in common."""
        return self._shapes.fresh().fleet()

    @property
    def learned(self) -> bool:
        """Whether the servers were asked before."""
        return self._fresh_until is not None

    def due(self, now: float) -> bool:
        """Whether the servers have to be asked (again)."""
        return self._fresh_until is None or now >= self._fresh_until

    def doubt(self) -> None:
        """A server refused our version: what we know is no longer true. It is asked again, but not all the time."""
        if self._fresh_until is not None:
            self._fresh_until = min(self._fresh_until, self._asked_at + LEAST_PAUSE)

    def keep(self, now: float) -> None:
        """The servers could not be asked: what is known has to do for a while."""
        if self._fresh_until is not None:
            self._asked_at = now
            self._fresh_until = now + LEAST_PAUSE

    def learn(self, heard: Mapping[str, tuple[Version, ...] | None], now: float) -> None:
        """Take what was found.

        Args:
            heard: for each server that can be found, the versions that it serves, ascending; empty if it does not serve the
                interface; None if it did not answer: then it is believed to be as it was.
            now: monotonic seconds.
        """
        silent = False
        known: dict[str, tuple[Version, ...]] = {}
        for name, answer in heard.items():
            versions = self._known.get(name) if answer is None else answer
            silent = silent or versions is None
            if versions:
                known[name] = versions
        self._known = known
        self._asked_at = now
        # One that was never heard may be older than all others.
        self._fresh_until = now + (LEAST_PAUSE if silent else AUTO_REFRESH)
        self.shape = self._common()

    def _common(self) -> Shape:
        """The newest version that we and all servers speak."""
        if not self._known:
            return self._shapes.of(None)
        for version in reversed((*self.interface.serves, self.interface.version)):
            minors = [_minor(versions, version[0]) for versions in self._known.values()]
            known = [minor for minor in minors if minor is not None]
            if len(known) == len(minors):
                least = min(known)
                newest = version == self.interface.version and least >= version[1]
                return self._shapes.of(None if newest else (version[0], least))
        served = "; ".join(
            f"{name} {' and '.join(map(dotted, versions))}"
            for name, versions in sorted(self._known.items())[:8]
        )
        return Shape(
            self.interface,
            None,
            f"this client and the running servers have no version in common ({served})",
        )


def _minor(versions: tuple[Version, ...], major: int) -> int | None:
    return next((minor for its_major, minor in versions if its_major == major), None)
