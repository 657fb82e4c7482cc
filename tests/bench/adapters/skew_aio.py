"""Skewed calls to an asyncio server, whose slow handlers are coroutines that wait."""

from __future__ import annotations

import asyncio
from typing import Any

# Made at run time, so unknown to a type checker.
from bench_scale import AsyncScaleEndpoint  # type: ignore[import-not-found]
from rpcgen.runtime import AsyncServer

from tests.bench.adapter import Spot, Tally
from tests.bench.adapters._rpcgen import url
from tests.bench.adapters._skew import SLOW_SECONDS, SkewLoad

load = SkewLoad


class Scale(AsyncScaleEndpoint):  # type: ignore[misc]
    """Serves `work` alone."""

    async def work(self, ctx: Any, *, slow: bool) -> int:
        if slow:
            await asyncio.sleep(SLOW_SECONDS)
        return int(slow)

    async def meet(self, ctx: Any, *, number: int, expected: int) -> int:
        raise AssertionError("unexpected call")

    async def tell(self, ctx: Any, *, number: int) -> None:
        raise AssertionError("unexpected cast")


def serve(spot: Spot, tally: Tally) -> None:
    async def run() -> None:
        async with AsyncServer(url(spot), server="skew", endpoints=[Scale()]) as server:
            tally.ready()
            await server.wait()

    asyncio.run(run())


def cold(spot: Spot) -> str:
    """Mean nothing here."""
    return ""
