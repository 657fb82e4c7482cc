"""rpcgen with its blocking API on the wire of oslo.messaging, which both sides here could be exchanged for."""

from __future__ import annotations

from tests.bench.adapter import Spot, Tally
from tests.bench.adapters import _rpcgen
from tests.bench.load import BlockingLoad


def serve(spot: Spot, tally: Tally) -> None:
    _rpcgen.serve_blocking(spot, tally, broker="wire=oslo")


def load(spot: Spot) -> BlockingLoad:
    return _rpcgen.load_blocking(spot, broker="wire=oslo")


def cold(spot: Spot) -> str:
    """Mean the client of the native wire."""
    return ""
