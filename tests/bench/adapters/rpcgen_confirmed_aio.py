"""rpcgen with its asyncio API, every request and answer confirmed by the broker."""

from __future__ import annotations

from tests.bench.adapter import Spot, Tally
from tests.bench.adapters import _rpcgen
from tests.bench.load import AsyncioLoad


def serve(spot: Spot, tally: Tally) -> None:
    _rpcgen.serve_aio(spot, tally, broker="confirms=always")


def load(spot: Spot) -> AsyncioLoad:
    return _rpcgen.load_aio(spot, broker="confirms=always")


def cold(spot: Spot) -> str:
    """Mean the client that has nothing confirmed."""
    return ""
