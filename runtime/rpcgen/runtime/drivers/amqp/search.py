"""Looking for servers: the broker knows them, so all that may be missing is a connection to it. Waits for nothing itself."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from typing import TYPE_CHECKING

from rpcgen.runtime.peers import Peer
from rpcgen.runtime.target import Target

if TYPE_CHECKING:
    from rpcgen.runtime.drivers.amqp.courier import Courier


class Search:
    """As `runtime.courier.Search`.

    Args:
        courier: who looks.
    """

    def __init__(self, courier: Courier) -> None:
        self._courier = courier

    def one(self, target: Target, now: float) -> Peer | None:
        """See `runtime.courier.Search.one`. Raises RpcgenError: there will be no connection."""
        peer = self._courier.peer(target)
        if peer is None and (hopeless := self._courier.hopeless()) is not None:
            raise hopeless
        return peer

    def every(self, target: Target, now: float) -> tuple[Sequence[Peer], Sequence[str]] | None:
        """See `runtime.courier.Search.every`: the broker does not say who they are."""
        peer = self.one(target, now)
        return None if peer is None else ([peer], ())

    def pause(self) -> float:
        """See `runtime.courier.Search.pause`."""
        return inf
