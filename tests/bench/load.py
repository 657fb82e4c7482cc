"""Drive calls: threads for blocking clients, tasks on a loop for asyncio ones.

Knows no library and no process. Casts are sent in bursts of 500 with at most 1,000 not yet handled: within every
library's high-water marks, so that the figure is what gets handled, not what fits into buffers. Where requests are handled in
order, the question after a burst waits for all of it.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from tests.bench.adapter import OUTSTANDING, WORKLOADS, Calls, Done

BURST = 500
WINDOW = 1_000
#: Seconds without a newly handled cast after which the rest counts as lost.
PATIENCE = 5.0
#: Seconds to wait before trying again what a full transport refused.
REFUSED_PAUSE = 0.0005

T = TypeVar("T")


class Lost(Exception):
    """Casts that nobody handled."""


def time_each(call: Callable[[], object], seconds: float) -> list[int]:
    """Make one call at a time; the nanoseconds that each took."""
    clock = time.perf_counter_ns
    took: list[int] = []
    end = clock() + int(seconds * 1e9)
    before = clock()
    while before < end:
        call()
        after = clock()
        took.append(after - before)
        before = after
    return took


def cast_all(
    cast: Callable[[], object], handled: Callable[[], Any], seconds: float, casting: int = 1
) -> Done:
    """Cast for a while, by `casting` threads, then wait until all are handled."""

    def wait_for(goal: int) -> None:
        patience = _Patience(goal)
        while patience.short_of(int(handled())):
            pass

    def cast_one(number: int) -> None:
        while cast() is False:
            time.sleep(REFUSED_PAUSE)

    def burst() -> None:
        if pool is None:
            for number in range(BURST):
                cast_one(number)
        else:
            deque(pool.map(cast_one, range(BURST)), maxlen=0)

    pool = ThreadPoolExecutor(casting) if casting > 1 else None
    base, sent = int(handled()), 0
    start = time.monotonic()
    end = start + seconds
    while time.monotonic() < end:
        burst()
        sent += BURST
        wait_for(base + sent - (WINDOW - BURST))
    wait_for(base + sent)
    return Done(sent, time.monotonic() - start)


class BlockingLoad:
    """A blocking client, or one client for each thread where clients are not meant to be shared."""

    def __init__(
        self,
        connect: Callable[[], Calls[Any]],
        *,
        expected_echo: object,
        shared: bool = True,
        on_close: Callable[[], None] = lambda: None,
    ) -> None:
        self._first = connect()
        self._each = [self._first]
        self._each += [self._first if shared else connect() for _ in range(OUTSTANDING - 1)]
        self._expected = expected_echo
        self._on_close = on_close
        self.workloads = _workloads(self._first)

    def check(self) -> None:
        _check(self._first.small(), 3)
        _check(self._first.echo(), self._expected)

    def unary(self, seconds: float) -> list[int]:
        return time_each(self._first.small, seconds)

    def small(self, seconds: float) -> Done:
        return self._threads([calls.small for calls in self._each], seconds)

    def objects(self, seconds: float) -> Done:
        return self._threads([calls.echo for calls in self._each], seconds)

    def casts(self, seconds: float) -> Done:
        cast, handled = self._first.cast, self._first.handled
        if cast is None or handled is None:
            raise AssertionError("unexpected workload: no casts")
        return cast_all(cast, handled, seconds, self._first.casting)

    def close(self) -> None:
        self._on_close()

    def _threads(self, calls: list[Callable[[], object]], seconds: float) -> Done:
        """Run one thread for each call until the time is over."""
        barrier = threading.Barrier(len(calls) + 1)
        counts, errors = [0] * len(calls), list[BaseException]()

        def run(which: int) -> None:
            call, clock, count = calls[which], time.monotonic, 0
            barrier.wait()
            end = clock() + seconds
            try:
                while clock() < end:
                    call()
                    count += 1
            except Exception as error:
                errors.append(error)
            counts[which] = count

        threads = [threading.Thread(target=run, args=(n,), daemon=True) for n in range(len(calls))]
        for thread in threads:
            thread.start()
        barrier.wait()
        start = time.monotonic()
        for thread in threads:
            thread.join()
        if errors:
            raise errors[0]
        return Done(sum(counts), time.monotonic() - start)


class AsyncioLoad:
    """An asyncio client on a loop of its own thread, which runs all the time as in a real program."""

    def __init__(
        self,
        connect: Callable[[], Awaitable[Calls[Awaitable[Any]]]],
        *,
        expected_echo: object,
        loop_factory: Callable[[], asyncio.AbstractEventLoop] = asyncio.new_event_loop,
        on_close: Callable[[], Awaitable[object]] | None = None,
    ) -> None:
        self._loop = loop_factory()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._thread.start()
        self._on_close = on_close
        self._expected = expected_echo

        async def connected() -> Calls[Awaitable[Any]]:
            return await connect()

        self._calls = self._run(connected())
        self.workloads = _workloads(self._calls)

    def check(self) -> None:
        async def both() -> tuple[object, object]:
            return await self._calls.small(), await self._calls.echo()

        small, echo = self._run(both())
        _check(small, 3)
        _check(echo, self._expected)

    def unary(self, seconds: float) -> list[int]:
        return self._run(_time_each(self._calls.small, seconds))

    def small(self, seconds: float) -> Done:
        return self._run(_tasks(self._calls.small, seconds))

    def objects(self, seconds: float) -> Done:
        return self._run(_tasks(self._calls.echo, seconds))

    def casts(self, seconds: float) -> Done:
        if self._calls.cast is None or self._calls.handled is None:
            raise AssertionError("unexpected workload: no casts")
        cast, handled, casting = self._calls.cast, self._calls.handled, self._calls.casting
        return self._run(_cast(cast, handled, seconds, casting))

    def close(self) -> None:
        if (on_close := self._on_close) is not None:

            async def closed() -> None:
                await on_close()

            self._run(closed())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(2)

    def _run(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


async def _time_each(call: Callable[[], Awaitable[object]], seconds: float) -> list[int]:
    clock = time.perf_counter_ns
    took: list[int] = []
    end = clock() + int(seconds * 1e9)
    before = clock()
    while before < end:
        await call()
        after = clock()
        took.append(after - before)
        before = after
    return took


async def _tasks(call: Callable[[], Awaitable[object]], seconds: float) -> Done:
    clock = time.monotonic
    start = clock()
    end = start + seconds

    async def run() -> int:
        count = 0
        while clock() < end:
            await call()
            count += 1
        return count

    calls = sum(await asyncio.gather(*(run() for _ in range(OUTSTANDING))))
    return Done(calls, clock() - start)


async def _cast(
    cast: Callable[[], Awaitable[object]],
    handled: Callable[[], Awaitable[Any]],
    seconds: float,
    casting: int,
) -> Done:
    async def wait_for(goal: int) -> None:
        patience = _Patience(goal)
        while patience.short_of(int(await handled())):
            pass

    async def some(which: int) -> None:
        for _ in range(which, BURST, casting):
            while await cast() is False:
                await asyncio.sleep(REFUSED_PAUSE)

    base, sent = int(await handled()), 0
    start = time.monotonic()
    end = start + seconds
    while time.monotonic() < end:
        if casting == 1:
            await some(0)
        else:
            await asyncio.gather(*map(some, range(casting)))
        sent += BURST
        await wait_for(base + sent - (WINDOW - BURST))
    await wait_for(base + sent)
    return Done(sent, time.monotonic() - start)


class _Patience:
    """Waits for a count to reach its goal, for as long as it grows."""

    def __init__(self, goal: int) -> None:
        self._goal = goal
        self._count = -1
        self._since = time.monotonic()

    def short_of(self, count: int) -> bool:
        """Whether the goal is still ahead. Raises Lost if the count has stood still for too long."""
        if count >= self._goal:
            return False
        now = time.monotonic()
        if count > self._count:
            self._count, self._since = count, now
        elif now - self._since > PATIENCE:
            raise Lost(f"{self._goal - count} casts were not handled within {PATIENCE:g} s")
        return True


def _check(found: object, expected: object) -> None:
    if found != expected:
        raise AssertionError(f"found {found!r}, expected {expected!r}")


def _workloads(calls: Calls[Any]) -> tuple[str, ...]:
    return WORKLOADS if calls.cast is not None else WORKLOADS[:3]
