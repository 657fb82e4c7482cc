"""The client's side for asyncio."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Final, TypeVar

from rpcgen.runtime import exits, forks
from rpcgen.runtime.aio.loops import in_thread, report, resolve
from rpcgen.runtime.drivers import keeps_nothing
from rpcgen.runtime.drivers.zeromq.bundles import CAST, Outbox
from rpcgen.runtime.drivers.zeromq.engine import LINGER, Engine
from rpcgen.runtime.drivers.zeromq.link import Link
from rpcgen.runtime.drivers.zeromq.options import ZmqOptions
from rpcgen.runtime.drivers.zeromq.search import Search
from rpcgen.runtime.errors import NotSent
from rpcgen.runtime.peers import News, Peer
from rpcgen.runtime.target import Target

if TYPE_CHECKING:
    from rpcgen.runtime.drivers.zeromq.matchmaker import Matchmaker
    from rpcgen.runtime.outgoing import Outgoing

T = TypeVar("T")

_CLOSED: Final = "this client is closed"

#: Seconds after which frames for which there was no room are tried again.
RETRY: Final = 0.005

#: Seconds that frames for which there is no room have when a client is closed: while none leaves, and in all.
PATIENCE: Final = 0.25
LONGEST: Final = 0.5


class AsyncClient:
    """An `AsyncClientDriver`."""

    arrived: Callable[[Peer, News], None]

    def __init__(self, matchmaker: Matchmaker, options: ZmqOptions) -> None:
        self._born = forks.generation()
        self._loop = asyncio.get_running_loop()
        self._engine = Engine(matchmaker, options, self._watch, self._unwatch)
        self.counters = self._engine.counters
        self._unsure: dict[Link, None] = {}
        self._queued = False
        self._outbox: Outbox[Link] = Outbox(self._send_now, Link.takes_bundles)
        self._retry: asyncio.TimerHandle | None = None
        self._news = 0
        self._seekers: set[asyncio.Future[None]] = set()
        self._timer: asyncio.TimerHandle | None = None
        self._timer_due = math.inf
        self._closed = False
        exits.remember(self)

    # --- choosing and sending -------------------------------------------------------------------------------------

    def peer(self, target: Target) -> Peer | None:
        """See `AsyncClientDriver.peer`."""
        engine = self._engine
        if (now := monotonic()) >= engine.fresh_until and not self._closed:
            forks.check(self._born)  # to choose one is harmless, and `send` asks again
            engine.refresh(now)
            self._settle()
        choose = engine.choose
        return choose(target)

    def send(self, peer: Peer, frame: bytes, message: Outgoing | None = None) -> None:
        """See `AsyncClientDriver.send`."""
        forks.check(self._born)
        assert isinstance(peer, Link)
        if self._closed:
            raise NotSent(_CLOSED)
        engine = self._engine
        outbox = self._outbox
        if (self._queued or outbox.frames) and peer.state != "lost":
            if len(frame) > engine.options.max_message:
                engine.check_size(frame)
            if peer in outbox.full:
                outbox.flush()
                if peer in outbox.full:
                    raise engine.no_room(peer)
            outbox.put(peer, frame, message)
            return
        try:
            engine.send(peer, frame)
        finally:
            self._unsure[peer] = None
            if not self._queued:
                self._queue()

    def post(self, peer: Peer, frame: bytes, message: Outgoing, timeout: float) -> None:
        """See `ClientDriver.post`."""
        if message.kept:
            raise keeps_nothing()
        self.send(peer, frame, CAST)

    def cancel(self, peer: Peer, frame: bytes) -> None:
        """See `ClientDriver.cancel`."""
        self.send(peer, frame)

    def _send_now(self, link: Link, message: bytes, count: int) -> bool:
        """Hand over what was put off; False if there is no room."""
        self._unsure[link] = None
        return self._engine.send_late(link, message, count)

    # --- receiving ------------------------------------------------------------------------------------------------

    def _is_the_parents(self) -> bool:
        """Whether this is a fork's child that goes on with its copy of the loop: what happens there is not for us."""
        return forks.is_child(self._born)

    def _queue(self) -> None:
        self._queued = True
        self._loop.call_soon(self._ask)

    def _ask(self) -> None:
        """Let go what was put off, and ask the sockets of which we are not sure."""
        if self._is_the_parents():
            return
        self._queued = False
        if self._outbox.frames:
            self._flush()
            if self._outbox.frames and self._retry is None:
                self._retry = self._loop.call_later(RETRY, self._try_again)
        unsure, self._unsure = self._unsure, {}
        for link in unsure:
            if not self._engine.receive(link, again=True):
                self._unsure[link] = None
        self._settle()

    def _flush(self) -> None:
        """Let go what there is room for."""
        for link in list(self._outbox.full):
            self._engine.observe(link)  # what a broken connection did not take must not leave on it
        self._outbox.flush()

    def _try_again(self) -> None:
        self._retry = None
        if not self._queued and not self._closed:
            self._queue()

    def _readable(self, link: Link) -> None:
        if self._is_the_parents():
            return
        self._unsure.pop(link, None)
        if not self._engine.receive(link):
            self._unsure[link] = None
        self._settle()

    def _observe(self, link: Link) -> None:
        if self._is_the_parents():
            return
        self._unsure[link] = None  # the engine may send
        self._engine.observe(link)
        self._settle()

    def _tick(self) -> None:
        if self._is_the_parents():
            return
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
            try:
                self.arrived(peer, arrival)
            except Exception as error:  # must not cost what arrived with it
                report(self._loop, error)
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

    def _unwatch(self, link: Link) -> Sequence[Outgoing]:
        if not self._loop.is_closed():
            self._loop.remove_reader(link.fd)
            self._loop.remove_reader(link.monitor.fd)
        self._unsure.pop(link, None)
        return self._outbox.strand(link)

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
        timer = self._loop.call_later(max(0.0, wait), resolve, news)
        try:
            await news
        finally:
            timer.cancel()
            self._seekers.discard(news)

    def _wake_seekers(self) -> None:
        for news in self._seekers:
            resolve(news)

    # --- closing --------------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """See `AsyncClientDriver.close`."""
        if self._closed or self._is_the_parents():
            return
        self._closed = True
        self._wake_seekers()
        self._flush()
        if self._outbox.frames:
            await self._let_go()
        self._end(LINGER)
        await in_thread(self._engine.end)

    async def _let_go(self) -> None:
        """Wait until what was put off has left, as long as some of it does."""
        from rpcgen.runtime.farewell import Farewell  # seldom needed

        farewell = Farewell(monotonic(), PATIENCE, LONGEST)
        while self._outbox.frames and farewell.goes_on(monotonic(), self._outbox.waiting):
            await asyncio.sleep(RETRY)
            self._flush()

    def leave(self, longest: float) -> None:
        """See `Leaver.leave`; the loop has ended, or runs on another thread."""
        if self._closed or self._is_the_parents():
            return
        self._closed = True
        ended = threading.Event()

        def end() -> None:
            self._flush()
            self._end(min(LINGER, longest))
            ended.set()

        if self._loop.is_running():
            self._loop.call_soon_threadsafe(end)
        else:
            end()
        if ended.wait(longest):
            self._engine.end()

    def _end(self, linger: float) -> None:
        self._engine.close(linger)
        for timer in (self._timer, self._retry):
            if timer is not None:
                timer.cancel()
