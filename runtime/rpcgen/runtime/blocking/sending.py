"""A `ClientDriver` that faces a courier with threads of its own. Knows no transport."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from math import inf
from time import monotonic
from typing import TypeVar

from rpcgen.runtime.courier import Begin, OpenCourier, withdrawn
from rpcgen.runtime.errors import RpcgenError
from rpcgen.runtime.inbox import ThreadInbox
from rpcgen.runtime.outgoing import Outgoing
from rpcgen.runtime.peers import Arrival, Peer
from rpcgen.runtime.target import Target

T = TypeVar("T")


class CourierClient:
    """A `ClientDriver`; drivers say how its courier is opened.

    Args:
        open_courier: makes what stands behind it.
    """

    def __init__(self, open_courier: OpenCourier) -> None:
        self._inbox: ThreadInbox[Arrival] = ThreadInbox(inf)
        self._changed = threading.Condition()
        self._changes = 0
        self._courier = open_courier(self._inbox.put, self._notify)
        self.counters = self._courier.counters
        self.poll = self._inbox.poll
        self.wake = self._inbox.wake
        self.peer = self._courier.peer
        self.send = self._courier.send
        self.cancel = self._courier.cancel

    def _notify(self) -> None:
        with self._changed:
            self._changes += 1
            self._changed.notify_all()

    def route(self, target: Target, timeout: float) -> Peer:
        """See `ClientDriver.route`."""
        search = self._courier.search()
        return self._seek(lambda now: search.one(target, now), search.pause, timeout)

    def fanout(self, target: Target, timeout: float) -> tuple[Sequence[Peer], Sequence[str]]:
        """See `ClientDriver.fanout`."""
        search = self._courier.search()
        return self._seek(lambda now: search.every(target, now), search.pause, timeout)

    def _seek(
        self, look: Callable[[float], T | None], pause: Callable[[], float], timeout: float
    ) -> T:
        """Look whenever something has changed, or a pause is over, until something is found."""
        end = monotonic() + timeout
        while True:
            before = self._changes
            now = monotonic()
            found = look(now)
            if found is not None:
                return found
            if end <= now:
                raise self._courier.unreachable()
            left = min(end - now, pause(), threading.TIMEOUT_MAX)
            with self._changed:
                if self._changes == before:
                    self._changed.wait(left)

    def post(self, peer: Peer, frame: bytes, message: Outgoing, timeout: float) -> None:
        """See `ClientDriver.post`."""
        wait_until_settled(
            lambda settled: self._courier.post(peer, frame, message, settled), timeout, peer.name
        )

    def close(self) -> None:
        """See `ClientDriver.close`."""
        self._courier.close()
        self._notify()
        self._inbox.wake()


def wait_until_settled(begin: Begin, timeout: float, name: str) -> None:
    """Send a message to `name`, and wait at most `timeout` seconds for what becomes of it. Raises RpcgenError."""
    outcome: list[RpcgenError | None] = []
    told = threading.Event()

    def settled(error: RpcgenError | None) -> None:
        outcome.append(error)
        told.set()

    withdraw = begin(settled)
    if withdraw is None:
        return
    if not told.wait(min(timeout, threading.TIMEOUT_MAX)):
        raise withdrawn(name, withdraw)
    if (error := outcome[0]) is not None:
        raise error
