"""rpcgen with its asyncio API, casts delivered at least once: persistent, in durable queues, confirmed, acknowledged when run."""

from __future__ import annotations

from tests.bench.adapter import Spot
from tests.bench.adapters import _rpcgen
from tests.bench.load import AsyncioLoad

serve = _rpcgen.serve_aio


def load(spot: Spot) -> AsyncioLoad:
    """Calls are what they are without."""
    client = _rpcgen.load_aio(spot, kept=True)
    client.workloads = ("W4",)
    return client


def cold(spot: Spot) -> str:
    """Mean the client of other casts."""
    return ""
