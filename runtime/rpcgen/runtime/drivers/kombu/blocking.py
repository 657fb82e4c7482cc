"""The two sides for threads."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from math import inf
from time import monotonic
from typing import TypeVar

from rpcgen.runtime.blocking.listening import DeskListener
from rpcgen.runtime.drivers.kombu.carriers.carrier import Carrier
from rpcgen.runtime.drivers.kombu.courier import Courier
from rpcgen.runtime.drivers.kombu.desk import Desk
from rpcgen.runtime.drivers.kombu.search import Search
from rpcgen.runtime.errors import DeadlineExceeded, NotSent, RpcgenError
from rpcgen.runtime.inbox import ThreadInbox
from rpcgen.runtime.peers import Arrival, Found, Outgoing, Peer
from rpcgen.runtime.target import Target

T = TypeVar("T")


class BlockingClient:
    """A `ClientDriver`."""

    def __init__(self, carrier: Carrier) -> None:
        self._inbox: ThreadInbox[Arrival] = ThreadInbox(inf)
        self._changed = threading.Condition()
        self._changes = 0
        self._courier = Courier(carrier, self._inbox.put, self._notify)
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

    def _search(self, look: Callable[[Search, float], T | None], timeout: float) -> T:
        search = Search(self._courier)
        end = monotonic() + timeout
        while True:
            before = self._changes
            now = monotonic()
            found = look(search, now)
            if found is not None:
                return found
            left = min(end - now, search.pause())
            if end <= now:
                raise self._courier.unreachable()
            with self._changed:
                if self._changes == before:
                    self._changed.wait(min(left, threading.TIMEOUT_MAX))

    def route(self, target: Target, timeout: float) -> Peer:
        """See `ClientDriver.route`."""
        return self._search(lambda search, now: search.one(target, now), timeout)

    def fanout(self, target: Target, timeout: float) -> tuple[Sequence[Peer], Sequence[str]]:
        """See `ClientDriver.fanout`."""
        return self._search(lambda search, now: search.every(target, now), timeout)

    def found(self, timeout: float) -> list[Found]:
        """All servers there are. Raises NotSent."""
        return self._search(lambda search, now: search.found(now), timeout)

    def post(self, peer: Peer, frame: bytes, message: Outgoing, timeout: float) -> None:
        """See `ClientDriver.post`."""
        outcome: list[RpcgenError | None] = []
        told = threading.Event()

        def settled(error: RpcgenError | None) -> None:
            outcome.append(error)
            told.set()

        job = self._courier.post(peer, frame, message, settled)
        if not told.wait(min(timeout, threading.TIMEOUT_MAX)):
            if self._courier.withdraw(job):
                raise NotSent(f"{peer.name}: it could not leave in time")
            raise DeadlineExceeded(f"{peer.name}: the transport has not taken it in time")
        if (error := outcome[0]) is not None:
            raise error

    def close(self) -> None:
        """See `ClientDriver.close`."""
        self._courier.close()
        self._notify()
        self._inbox.wake()


class BlockingListener(DeskListener):
    """A `Listener`."""

    def __init__(self, carrier: Carrier, targets: Sequence[Target], server: str) -> None:
        super().__init__(
            carrier.text, lambda take, unsent: Desk(carrier, targets, server, take, unsent)
        )


def discover(carrier: Carrier, timeout: float) -> list[Found]:
    """As `DriverModule.discover`. Raises NotSent."""
    client = BlockingClient(carrier)
    try:
        return client.found(timeout)
    finally:
        client.close()
