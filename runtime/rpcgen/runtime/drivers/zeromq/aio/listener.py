"""The server's side for asyncio."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from rpcgen.runtime import forks
from rpcgen.runtime.aio.loops import in_thread, report
from rpcgen.runtime.deliveries import Caller
from rpcgen.runtime.drivers.zeromq.binding import ANNOUNCE_PAUSE, BATCH, Binding, Request
from rpcgen.runtime.drivers.zeromq.bundles import Outbox
from rpcgen.runtime.errors import ConfigurationError


class AsyncListener:
    """An `AsyncListener`."""

    arrived: Callable[[Caller, bytes], None]
    unsent: Callable[[], None]

    def __init__(self, bind: Callable[[], Binding]) -> None:
        self._born = forks.generation()
        self._loop = asyncio.get_running_loop()
        self._bind = bind
        self._binding: Binding | None = None
        self.counters: dict[str, int] = {}
        self._queued = False
        self._outbox: Outbox[Caller] = Outbox(self._send_now)
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
        binding.run_by(lambda act: self._loop.call_soon_threadsafe(self._run, act))
        self._queue()  # what came before the FD was watched gives no edge
        while not (binding.announced() or self._closed):
            await asyncio.sleep(ANNOUNCE_PAUSE)

    def _run(self, act: Callable[[], None]) -> None:
        """Do something to the socket, for another thread."""
        if not self._closed:
            act()
            self._queue()

    def _queue(self) -> None:
        if not self._queued:
            self._queued = True
            self._loop.call_soon(self._ask)

    def _ask(self) -> None:
        if forks.is_child(self._born):
            return
        self._queued = False
        if self._outbox.frames:
            self._outbox.flush()
        self._receive()

    def _receive(self) -> None:
        """Deliver a batch. The first alone, so that it is not kept waiting while we look whether it is the last."""
        if forks.is_child(self._born):
            return  # a fork's child goes on with its copy of the loop, and what comes is for the parent
        if self._take(1) and self._more() and self._take(BATCH):
            self._queue()

    def _more(self) -> bool:
        """Whether there is more: to take what is not there costs twice as much as to ask."""
        binding = self._binding
        return binding is not None and not self._closed and binding.readable()

    def _take(self, limit: int) -> bool:
        binding = self._binding
        if binding is None or self._closed:
            return False
        requests: list[Request] = []
        drained = binding.receive(requests, limit)
        for caller, frame in requests:
            try:
                self.arrived(caller, frame)
            except Exception as error:  # must not cost what arrived with it
                report(self._loop, error)
        return not drained

    def send(self, caller: Caller, frame: bytes) -> bool:
        """See `AsyncListener.send`."""
        forks.check(self._born)
        binding = self._binding
        if binding is None or self._closed:
            return False
        if self._queued:
            binding.check_size(frame)
            self._outbox.put(caller, frame)
            return True
        self._queue()
        return binding.send(caller, frame)

    def _send_now(self, caller: Caller, message: bytes, count: int) -> bool:
        """Hand over answers that were put off; those that cannot be are dropped."""
        if self._binding is not None and not self._binding.send(caller, message, count):
            for _ in range(count):
                self.unsent()
        return True

    async def withdraw(self) -> None:
        """See `AsyncListener.withdraw`."""
        forks.check(self._born)
        if self._binding is not None and not self._closed:
            self._outbox.flush()
            self._binding.withdraw()
            self._queue()

    async def close(self) -> None:
        """See `AsyncListener.close`."""
        if self._closed or forks.is_child(self._born):
            return
        self._outbox.flush()
        self._closed = True
        if self._binding is not None:
            self._loop.remove_reader(self._binding.fd)
            self._binding.close()
            await in_thread(self._binding.end)
