"""The ZeroMQ driver for asyncio: the loop waits for the engine's sockets. Knows nothing of frames or routing.

A socket's FD is edge-triggered and a send may take the edge, so each send puts its socket into `_unsure`, and one
callback, queued at most once a pass of the loop, asks those sockets again. Asking libzmq after every send whether
something came would cost more than the send.
"""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final, TypeVar

from rpcgen.runtime.driver import Caller, Peer
from rpcgen.runtime.drivers.zeromq import forks
from rpcgen.runtime.drivers.zeromq.binding import BATCH, Binding, Request
from rpcgen.runtime.drivers.zeromq.engine import Engine
from rpcgen.runtime.drivers.zeromq.link import Link
from rpcgen.runtime.drivers.zeromq.matchmakers import Matchmaker
from rpcgen.runtime.drivers.zeromq.options import ZmqOptions
from rpcgen.runtime.drivers.zeromq.search import Search
from rpcgen.runtime.errors import ConfigurationError, NotSent, RpcgenError
from rpcgen.runtime.target import Target

T = TypeVar("T")

_CLOSED: Final = "this client is closed"


class AsyncZmqClient:
    """An `AsyncClientDriver`."""

    arrived: Callable[[Peer, bytes | RpcgenError], None]

    def __init__(self, matchmaker: Matchmaker, options: ZmqOptions) -> None:
        self._born = forks.generation()
        self._loop = asyncio.get_running_loop()
        self._engine = Engine(matchmaker, options, self._watch, self._unwatch)
        self.counters = self._engine.counters
        self._unsure: dict[Link, None] = {}
        self._queued = False
        self._news = 0
        self._seekers: set[asyncio.Future[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = math.inf
        self._closed = False

    # --- choosing and sending -------------------------------------------------------------------------------------

    def peer(self, target: Target) -> Peer | None:
        """See `AsyncClientDriver.peer`."""
        forks.check(self._born)
        engine = self._engine
        if (now := monotonic()) >= engine.fresh_until and not self._closed:
            engine.refresh(now)
            self._settle()
        return engine.choose(target)

    def send(self, peer: Peer, frame: bytes) -> None:
        """See `AsyncClientDriver.send`."""
        forks.check(self._born)
        assert isinstance(peer, Link)
        if self._closed:
            raise NotSent(_CLOSED)
        try:
            self._engine.send(peer, frame)
        finally:
            self._unsure[peer] = None
            if not self._queued:
                self._queue()

    # --- receiving ------------------------------------------------------------------------------------------------

    def _queue(self) -> None:
        self._queued = True
        self._loop.call_soon(self._ask)

    def _ask(self) -> None:
        """Ask the sockets of which we are not sure."""
        self._queued = False
        unsure, self._unsure = self._unsure, {}
        for link in unsure:
            if not self._engine.receive(link):
                self._unsure[link] = None
        self._settle()

    def _readable(self, link: Link) -> None:
        self._unsure.pop(link, None)
        if not self._engine.receive(link):
            self._unsure[link] = None
        self._settle()

    def _observe(self, link: Link) -> None:
        self._unsure[link] = None  # the engine may send
        self._engine.observe(link)
        self._settle()

    def _tick(self) -> None:
        self._timer = None
        self._timer_due = math.inf
        self._engine.tick(monotonic())
        self._settle()

    def _settle(self) -> None:
        """After anything that the engine did: deliver, tell who searches, and see to the next time."""
        engine = self._engine
        for peer, arrival in engine.take():
            if self._closed:  # by what was delivered before
                return
            self.arrived(peer, arrival)
        if self._unsure and not self._queued and not self._closed:
            self._queue()
        if engine.news != self._news:
            self._news = engine.news
            self._wake_seekers()
        if engine.timers.due < self._timer_due:
            self._set_timer(engine.timers.due)

    def _set_timer(self, due: float) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer_due = due
        self._timer = self._loop.call_later(max(0.0, due - monotonic()), self._tick)

    def _watch(self, link: Link) -> None:
        self._loop.add_reader(link.fd, self._readable, link)
        self._loop.add_reader(link.monitor.fd, self._observe, link)

    def _unwatch(self, link: Link) -> None:
        self._loop.remove_reader(link.fd)
        self._loop.remove_reader(link.monitor.fd)
        self._unsure.pop(link, None)

    # --- searching ------------------------------------------------------------------------------------------------

    async def route(self, target: Target, timeout: float) -> Peer:
        """See `AsyncClientDriver.route`."""
        search = Search(self._engine, target)
        found = await self._seek(search, search.peer, timeout)
        if found is None:
            raise search.overdue(timeout)
        return found

    async def fanout(self, target: Target, timeout: float) -> tuple[Sequence[Peer], Sequence[str]]:
        """See `AsyncClientDriver.fanout`."""
        search = Search(self._engine, target)
        found = await self._seek(search, search.everyone, timeout)
        return search.everyone_so_far() if found is None else found

    async def _seek(self, search: Search, step: Callable[[], T | None], timeout: float) -> T | None:
        """Repeat a step until it finds something; None if the time is over."""
        forks.check(self._born)
        deadline = monotonic() + timeout
        while True:
            if self._closed:
                raise NotSent(_CLOSED)
            try:
                found = step()
            finally:
                self._settle()
            if found is not None:
                return found
            now = monotonic()
            if now >= deadline:
                return None
            await self._change(min(deadline, search.due) - now)

    async def _change(self, wait: float) -> None:
        """Wait until the engine has news."""
        news = self._loop.create_future()
        self._seekers.add(news)
        timer = self._loop.call_later(max(0.0, wait), _resolve, news)
        try:
            await news
        finally:
            timer.cancel()
            self._seekers.discard(news)

    def _wake_seekers(self) -> None:
        for news in self._seekers:
            _resolve(news)

    # --- closing --------------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """See `AsyncClientDriver.close`."""
        if self._closed or forks.generation() != self._born:
            return
        self._closed = True
        self._engine.close()
        if self._timer is not None:
            self._timer.cancel()
        self._wake_seekers()
        await _in_thread(self._engine.end)


class AsyncZmqListener:
    """An `AsyncListener`."""

    arrived: Callable[[Caller, bytes], None]

    def __init__(self, bind: Callable[[], Binding]) -> None:
        self._born = forks.generation()
        self._loop = asyncio.get_running_loop()
        self._bind = bind
        self._binding: Binding | None = None
        self.counters: dict[str, int] = {}
        self._queued = False
        self._closed = False

    @property
    def addresses(self) -> Sequence[str]:
        """See `AsyncListener.addresses`; empty before `start`."""
        return () if self._binding is None else (self._binding.address,)

    async def start(self) -> None:
        """See `AsyncListener.start`. Raises ConfigurationError."""
        if self._closed or self._binding is not None:
            raise ConfigurationError("this listener was started before")
        self._binding = binding = self._bind()
        self.counters = binding.counters
        self._loop.add_reader(binding.fd, self._receive)
        self._queue()  # what came before the FD was watched gives no edge

    def _queue(self) -> None:
        if not self._queued:
            self._queued = True
            self._loop.call_soon(self._ask)

    def _ask(self) -> None:
        self._queued = False
        self._receive()

    def _receive(self) -> None:
        """Deliver a batch. The first alone, so that it is not kept waiting while we look whether it is the last."""
        if self._take(1) and self._take(BATCH):
            self._queue()

    def _take(self, limit: int) -> bool:
        binding = self._binding
        if binding is None or self._closed:
            return False
        requests: list[Request] = []
        drained = binding.receive(requests, limit)
        for caller, frame in requests:
            self.arrived(caller, frame)
        return not drained

    def send(self, caller: Caller, frame: bytes) -> bool:
        """See `AsyncListener.send`."""
        forks.check(self._born)
        if self._binding is None or self._closed:
            return False
        self._queue()
        return self._binding.send(caller, frame)

    async def withdraw(self) -> None:
        """See `AsyncListener.withdraw`."""
        if self._binding is not None and not self._closed:
            self._binding.withdraw()
            self._queue()

    async def close(self) -> None:
        """See `AsyncListener.close`."""
        if self._closed or forks.generation() != self._born:
            return
        self._closed = True
        if self._binding is not None:
            self._loop.remove_reader(self._binding.fd)
            self._binding.close()
            await _in_thread(self._binding.end)


def _resolve(future: asyncio.Future[None]) -> None:
    if not future.done():
        future.set_result(None)


async def _in_thread(function: Callable[[], None]) -> None:
    """Run something that may wait in a thread that ends with it: the loop's own pool would stay."""
    loop = asyncio.get_running_loop()
    done = loop.create_future()

    def run() -> None:
        try:
            function()
        finally:
            loop.call_soon_threadsafe(_resolve, done)

    thread = threading.Thread(target=run, name="rpcgen-zeromq-close", daemon=True)
    thread.start()
    await asyncio.shield(done)
    thread.join()
