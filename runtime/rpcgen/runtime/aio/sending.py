"""An `AsyncClientDriver` that faces a courier with threads of its own; what these bring enters the loop in batches.

Knows no transport.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from math import inf
from time import monotonic
from typing import TypeVar

from rpcgen.runtime.aio.loops import in_thread
from rpcgen.runtime.courier import Begin, OpenCourier, withdrawn
from rpcgen.runtime.errors import RpcgenError
from rpcgen.runtime.inbox import LoopInbox
from rpcgen.runtime.outgoing import Outgoing
from rpcgen.runtime.peers import Arrival, News, Peer
from rpcgen.runtime.target import Target

T = TypeVar("T")


class AsyncCourierClient:
    """An `AsyncClientDriver`; drivers say how its courier is opened.

    Args:
        open_courier: makes what stands behind it; called in the loop.
    """

    arrived: Callable[[Peer, News], None]

    def __init__(self, open_courier: OpenCourier) -> None:
        self._loop = asyncio.get_running_loop()
        self._inbox: LoopInbox[Callable[[], None]] = LoopInbox(lambda act: act(), inf)
        self._courier = open_courier(self._take, lambda: self._say(self._notify))
        self.counters = self._courier.counters
        self.peer = self._courier.peer
        self.send = self._courier.send
        self.cancel = self._courier.cancel
        self._seekers: set[asyncio.Future[None]] = set()

    def _take(self, arrival: Arrival) -> None:
        self._inbox.put(lambda: self.arrived(*arrival))

    def _say(self, act: Callable[[], None]) -> None:
        self._inbox.put(act)

    def _notify(self) -> None:
        for seeker in self._seekers:
            if not seeker.done():
                seeker.set_result(None)

    async def route(self, target: Target, timeout: float) -> Peer:
        """See `AsyncClientDriver.route`."""
        search = self._courier.search()
        return await self._seek(lambda now: search.one(target, now), search.pause, timeout)

    async def fanout(self, target: Target, timeout: float) -> tuple[Sequence[Peer], Sequence[str]]:
        """See `AsyncClientDriver.fanout`."""
        search = self._courier.search()
        return await self._seek(lambda now: search.every(target, now), search.pause, timeout)

    async def _seek(
        self, look: Callable[[float], T | None], pause: Callable[[], float], timeout: float
    ) -> T:
        """Look whenever something has changed, or a pause is over, until something is found."""
        end = monotonic() + timeout
        while True:
            # What changes from here on is told to it: that comes through the loop, where we are.
            seeker: asyncio.Future[None] = self._loop.create_future()
            self._seekers.add(seeker)
            try:
                now = monotonic()
                found = look(now)
                if found is not None:
                    return found
                if end <= now:
                    raise self._courier.unreachable()
                left = min(end - now, pause())
                await asyncio.wait([seeker], timeout=None if left == inf else left)
            finally:
                self._seekers.discard(seeker)

    async def post(self, peer: Peer, frame: bytes, message: Outgoing, timeout: float) -> None:
        """See `AsyncClientDriver.post`."""
        await wait_until_settled(
            self._say,
            lambda settled: self._courier.post(peer, frame, message, settled),
            timeout,
            peer.name,
        )

    async def close(self) -> None:
        """See `AsyncClientDriver.close`."""
        await in_thread(self._courier.close)
        self._notify()


async def wait_until_settled(
    say: Callable[[Callable[[], None]], object], begin: Begin, timeout: float, name: str
) -> None:
    """Send a message to `name`, and wait at most `timeout` seconds for what becomes of it. Raises RpcgenError.

    Args:
        say: runs something in the loop, from any thread.
    """
    outcome: asyncio.Future[RpcgenError | None] = asyncio.get_running_loop().create_future()

    def told(error: RpcgenError | None) -> None:
        if not outcome.done():
            outcome.set_result(error)

    def settled(error: RpcgenError | None) -> None:
        say(lambda: told(error))

    withdraw = begin(settled)
    if withdraw is None:
        return
    await asyncio.wait([outcome], timeout=None if timeout == inf else timeout)
    if not outcome.done():
        raise withdrawn(name, withdraw)
    if (error := outcome.result()) is not None:
        raise error
