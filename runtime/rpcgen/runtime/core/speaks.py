"""Which version a client speaks now, as its pin says. What the pin `auto` asks of the servers is in `fleet.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from rpcgen.runtime.core.pins import AUTO, Pin, Shape, resolve
from rpcgen.runtime.descriptor import Interface, Version

if TYPE_CHECKING:
    from rpcgen.runtime.core.fleet import Fleet


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
            from rpcgen.runtime.core.fleet import Fleet  # few programs pin to `auto`

            self._fleet = Fleet(self)
        return self._fleet


class Speaks:
    """The shape that a client, and all copies that `prepare()` makes of it, write for.

    Attributes:
        shape: the one of now.
        for_lost_casts: what a cast is written for that `shape` has no place for; None: it is refused.
        auto: whether the servers have a say.
        round: the shell's, while it asks the servers; None while it does not.
    """

    round: Any = None
    for_lost_casts: Shape | None = None

    def __init__(self, shapes: Shapes, version: Version | None = None) -> None:
        self._shapes = shapes
        self.auto = False
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
