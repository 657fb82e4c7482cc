"""The two sides for asyncio. The loop drives the connections where nothing has to be waited for (`stint.py`); what their
threads bring when it does not enters it in batches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from math import inf
from time import monotonic

from rpcgen.runtime.aio.listening import AsyncDeskListener
from rpcgen.runtime.aio.threads import in_thread
from rpcgen.runtime.driver import Room
from rpcgen.runtime.drivers.amqp.broker import Broker
from rpcgen.runtime.drivers.amqp.courier import Courier
from rpcgen.runtime.drivers.amqp.desk import Desk
from rpcgen.runtime.errors import DeadlineExceeded, NotSent, RpcgenError
from rpcgen.runtime.inbox import LoopInbox
from rpcgen.runtime.peers import Arrival, Caller, News, Outgoing, Peer
from rpcgen.runtime.target import Target


class AsyncClient:
    """An `AsyncClientDriver`."""

    arrived: Callable[[Peer, News], None]

    def __init__(self, broker: Broker) -> None:
        self._loop = asyncio.get_running_loop()
        self._inbox: LoopInbox[Callable[[], None]] = LoopInbox(lambda act: act(), inf)
        self._courier = Courier(broker, self._take, lambda: self._say(self._notify))
        self._courier.drive_by(self._loop)
        self.counters = self._courier.counters
        self.peer = self._courier.peer
        self.cancel = self._courier.cancel
        self._seekers: set[asyncio.Future[None]] = set()

    def _take(self, arrival: Arrival) -> None:
        self._inbox.put(lambda: self.arrived(*arrival))

    def _notify(self) -> None:
        for seeker in self._seekers:
            if not seeker.done():
                seeker.set_result(None)

    async def route(self, target: Target, timeout: float) -> Peer:
        """See `AsyncClientDriver.route`."""
        courier = self._courier
        courier.begin()
        end = monotonic() + timeout
        while True:
            peer = courier.peer(target)
            if peer is not None:
                return peer
            hopeless = courier.hopeless()
            if hopeless is not None:
                raise hopeless
            left = end - monotonic()
            if left <= 0.0:
                raise courier.unreachable()
            seeker: asyncio.Future[None] = self._loop.create_future()
            self._seekers.add(seeker)
            try:
                await asyncio.wait([seeker], timeout=None if left == inf else left)
            finally:
                self._seekers.discard(seeker)

    async def fanout(self, target: Target, timeout: float) -> tuple[Sequence[Peer], Sequence[str]]:
        """See `AsyncClientDriver.fanout`: the broker does not say who they are."""
        return [await self.route(target, timeout)], ()

    def send(self, peer: Peer, frame: bytes, message: Outgoing | None = None) -> None:
        """See `AsyncClientDriver.send`."""
        self._courier.send(peer, frame, message)

    async def post(self, peer: Peer, frame: bytes, message: Outgoing, timeout: float) -> None:
        """See `AsyncClientDriver.post`."""
        outcome: asyncio.Future[RpcgenError | None] = self._loop.create_future()

        def told(error: RpcgenError | None) -> None:
            if not outcome.done():
                outcome.set_result(error)

        parcel = self._courier.post(
            peer, frame, message, lambda error: self._say(lambda: told(error))
        )
        if parcel is None:
            return
        await asyncio.wait([outcome], timeout=None if timeout == inf else timeout)
        if not outcome.done():
            if self._courier.withdraw(parcel):
                raise NotSent(f"{peer.name}: it could not leave in time")
            raise DeadlineExceeded(f"{peer.name}: the broker has not confirmed it in time")
        if (error := outcome.result()) is not None:
            raise error

    def _say(self, act: Callable[[], None]) -> None:
        self._inbox.put(act)

    async def close(self) -> None:
        """See `AsyncClientDriver.close`."""
        await in_thread(self._courier.close)
        self._notify()


class AsyncListener(AsyncDeskListener):
    """An `AsyncListener`."""

    def __init__(self, broker: Broker, targets: Sequence[Target], server: str, room: Room) -> None:
        def open_desk(
            take: Callable[[tuple[Caller, bytes]], object], unsent: Callable[[], None]
        ) -> Desk:
            desk = Desk(broker, targets, server, room, take, unsent)
            desk.drive_by(asyncio.get_running_loop())
            return desk

        super().__init__(broker.text, open_desk)
