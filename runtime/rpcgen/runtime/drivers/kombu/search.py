"""Looking for servers: asking until one answers, all have, or it has taken too long. Waits for nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING, Final

from rpcgen.runtime.errors import NotSent
from rpcgen.runtime.peers import Found, Peer
from rpcgen.runtime.target import Target

if TYPE_CHECKING:
    from rpcgen.runtime.drivers.kombu.courier import Courier

#: Seconds for which a server may leave a question unanswered, and after which it is asked again: what is told to all may pass
#: one by that is just connecting.
WINDOW: Final = 0.8
AGAIN: Final = 0.25


class Search:
    """As `runtime.courier.Search`.

    Args:
        courier: who asks.
    """

    def __init__(self, courier: Courier) -> None:
        self._courier = courier
        self._began: float | None = None
        self._asked = -inf

    def one(self, target: Target, now: float) -> Peer | None:
        """See `runtime.courier.Search.one`. Raises NotSent: there is none."""
        over = self._over(now)
        peer = self._courier.peer(target)
        if peer is None and over:
            raise self._nobody(target)
        return peer

    def every(self, target: Target, now: float) -> tuple[Sequence[Peer], Sequence[str]] | None:
        """See `runtime.courier.Search.every`. Raises NotSent: there is none."""
        if not self._over(now) or self._began is None:
            return None
        found, missing = self._courier.heard(target, self._began)
        if not found:
            raise self._nobody(target)
        return found, sorted(each.name for each in missing)

    def found(self, now: float) -> list[Found] | None:
        """All servers there are; None: not yet."""
        if not self._over(now) or self._began is None:
            return None
        text = self._courier.carrier.text
        return sorted(
            Found(exchange, topic, station.name, text)
            for station in self._courier.stations()
            for exchange, topic in station.topics
            if not station.gone
        )

    def pause(self) -> float:
        """See `runtime.courier.Search.pause`."""
        return AGAIN if self._courier.ready else inf

    def _over(self, now: float) -> bool:
        """Whether nobody else will answer; asks, if that is due. Raises RpcgenError: there will be no connection."""
        courier = self._courier
        if (hopeless := courier.hopeless()) is not None:
            raise hopeless
        if not courier.ready:
            self._began = None
            return False
        if self._began is None:
            self._began, self._asked = now, -inf
        if now - self._asked >= AGAIN:
            self._asked = now
            courier.ask()
        return courier.complete(self._began) or now - self._began >= WINDOW

    def _nobody(self, target: Target) -> NotSent:
        found, missing = self._courier.heard(target, inf)
        silent = sorted(each.name for each in (*found, *missing))
        what = f"; {', '.join(silent)} does not answer" if silent else ""
        return NotSent(f"nobody serves {target} at {self._courier.carrier.text}{what}")
