"""One side's wall clock is an hour off, or jumps about, and nobody notices."""

from __future__ import annotations

import time
from contextlib import ExitStack

import pytest

from tests.chaos.clocks import Clock
from tests.chaos.fleet import LONG, Fleet, Fleets, report, seconds
from tests.chaos.journal import Ended
from tests.chaos.remote import RemoteAsker
from tests.chaos.surroundings import HERE
from tests.conformance.waiting import eventually
from tests.redisd import RedisServer

pytestmark = [
    pytest.mark.timeout(90 if LONG else 40),
    pytest.mark.parametrize("world", ["blocking", "asyncio"] if LONG else ["asyncio"]),
]

HOUR = 3600.0


def off(clock: Clock, by: float) -> None:
    """Set a clock, and see that processes are misled by it, and how."""
    clock.set(by)
    wall, monotonic = clock.shown()
    assert abs(wall - time.time() - by) < 5.0
    assert 0.0 <= time.monotonic() - monotonic < 5.0


def found(asker: RemoteAsker) -> None:
    """Wait until the server has been found: that is not what a clock is to keep from."""
    eventually(lambda: asker.ask(timeout=2.0, may=("ok", "not_sent")).outcome == "ok", 10.0)


def calls(fleet: Fleet, asker: RemoteAsker) -> tuple[list[Ended], list[Ended], list[Ended]]:
    """Quick ones, some with a deadline that a wrong clock would miss, and some that end at theirs."""
    found(asker)
    quick = [asker.start(timeout=2.0) for _ in range(50)]
    slow = [asker.start(seconds=0.8, timeout=1.5) for _ in range(10)]
    late = [asker.start(seconds=1.0, timeout=0.5, may=("unknown",)) for _ in range(10)]
    return tuple([call.result(10.0) for call in each] for each in (quick, slow, late))  # type: ignore[return-value]


@pytest.mark.parametrize("by", [HOUR, -HOUR] if LONG else [HOUR])
@pytest.mark.parametrize("side", ["client", "server"])
@pytest.mark.parametrize("transport", ["zmq+redis", "amqp"])
def test_a_clock_is_an_hour_off(
    transport: str, world: str, side: str, by: float, fleets: Fleets
) -> None:
    """F31: no early end, no late run; servers are found in redis, or by a broker that has the right time."""
    kind = "amqp" if transport == "amqp" else "zmq+tcp"
    with ExitStack() as stack, fleets(kind, servers=1) as fleet:
        clock = Clock(fleet.directory / "clock")
        off(clock, by)
        if transport == "zmq+redis":
            redis = RedisServer().start()
            stack.callback(redis.end)
            fleet.urls = [redis.url()] * 2
        fleet.serve(1, world, surroundings=clock.surroundings if side == "server" else HERE)
        asker = fleet.remote(world, surroundings=clock.surroundings if side == "client" else HERE)
        quick, slow, late = calls(fleet, asker)
        asker.close()
        fleet.verdict()
    assert min(call.took for call in late) >= 0.5
    report(
        f"F31 {side}'s clock {by:+g} s, {transport} {world}",
        "0 ended early, 0 ran late, deadlines met by 0.5 s",
        f"0 of {len(quick) + len(slow)}, 0, deadline of 0.5 s after {seconds([call.took for call in late])}",
    )


@pytest.mark.parametrize("transport", ["zmq+ipc", "amqp"])
def test_clocks_jump(transport: str, world: str, fleets: Fleets) -> None:
    """F31: both sides', by 10 seconds to and fro, during calls."""
    length = 10.0 if LONG else 2.0
    with fleets(transport, servers=1) as fleet:
        clock = Clock(fleet.directory / "clock")
        off(clock, 10)
        fleet.serve(1, world, surroundings=clock.surroundings)
        asker = fleet.remote(world, surroundings=clock.surroundings)
        found(asker)
        end, jumps = time.monotonic() + length, 0
        rounds = []
        while time.monotonic() < end:
            under_way = [
                *(asker.start(seconds=0.3, timeout=1.0) for _ in range(10)),
                *(asker.start(seconds=1.0, timeout=0.5, may=("unknown",)) for _ in range(5)),
            ]
            for by in (-10, 10, 0, -10):
                clock.set(by)
                jumps += 1
                asker.ask(timeout=1.0)
            rounds.append([call.result(10.0) for call in under_way])
        asker.close()
        checker = fleet.verdict()
    early = [call for each in rounds for call in each if call.outcome != "ok" and call.took < 0.5]
    assert not early
    report(
        f"F31 {jumps} jumps of both clocks by 10 s, {transport} {world}",
        "0 ended early, 0 ran late, 0 failed",
        f"0, 0, 0 of {len(checker.began)}",
    )
