"""rpcgen with its asyncio API on the standard loop, handlers are plain functions that run inline by declaration."""

from __future__ import annotations

from tests.bench.adapter import Spot, Tally
from tests.bench.adapters import _rpcgen
from tests.bench.load import AsyncioLoad


def serve(spot: Spot, tally: Tally) -> None:
    _rpcgen.serve_aio(spot, tally, inline=True)


def load(spot: Spot) -> AsyncioLoad:
    return _rpcgen.load_aio(spot)


def cold(spot: Spot) -> str:
    """Mean the client of `rpcgen_aio`."""
    return ""
