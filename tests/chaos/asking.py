"""A client of errands that writes down every call before it is made, and when it has ended; in both worlds.

Calls are started, and give a future: a test, which is no coroutine, can have many of them under way.
"""

from __future__ import annotations

import asyncio
import itertools
import threading
import time
from collections.abc import Callable, Coroutine
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from msgspec import structs
from rpcgen.runtime import AsyncTransport, Profile, Transport

from tests.chaos.drive import OUTCOMES
from tests.chaos.journal import Began, Ended, Journal
from tests.chaos.payloads import digest

#: Calls that a blocking asker has under way.
THREADS = 64
#: Seconds for which the server of a call that is watched may say nothing.
SILENCE = 3.0


class Asker:
    """One client.

    Args:
        package: the generated one.
        name: the first part of its tickets.
        world: `blocking` or `asyncio`.
    """

    def __init__(self, package: Any, url: str, name: str, world: str, journal: Journal) -> None:
        self.name = name
        self._journal = journal
        self._numbers = itertools.count()
        self._closed = False
        self._names_peers = not url.startswith("amqp")
        self._loop: asyncio.AbstractEventLoop | None = None
        self.transport: Any
        watched = {"profiles": {"long": Profile(timeout=1800.0, silence=SILENCE)}}
        if world == "blocking":
            self._pool = ThreadPoolExecutor(THREADS)
            self.transport = Transport(url)
            self.client = package.ErrandClient(self.transport, **watched)
        else:
            self.transport = AsyncTransport(url)
            self.client = package.AsyncErrandClient(self.transport, **watched)
            self._loop = asyncio.new_event_loop()
            self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
            self._thread.start()

    def start(
        self,
        method: str = "work",
        *,
        timeout: float = 5.0,
        server: str | None = None,
        may: tuple[str, ...] = ("ok",),
        runs: int = 1,
        everybody: list[str] | None = None,
        **arguments: Any,
    ) -> Future[Ended]:
        """Begin a call or cast.

        Args:
            timeout: its limit in seconds.
            server: only this one.
            may: the outcomes that are no failure.
            runs: how often it may run.
            everybody: the servers that a fanout has to reach, or to name as missed; None: it is no fanout.
        """
        began, call = self._made(
            method,
            arguments,
            timeout=timeout,
            server=server,
            may=may,
            runs=runs,
            everybody=everybody,
        )
        if self._loop is None:
            return self._pool.submit(self._call, began, call)
        return asyncio.run_coroutine_threadsafe(self._call_async(began, call), self._loop)

    def here(self, method: str, *, timeout: float, server: str, **arguments: Any) -> None:
        """Call on this thread, which a signal may free; for a blocking client."""
        began, call = self._made(
            method, arguments, timeout=timeout, server=server, may=("cancelled",)
        )
        self._call(began, call)

    def _made(
        self,
        method: str,
        arguments: dict[str, Any],
        *,
        timeout: float,
        server: str | None,
        may: tuple[str, ...],
        runs: int = 1,
        everybody: list[str] | None = None,
    ) -> tuple[Began, Callable[[], Any]]:
        ticket = f"{self.name}-{next(self._numbers)}"
        given: dict[str, Any] = {"ticket": ticket}
        expect = dict(given)
        if "data" in arguments:
            expect["luggage"] = digest(arguments["data"])
        cast = method in ("note", "poison_cast", "keep")
        began = Began(
            ticket,
            self.name,
            method,
            cast,
            expect=expect,
            given=list(expect),
            may=list(may),
            at=time.monotonic(),
            limit=timeout,
            runs=runs,
            everybody=everybody,
            named=self._names_peers,
            kept=method == "keep",
        )
        kind: dict[str, Any] = {} if server is None else {"server": server}
        if everybody is not None:
            kind["fanout"] = True
        prepared = self.client.prepare(timeout=timeout, **kind)
        bound = getattr(prepared, method)
        return began, lambda: bound(**given, **arguments)

    def ask(self, method: str = "work", **options: Any) -> Ended:
        """Call, and wait for the end."""
        return self.start(method, **options).result(60.0)

    def spawn(self, coroutine: Coroutine[Any, Any, None]) -> None:
        """Run something else in the loop of an asyncio client."""
        assert self._loop is not None
        asyncio.run_coroutine_threadsafe(coroutine, self._loop)

    def _call(self, began: Began, call: Callable[[], Any]) -> Ended:
        began = self._begin(began)
        try:
            return self._end(began, call())
        except KeyboardInterrupt as error:
            self._end(began, error=error)
            raise
        except Exception as error:
            return self._end(began, error=error)

    async def _call_async(self, began: Began, call: Callable[[], Any]) -> Ended:
        began = self._begin(began)
        try:
            return self._end(began, await call())
        except asyncio.CancelledError as error:
            self._end(began, error=error)
            raise
        except Exception as error:
            return self._end(began, error=error)

    def _begin(self, began: Began) -> Began:
        began = structs.replace(began, at=time.monotonic())
        self._journal.write(began)
        return began

    def _end(self, began: Began, result: Any = None, error: BaseException | None = None) -> Ended:
        now = time.monotonic()
        if error is not None:
            outcome = next((name for cls, name in OUTCOMES if isinstance(error, cls)), "cancelled")
            text = f"{type(error).__name__}: {error}"
            ended = Ended(began.ticket, outcome, now, now - began.at, text)
        else:
            got = _got(began, result)
            ended = Ended(began.ticket, "ok", now, now - began.at, got=got)
        self._journal.write(ended)
        return ended

    def counters(self) -> dict[str, int]:
        """What the client has counted."""
        counted: dict[str, int] = self.transport.counters.snapshot()
        return counted

    def connections(self) -> dict[str, int]:
        """How many connections its driver has made, and lost."""
        counted = self.transport._driver.counters
        return {name: counted[name] for name in ("connected", "lost")}

    def close(self) -> None:
        """End the client, and what it has under way. Idempotent."""
        if self._closed:
            return
        self._closed = True
        if self._loop is None:
            self.transport.close()
            self._pool.shutdown()
            return
        with suppress(RuntimeError):
            asyncio.run_coroutine_threadsafe(self.transport.close(), self._loop).result(5.0)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def _got(began: Began, result: Any) -> dict[str, Any]:
    """A result as journals have it."""
    if began.everybody is not None:
        return {"peers": list(result.peers), "refused": list(result.refused)}
    if began.cast:
        return {}
    got = {"ticket": result.ticket, "server": result.server}
    return got if began.method != "carry" else {**got, "luggage": digest(result.data)}
