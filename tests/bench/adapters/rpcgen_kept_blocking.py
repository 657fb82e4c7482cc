"""rpcgen with its blocking API, casts delivered at least once: persistent, in durable queues, confirmed, acknowledged when run."""

from __future__ import annotations

from tests.bench.adapter import Spot
from tests.bench.adapters import _rpcgen
from tests.bench.load import BlockingLoad

serve = _rpcgen.serve_blocking


def load(spot: Spot) -> BlockingLoad:
    """Calls are what they are without."""
    client = _rpcgen.load_blocking(spot, kept=True)
    client.workloads = ("W4",)
    return client


def cold(spot: Spot) -> str:
    """Mean the client of other casts."""
    return ""
