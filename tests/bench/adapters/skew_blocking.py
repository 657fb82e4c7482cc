"""Skewed calls to a blocking server, whose slow handlers keep a thread each."""

from __future__ import annotations

import time
from typing import Any

# Made at run time, so unknown to a type checker.
from bench_scale import ScaleEndpoint  # type: ignore[import-not-found]
from rpcgen.runtime import Server

from tests.bench.adapter import Spot, Tally
from tests.bench.adapters._rpcgen import url
from tests.bench.adapters._skew import SLOW_SECONDS, SkewLoad

load = SkewLoad


class Scale(ScaleEndpoint):  # type: ignore[misc]
    """Serves `work` alone."""

    def work(self, ctx: Any, *, slow: bool) -> int:
        if slow:
            time.sleep(SLOW_SECONDS)
        return int(slow)

    def meet(self, ctx: Any, *, number: int, expected: int) -> int:
        raise AssertionError("unexpected call")

    def tell(self, ctx: Any, *, number: int) -> None:
        raise AssertionError("unexpected cast")


def serve(spot: Spot, tally: Tally) -> None:
    with Server(url(spot), server="skew", endpoints=[Scale()]) as server:
        tally.ready()
        server.wait()


def cold(spot: Spot) -> str:
    """Mean nothing here."""
    return ""
