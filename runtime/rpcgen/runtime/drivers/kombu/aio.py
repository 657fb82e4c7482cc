"""The two sides for asyncio. The connections have threads of their own; what they bring enters the loop in batches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from math import inf
from time import monotonic
from typing import TypeVar

from rpcgen.runtime.aio.listening import AsyncDeskListener
from rpcgen.runtime.aio.threads import in_thread
from rpcgen.runtime.drivers.kombu.carriers.carrier import Carrier
from rpcgen.runtime.drivers.kombu.courier import Courier
from rpcgen.runtime.drivers.kombu.desk import Desk
from rpcgen.runtime.drivers.kombu.search import Search
from rpcgen.runtime.errors import DeadlineExceeded, NotSent, RpcgenError
from rpcgen.runtime.inbox import LoopInbox
from rpcgen.runtime.peers import Arrival, News, Outgoing, Peer
from rpcgen.runtime.target import Target

T = TypeVar("T")


class AsyncClient:
    """An `AsyncClientDriver`."""

    arrived: Callable[[Peer, News], None]

    def __init__(self, carrier: Carrier) -> None:
        self._loop = asyncio.get_running_loop()
        self._inbox: LoopInbox[Callable[[], None]] = LoopInbox(lambda act: act(), inf)
        self._courier = Courier(carrier, self._take, lambda: self._say(self._notify))
        self.counters = self._courier.counters
        self.peer = self._courier.peer
        self.send = self._courier.send
        self.cancel = self._courier.cancel
        self._seekers: set[asyncio.Future[None]] = set()

    def _take(self, arrival: Arrival) -> None:
        self._say(lambda: self.arrived(*arrival))

    def _say(self, act: Callable[[], None]) -> None:
        self._inbox.put(act)

    def _notify(self) -> None:
        for seeker in self._seekers:
            if not seeker.done():
                seeker.set_result(None)

    async def _search(self, look: Callable[[Search, float], T | None], timeout: float) -> T:
        search = Search(self._courier)
        end = monotonic() + timeout
        while True:
            # What changes from here on is told to it: that comes through the loop, where we are.
            seeker: asyncio.Future[None] = self._loop.create_future()
            self._seekers.add(seeker)
            try:
                now = monotonic()
                found = look(search, now)
                if found is not None:
                    return found
                if end <= now:
                    raise self._courier.unreachable()
                left = min(end - now, search.pause())
                await asyncio.wait([seeker], timeout=None if left == inf else left)
            finally:
                self._seekers.discard(seeker)

    async def route(self, target: Target, timeout: float) -> Peer:
        """See `AsyncClientDriver.route`."""
        return await self._search(lambda search, now: search.one(target, now), timeout)

    async def fanout(self, target: Target, timeout: float) -> tuple[Sequence[Peer], Sequence[str]]:
        """See `AsyncClientDriver.fanout`."""
        return await self._search(lambda search, now: search.every(target, now), timeout)

    async def post(self, peer: Peer, frame: bytes, message: Outgoing, timeout: float) -> None:
        """See `AsyncClientDriver.post`."""
        outcome: asyncio.Future[RpcgenError | None] = self._loop.create_future()

        def told(error: RpcgenError | None) -> None:
            if not outcome.done():
                outcome.set_result(error)

        job = self._courier.post(peer, frame, message, lambda error: self._say(lambda: told(error)))
        await asyncio.wait([outcome], timeout=None if timeout == inf else timeout)
        if not outcome.done():
            if self._courier.withdraw(job):
                raise NotSent(f"{peer.name}: it could not leave in time")
            raise DeadlineExceeded(f"{peer.name}: the transport has not taken it in time")
        if (error := outcome.result()) is not None:
            raise error

    async def close(self) -> None:
        """See `AsyncClientDriver.close`."""
        await in_thread(self._courier.close)
        self._notify()


class AsyncListener(AsyncDeskListener):
    """An `AsyncListener`."""

    def __init__(self, carrier: Carrier, targets: Sequence[Target], server: str) -> None:
        super().__init__(
            carrier.text, lambda take, unsent: Desk(carrier, targets, server, take, unsent)
        )
