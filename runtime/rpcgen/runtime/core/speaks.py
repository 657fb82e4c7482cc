"""Which version a client speaks now: fixed by its pin, or the oldest of the servers that run (`auto`).

Knows no clock and asks nobody: the shells ask the servers when `due` says so, and tell `learn` what they heard.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from rpcgen.runtime.core.pins import AUTO, Pin, Shape, resolve
from rpcgen.runtime.descriptor import Interface, Version

#: Seconds for which what the servers said about themselves is taken as true.
AUTO_REFRESH = 30.0


class Shapes:
    """What one client and its copies have worked out, by pin.

    Args:
        interface: whose versions.
        gate: makes the lock behind which the servers are asked for the first time.
        refuse_lost_casts: what the client was told.
    """

    def __init__(
        self, interface: Interface, gate: Callable[[], Any], *, refuse_lost_casts: bool
    ) -> None:
        self.interface = interface
        self.gate = gate
        self.refuse_lost_casts = refuse_lost_casts
        self._by_pin: dict[Version | None, Shape] = {}

    def of(self, version: Version | None) -> Shape:
        """The shape of a pin."""
        shape = self._by_pin.get(version)
        if shape is None:
            shape = self._by_pin[version] = Shape(self.interface, version)
        return shape


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
        """The same with another pin; shapes that were used before are used again."""
        version = resolve(pin, self.interface)
        return Fleet(self._shapes) if version == AUTO else Speaks(self._shapes, version)

    def doubt(self) -> None:
        """A server refused our version."""


class Fleet(Speaks):
    """What the servers that run have in common."""

    auto = True

    def __init__(self, shapes: Shapes) -> None:
        super().__init__(shapes)
        #: Held by whoever asks the servers.
        self.gate = shapes.gate()
        if not shapes.refuse_lost_casts:
            self.for_lost_casts = shapes.of(None)
        self._known: dict[str, tuple[Version, ...]] = {}
        self._fresh_until: float | None = None

    @property
    def learned(self) -> bool:
        """Whether the servers were asked before."""
        return self._fresh_until is not None

    def due(self, now: float) -> bool:
        """Whether the servers have to be asked (again)."""
        return self._fresh_until is None or now >= self._fresh_until

    def doubt(self) -> None:
        """A server refused our version: what we know of the servers is no longer true."""
        if self._fresh_until is not None:
            self._fresh_until = 0.0

    def learn(
        self,
        listed: Iterable[str],
        heard: Mapping[str, tuple[Version, ...]],
        now: float,
    ) -> None:
        """Take what was found.

        Args:
            listed: the servers that can be found.
            heard: the versions of those that answered. One that did not, and had before, is believed to be as it was.
            now: monotonic seconds.
        """
        before = self._known
        self._known = {
            name: versions
            for name in listed
            if (versions := heard.get(name) or before.get(name)) is not None
        }
        self._fresh_until = now + AUTO_REFRESH
        self.shape = self._shapes.of(self._common())

    def _common(self) -> Version | None:
        """The newest version that we and all servers speak; a version that nobody speaks if there is none."""
        if not self._known:
            return None
        for version in reversed((*self.interface.serves, self.interface.version)):
            minors = [_minor(versions, version[0]) for versions in self._known.values()]
            known = [minor for minor in minors if minor is not None]
            if len(known) == len(minors):
                least = min(known)
                newest = version == self.interface.version and least >= version[1]
                return None if newest else (version[0], least)
        return min(versions[-1] for versions in self._known.values())


def _minor(versions: tuple[Version, ...], major: int) -> int | None:
    return next((minor for its_major, minor in versions if its_major == major), None)
