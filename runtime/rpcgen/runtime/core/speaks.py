"""Which version a client speaks now: fixed by its pin, or the oldest of the servers that run (`auto`).

Knows no clock and asks nobody: the shells ask the servers when `due` says so, and tell `learn` what they heard.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rpcgen.runtime.core.pins import AUTO, Pin, Shape, resolve
from rpcgen.runtime.core.versions.dates import dotted
from rpcgen.runtime.descriptor import Interface, Version

#: Seconds for which what the servers said about themselves is taken as true.
AUTO_REFRESH = 30.0

#: Seconds between two rounds of questions at least, whatever gives reason to doubt.
LEAST_PAUSE = 1.0


class Shapes:
    """What one client and its copies have worked out, by pin.

    Args:
        interface: whose versions.
        refuse_lost_casts: what the client was told.
    """

    def __init__(self, interface: Interface, *, refuse_lost_casts: bool) -> None:
        self.interface = interface
        self.refuse_lost_casts = refuse_lost_casts
        self._by_pin: dict[Version | None, Shape] = {}
        self._fleet: Fleet | None = None

    def of(self, version: Version | None) -> Shape:
        """The shape of a pin."""
        shape = self._by_pin.get(version)
        if shape is None:
            shape = self._by_pin[version] = Shape(self.interface, version)
        return shape

    def fresh(self) -> Shapes:
        """The same with nothing worked out."""
        return Shapes(self.interface, refuse_lost_casts=self.refuse_lost_casts)

    def fleet(self) -> Fleet:
        """What the running servers have in common, known once for all copies."""
        if self._fleet is None:
            self._fleet = Fleet(self)
        return self._fleet


class Speaks:
    """The shape that a client, and all copies that `prepare()` makes of it, write for.

    Attributes:
        shape: the one of now.
        for_lost_casts: what a cast is written for that `shape` has no place for; None: it is refused.
        auto: whether the servers have a say.
    """

    auto = False
    for_lost_casts: Shape | None = None

    def __init__(self, shapes: Shapes, version: Version | None = None) -> None:
        self._shapes = shapes
        self.shape = shapes.of(version)

    @property
    def interface(self) -> Interface:
        """Whose versions."""
        return self._shapes.interface

    def pinned(self, pin: Pin) -> Speaks:
        """The same with another pin; what was worked out before is used again."""
        version = resolve(pin, self.interface)
        return self._shapes.fleet() if version == AUTO else Speaks(self._shapes, version)

    def elsewhere(self) -> Speaks:
        """The same for other servers, or another encoding: nothing that was worked out is used."""
        return Speaks(self._shapes.fresh(), self.shape.pin)


class Fleet(Speaks):
    """What the servers that run have in common.

    Attributes:
        round: the shell's, while it asks the servers; None while it does not.
    """

    auto = True

    def __init__(self, shapes: Shapes) -> None:
        super().__init__(shapes)
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
