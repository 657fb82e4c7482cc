"""Clients that ask for more than their share, and servers that answer what nobody asked."""

from __future__ import annotations

from typing import Any

import psutil
import pytest

from tests.chaos.fleet import LONG, PLACES, Fleet, Fleets, report, said
from tests.conformance.waiting import eventually

# The first of a whole run that needs a broker, and has to wait until it is there.
pytestmark = pytest.mark.timeout(90)

#: Handlers that run at once, seconds that each takes, and calls a second of a normal client.
RUNNING, WORK, RATE = 8, 0.01, 40.0


def measured(fleet: Fleet, name: str, seconds: float, *, flood: bool) -> dict[str, Any]:
    """What two normal clients find, and what another does that floods."""
    options = {"world": "asyncio", "seconds": seconds, "work": WORK}
    programs = [fleet.program("pace", f"{name}{n}", rate=RATE, **options) for n in range(2)]
    if flood:
        # More than there is room for, and twenty times as much as the others ask.
        may = ("ok", "rejected")
        programs.append(fleet.program("pace", f"{name}f", rate=20 * RATE, may=may, **options))
    for program in programs:
        program.ready()
    found = [said(program, seconds + 20.0) for program in programs]
    for program in programs:
        program.ended(10.0)
    normal = found[:2]
    return {
        "p99": max(each["p99"] for each in normal),
        "calls": sum(each["calls"] for each in normal),
        "flood": found[2:],
    }


@pytest.mark.parametrize(("transport", "world"), PLACES if LONG else PLACES[1:])
def test_one_client_floods_a_server(transport: str, world: str, fleets: Fleets) -> None:
    """R21: it waits and is refused itself; the others are all served, nearly as fast as without it; nothing of it is left."""
    length = 10.0 if LONG else 2.0
    with fleets(transport, servers=1) as fleet:
        process = fleet.serve(1, world, concurrency=RUNNING, queue=64)
        server = psutil.Process(process.pid)
        alone = measured(fleet, "a", length, flood=False)
        before = server.memory_info().rss
        beside = measured(fleet, "b", length, flood=True)
        grown = (server.memory_info().rss - before) / 2**20
        if transport == "amqp":
            # Refused ones are acknowledged, too.
            eventually(lambda: fleet.broker.messages(fleet.prefix) == 0, 10.0)
        fleet.verdict()
    [flood] = beside["flood"]
    factor = beside["p99"] / alone["p99"]
    assert flood["good"] < flood["calls"], "there was room for all of it"
    assert factor <= 5.0
    assert grown <= 50
    report(
        f"R21 one client at 20 times the rate of the others, {transport} {world}",
        "0 of the others' calls fail, their p99 5 times as long, 50 MiB more",
        f"0 of {beside['calls']}, {factor:.1f} times ({alone['p99'] * 1000:.0f} to {beside['p99'] * 1000:.0f} ms), "
        f"{grown:.1f} MiB, {flood['calls'] - flood['good']} of its own {flood['calls']} refused",
    )
