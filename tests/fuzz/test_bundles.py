"""Hostile bundles at both ends of a connection: what is good arrives, what is not is counted (PROTOCOL.md, Bundles)."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import msgspec
import pytest
from rpcgen.runtime import bundles as arrays
from rpcgen.runtime.drivers.zeromq import bundles, control

from tests.fuzz import campaign
from tests.fuzz.bundled import PART, ClientEnds, Ends, ServerEnds, bodies
from tests.fuzz.served import Finding
from tests.ports import free_port

COUNT = 20_000 * campaign.ROUNDS or 1500
ENDS = {"server": ServerEnds, "client": ClientEnds}


@pytest.fixture(params=["blocking", "asyncio"])
def world(request: pytest.FixtureRequest) -> str:
    value: str = request.param
    return value


@pytest.fixture(params=ENDS)
def ends(request: pytest.FixtureRequest, world: str) -> Iterator[Ends]:
    """A listener or a client of either world, and what speaks to it."""
    made: Any = ENDS[request.param](world, f"zmq+tcp://127.0.0.1:{free_port()}")
    yield made.ends
    made.close()


def feed(ends: Ends, seed: int, count: int) -> None:
    """Say so many of them, in parts."""
    source = bodies(seed, count)
    while part := [body for _, body in zip(range(PART), source, strict=False)]:
        ends.check(part)


@pytest.mark.timeout(60 + 600 * campaign.ROUNDS)
def test_hostile_bundles(ends: Ends) -> None:
    """Every frame of a good one arrives, in order, nothing of a bad one does, and each bad one is counted once."""
    feed(ends, campaign.SEED, COUNT)
    assert min(ends.good, ends.bad) > COUNT / 10


def _any_count(message: bytes) -> list[bytes]:
    try:
        frames = msgspec.msgpack.decode(message[2:], type=list[bytes])
    except ValueError as error:
        raise control.Malformed("no array of binaries") from error
    if any(not frame or frame[0] == control.MARK for frame in frames):
        raise control.Malformed("a control frame")
    return frames


def _any_frame(message: bytes) -> list[bytes]:
    try:
        frames: list[bytes] = arrays._decode(message[2:])
    except ValueError as error:
        raise control.Malformed("no array of binaries") from error
    return frames


def _whatever_is_good(message: bytes) -> list[bytes]:
    return [frame for frame in _any_frame(message) if frame and frame[0] != control.MARK]


def _silently(original: Callable[[bytes], list[bytes]]) -> Callable[[bytes], list[bytes]]:
    def unpack(message: bytes) -> list[bytes]:
        try:
            return original(message)
        except control.Malformed:
            return []

    return unpack


def _as_a_set(original: Callable[[bytes], list[bytes]]) -> Callable[[bytes], list[bytes]]:
    return lambda message: sorted(original(message))


PLANTS: dict[str, Callable[[bytes], list[bytes]]] = {
    "no limit of frames": _any_count,
    "control frames and empty ones are taken": _any_frame,
    "a part of a bad one is taken": _whatever_is_good,
    "a bad one is not counted": _silently(bundles.unpack),
    "the order is lost": _as_a_set(bundles.unpack),
}


@pytest.mark.parametrize("name", PLANTS)
def test_mistakes_are_found(ends: Ends, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    """A mistake in the product ends in a finding."""
    monkeypatch.setattr(bundles, "unpack", PLANTS[name])
    with pytest.raises(Finding):
        feed(ends, 7, COUNT)
