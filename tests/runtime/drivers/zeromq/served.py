"""Servers of both worlds in the test's own process, which keep what their program saw."""

from __future__ import annotations

import threading
from typing import Any

from rpcgen.runtime.deliveries import Caller
from rpcgen.runtime.drivers import zeromq
from rpcgen.runtime.url import parse_url

from tests.conformance.worlds import Loop
from tests.runtime.drivers.zeromq.parts import TOPIC


class Served:
    """A listener, and a thread that sends every frame back.

    Args:
        staying: what the thread promises when it polls.

    Attributes:
        seen: the frames, in order.
        callers: who sent them.
        batches: how many its program was given before anything else had its turn.
        unsent: answers that were not sent, at once or later.
    """

    def __init__(self, url: str, *, staying: bool = False) -> None:
        self.listener = zeromq.listen(parse_url(url), [TOPIC], "s1")
        self.listener.unsent = self._count
        self.seen: list[bytes] = []
        self.callers: set[Caller] = set()
        self.batches: list[int] = []
        self.unsent = 0
        self._staying = staying
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._serve)
        self._thread.start()

    def _count(self) -> None:
        self.unsent += 1

    def _serve(self) -> None:
        while not self._stopped.is_set():
            requests = self.listener.poll(None, staying=self._staying)
            self.batches.append(len(requests))
            for caller, frame in requests:
                self.seen.append(frame)
                self.callers.add(caller)
                if not self.listener.send(caller, frame):
                    self._count()

    def close(self) -> None:
        self._stopped.set()
        self.listener.wake()
        self._thread.join()
        self.listener.close()


class StayingServed(Served):
    """The same as a server's threads poll."""

    def __init__(self, url: str) -> None:
        super().__init__(url, staying=True)


class AsyncServed:
    """The same on a loop of its own."""

    def __init__(self, url: str) -> None:
        self.seen: list[bytes] = []
        self.batches: list[int] = []
        self.unsent = 0
        self._passing = False
        self._loop = Loop()
        self.listener = self._loop.make(lambda: zeromq.listen_async(parse_url(url), [TOPIC], "s1"))
        self.listener.arrived = self._answer
        self.listener.unsent = self._count
        self._loop.run(self.listener.start())

    def _count(self) -> None:
        self.unsent += 1

    def _pass_ends(self) -> None:
        self._passing = False

    def _answer(self, caller: Caller, frame: bytes) -> None:
        if not self._passing:
            self._passing = True
            self._loop.loop.call_soon(self._pass_ends)
            self.batches.append(0)
        self.batches[-1] += 1
        self.seen.append(frame)
        if not self.listener.send(caller, frame):
            self._count()

    def close(self) -> None:
        self._loop.run(self.listener.close())
        self._loop.close()


#: By the world that they are of, with what a program there would do.
SERVED: dict[str, Any] = {"blocking": StayingServed, "asyncio": AsyncServed}
