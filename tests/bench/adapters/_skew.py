"""Calls of which one in fifty takes 50 ms, from an asyncio client, so that the client adds no threads' noise.

`bench_scale` is generated from `interfaces/scale.yaml` when the benchmark starts.
"""

from __future__ import annotations

import asyncio
import threading
import time
from collections.abc import Coroutine
from typing import Any

# Made at run time, so unknown to a type checker.
from bench_scale import AsyncScaleClient  # type: ignore[import-not-found]

from tests.bench.adapter import Done, Spot
from tests.bench.adapters._rpcgen import url

SLOW_SECONDS = 0.05
#: One call in so many is slow.
SLOW_IN = 50
CALLERS = 16


class SkewLoad:
    """A `NamedLoad`: `uniform` calls, all quick, and `skewed` ones; the figures are those of the quick calls."""

    workloads = ("uniform", "skewed")

    def __init__(self, spot: Spot) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._client: Any = self._wait(_connect(spot))

    def check(self) -> None:
        found = self._wait(self._client.work(slow=False))
        if found != 0:
            raise AssertionError(f"found {found!r}, expected 0")

    def run(self, workload: str, seconds: float) -> Done:
        done: Done = self._wait(_measure(self._client, seconds, skewed=workload == "skewed"))
        return done

    def close(self) -> None:
        self._wait(self._client.close())

    def _wait(self, work: Coroutine[Any, Any, Any]) -> Any:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()


async def _connect(spot: Spot) -> Any:
    return AsyncScaleClient(url(spot))


async def _measure(client: Any, seconds: float, *, skewed: bool) -> Done:
    took: list[float] = []
    clock = time.perf_counter
    start = clock()
    end = start + seconds

    async def caller(offset: int) -> int:
        count = 0
        while (before := clock()) < end:
            slow = skewed and (count + offset) % SLOW_IN == 0
            await client.work(slow=slow)
            count += 1
            if not slow:
                took.append(clock() - before)
        return count

    # Their slow calls do not come at the same time.
    callers = (caller(number * SLOW_IN // CALLERS) for number in range(CALLERS))
    calls = sum(await asyncio.gather(*callers))
    took.sort()
    p50, p99 = took[len(took) // 2] * 1e6, took[len(took) * 99 // 100] * 1e6
    return Done(calls, clock() - start, {"p50": p50, "p99": p99, "tail": p99 / p50})
