"""rpcgen with its asyncio API, both sides on uvloop."""

from __future__ import annotations

import uvloop

from tests.bench.adapter import Spot, Tally
from tests.bench.adapters import _rpcgen
from tests.bench.load import AsyncioLoad


def serve(spot: Spot, tally: Tally) -> None:
    _rpcgen.serve_aio(spot, tally, loop_factory=uvloop.new_event_loop)


def load(spot: Spot) -> AsyncioLoad:
    return _rpcgen.load_aio(spot, loop_factory=uvloop.new_event_loop)


def cold(spot: Spot) -> str:
    """Mean the client of `rpcgen_aio`."""
    return ""
