"""The client's side for asyncio.

One future a call; deadlines are kept by one sweep over the pending calls instead of a timer each.
"""

from __future__ import annotations

import asyncio
import math
import os
import time
from asyncio import get_running_loop
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, ClassVar, Self

from rpcgen.runtime.aio.loops import in_thread
from rpcgen.runtime.core.call import Call
from rpcgen.runtime.core.calls import Calls, cancellation, patience, spare, wait_until, wants_room
from rpcgen.runtime.core.envelope import Reply
from rpcgen.runtime.counters import ClientCounters
from rpcgen.runtime.errors import ConfigurationError, NotSent
from rpcgen.runtime.ids import new_id
from rpcgen.runtime.peers import Found, News, Peer
from rpcgen.runtime.proxy import Fanout, Sent
from rpcgen.runtime.transport import find_driver

if TYPE_CHECKING:
    from rpcgen.runtime.driver import AsyncClientDriver
    from rpcgen.runtime.inbox import LoopInbox
    from rpcgen.runtime.outbox.outbox import Outbox
    from rpcgen.runtime.outbox.tally import OutboxStatus
    from rpcgen.runtime.transports import World

#: Seconds by which the end of a call may come late: calls that end close together share one wake-up.
SLACK = 0.005


class AsyncTransport:
    """An opened URL, for asyncio clients; any number of clients and tasks of one loop may share it.

    It connects when it is first used. After using it: you must await `close()`, or use it as a context manager.

    Raises:
        ConfigurationError: the URL cannot be used.
    """

    world: ClassVar[World] = "asyncio"

    def __init__(self, url: str) -> None:
        self._opened = find_driver(url)
        self.wire = self._opened.wire
        self.counters = ClientCounters()
        self._calls = Calls(new_id, self.counters, self.wire)
        self._driver: AsyncClientDriver | None = None
        self._outbox = self._opened.open_outbox()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._written: LoopInbox[Callable[[], None]] | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._due = math.inf
        self._pid = os.getpid()
        self._closed = False

    # --- used by clients ------------------------------------------------------------------------------------------

    async def call(self, call: Call) -> None:
        """Send a call and wait until it is answered; then `call.answer` is set.

        Raises:
            NotSent: nobody took it.
        """
        while True:
            unsent: NotSent | None = None
            driver = (get_running_loop() is self._loop and self._driver) or self._connect()
            try:
                peer = call.peer or driver.peer(call.target)
                if peer is None:
                    peer = await driver.route(call.target, patience(call, time.monotonic()))
                await self._attempt(call, driver, peer)
            except NotSent as error:
                unsent = error
            if unsent is None and isinstance(call.answer, Reply):
                return  # nearly always
            other = None
            if wants_room(call, unsent):
                spare(call, time.monotonic())
                other = driver.peer(call.target)
            pause = self._calls.again(call, unsent, time.monotonic(), other)
            if pause is None:
                if unsent is not None and call.doubt is None:
                    raise unsent
                return
            if pause:
                await asyncio.sleep(pause)

    async def _attempt(self, call: Call, driver: AsyncClientDriver, peer: Peer) -> None:
        assert self._loop is not None
        call.waiter = self._loop.create_future()
        frame = self._calls.open(call, peer, time.monotonic())
        try:
            driver.send(peer, frame, call)
            self._watch(call)
            await call.waiter
        except BaseException:
            self._give_up(call, driver)
            raise

    async def cast(self, call: Call) -> Sent:
        """Send a cast; raises NotSent if it reached nobody."""
        if self._outbox is not None and call.kept:
            return await self._keep(call, self._outbox)
        driver = (get_running_loop() is self._loop and self._driver) or self._connect()
        if call.target.fanout:
            peers, unreachable = await driver.fanout(call.target, patience(call, time.monotonic()))
            fanout = Fanout(call, self._calls.cast(call, None, time.monotonic()), unreachable)
            for each in peers:
                with fanout.to(each):
                    left = patience(call, time.monotonic())
                    waiting = driver.post(each, fanout.frame, call, left)
                    if waiting is not None:
                        await waiting
            return fanout.sent()
        while True:
            peer = driver.peer(call.target)
            if peer is None:
                peer = await driver.route(call.target, patience(call, time.monotonic()))
            now = time.monotonic()
            frame = self._calls.cast(call, peer, now)
            try:
                waiting = driver.post(peer, frame, call, patience(call, now))
                if waiting is not None:
                    await waiting
            except NotSent as unsent:
                if not self._calls.moves(call, unsent):
                    raise
            else:
                return Sent(call.id, (peer.name,))

    async def _keep(self, call: Call, outbox: Outbox) -> Sent:
        """Leave a cast to the outbox."""
        from rpcgen.runtime.aio.sending import wait_until_settled  # the driver brings it, too

        self._loop = self._check_usable()
        now = time.monotonic()
        frame = self._calls.cast(call, None, now)
        await wait_until_settled(
            self._inbox().put,
            lambda settled: outbox.keep(call, call.target, frame, settled),
            patience(call, now),
            outbox.name,
        )
        return Sent(call.id, (outbox.name,))

    def _inbox(self) -> LoopInbox[Callable[[], None]]:
        """How the outbox's thread reaches the loop: once for many that were written together."""
        if self._written is None:
            from rpcgen.runtime.inbox import LoopInbox

            self._written = LoopInbox(lambda act: act(), math.inf)
        return self._written

    def outbox_status(self) -> OutboxStatus | None:
        """What there is in the outbox; None if the URL asks for none."""
        return None if self._outbox is None else self._outbox.status()

    async def discover(self, timeout: float) -> list[Found]:
        """The servers that can be found now; waits at most `timeout` seconds, beside the loop."""
        opened = self._opened
        return await asyncio.to_thread(opened.driver.discover, opened.url, timeout)

    def check_events(self) -> None:
        """Raise ConfigurationError unless events can be published."""
        self._opened.events()

    # --- connection -----------------------------------------------------------------------------------------------

    def _check_usable(self) -> asyncio.AbstractEventLoop:
        """The running loop, which is the one of all uses."""
        if self._closed:
            raise ConfigurationError("this client is closed")
        if self._pid != os.getpid():
            raise ConfigurationError(
                "this client was made before a fork; make one in the child process"
            )
        loop = get_running_loop()
        if self._loop not in (None, loop):
            raise ConfigurationError(
                "this client was used in another event loop; make one in each loop, and close it there"
            )
        return loop

    def _connect(self) -> AsyncClientDriver:
        loop = self._check_usable()
        driver = self._opened.driver.connect_async(self._opened.url)
        driver.arrived = self._arrived
        self._driver, self._loop = driver, loop
        self.counters.include(driver.counters)
        return driver

    def _arrived(self, peer: Peer, arrival: News) -> None:
        for call in self._calls.receive(peer, arrival, time.monotonic()):
            _wake(call)

    def _give_up(self, call: Call, driver: AsyncClientDriver) -> None:
        """The caller leaves without an answer: it was cancelled, or the frame could not be sent."""
        if self._calls.close(call):
            if call.waiter.cancelled():
                self.counters.cancelled += 1
            self._tell_cancelled(call, driver)

    def _tell_cancelled(self, call: Call, driver: AsyncClientDriver) -> None:
        told = cancellation(call)
        if told is not None:
            with suppress(NotSent):  # nobody is there to be told
                driver.cancel(*told)

    # --- deadlines ------------------------------------------------------------------------------------------------

    def _watch(self, call: Call) -> None:
        """Make sure that the sweep comes in time for this call."""
        until = wait_until(call)
        if until is not None and until < self._due:
            self._sweep_at(until)

    def _sweep_at(self, due: float) -> None:
        assert self._loop is not None
        if self._timer is not None:
            self._timer.cancel()
        self._due = due
        # The loop may count its time from elsewhere.
        wait = max(0.0, due - time.monotonic())
        self._timer = self._loop.call_later(wait + SLACK, self._sweep)

    def _sweep(self) -> None:
        self._timer = None
        self._due = math.inf
        for call in self._calls.sweep(time.monotonic()):
            if self._driver is not None:
                self._tell_cancelled(call, self._driver)
            _wake(call)
        remaining = [
            until
            for call in self._calls.pending.values()
            if (until := wait_until(call)) is not None
        ]
        if remaining and self._loop is not None:
            self._sweep_at(min(remaining))

    # --- life -----------------------------------------------------------------------------------------------------

    async def close(self) -> None:
        """Close all connections; calls that still wait end as ConnectionLost. Idempotent.

        What was taken leaves first, as `Transport.close` says.
        """
        if self._closed:
            return
        self._closed = True
        if self._timer is not None:
            self._timer.cancel()
        for call in self._calls.end_all():
            _wake(call)
        if self._outbox is not None:
            self._outbox.stop()
        driver, self._driver = self._driver, None
        if driver is not None:
            await driver.close()
        if self._outbox is not None:
            await in_thread(self._outbox.close)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.close()

    def __repr__(self) -> str:
        return f"<AsyncTransport {self._opened.url}>"


def _wake(call: Call) -> None:
    if not call.waiter.done():
        call.waiter.set_result(None)
