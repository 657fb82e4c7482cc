"""Who gets a fanout, who does not, and whether both sides know."""

from __future__ import annotations

import time

import psutil
import pytest

from tests.chaos.fleet import LONG, PLACES, Fleet, Fleets, report
from tests.chaos.remote import RemoteAsker
from tests.chaos.surroundings import HERE
from tests.conformance.waiting import eventually
from tests.redisd import RedisServer

pytestmark = pytest.mark.timeout(300 if LONG else 40)


@pytest.mark.parametrize(("transport", "world"), [*PLACES, ("zmq+redis", "asyncio")])
def test_a_fanout_reaches_who_is_there(transport: str, world: str, fleets: Fleets) -> None:
    """P10: each server that was ready gets one copy, those that come later none; who was missed is named."""
    redis = RedisServer().start() if transport == "zmq+redis" else None
    made = fleets("zmq+tcp" if redis else transport, servers=4)
    try:
        with made as fleet:
            if redis is not None:
                fleet.urls = [redis.url()] * 5
            counted = fan_out(fleet, world, spread=2.0 if redis else 0.0)
    finally:
        if redis is not None:
            redis.end()
    report(
        f"P10 fanouts, {transport} {world}",
        "1 copy to each server that was ready 2 s before, 0 to later ones, refused ones named",
        counted,
    )


def fan_out(fleet: Fleet, world: str, *, spread: float) -> str:
    """Send fanouts while servers come and go; what came of it.

    Args:
        spread: seconds after which a client knows a new server.
    """
    count = 200 if LONG else 30
    fleet.serve_all((1, 2, 3), world)
    asker = fleet.asker(world)

    def send(*everybody: str) -> set[str]:
        copies = fleet.count() + count * len(everybody)
        sent = [asker.start("note", everybody=list(everybody)) for _ in range(count)]
        refused = {name for each in sent for name in each.result(10.0).got["refused"]}
        fleet.runs(copies)
        return refused

    listed = fleet.urls[0].startswith("zmq+tcp")  # addresses stay known whoever is there
    known_after(spread)
    assert send("s1", "s2", "s3") == ({fleet.urls[3].removeprefix("zmq+")} if listed else set())
    fleet.serve(4, world)  # too late for those
    known_after(2.0 if listed else spread)
    assert send("s1", "s2", "s3", "s4") == set()
    fleet.kill(3)
    eventually(lambda: asker.ask(server="s3", timeout=1.0, may=ANY).outcome == "not_sent")
    refused = send("s1", "s2", "s4")
    assert len(refused) <= 1
    assert refused or not listed
    checker = fleet.verdict()
    fanouts = [began for began in checker.began.values() if began.everybody is not None]
    slowest = max(checker.ended[began.ticket].took for began in fanouts)
    return f"0 of {len(fanouts)} wrong, {fleet.count()} copies, slowest {slowest:.3f} s, a killed one: {sorted(refused)}"


ANY = ("ok", "unknown", "not_sent")


def known_after(seconds: float) -> None:
    """Let the time pass that a server may need to become known: the promise is about those that had it."""
    end = time.monotonic() + seconds
    eventually(lambda: time.monotonic() >= end, seconds + 1.0)


@pytest.mark.parametrize("world", ["blocking", "asyncio"] if LONG else ["asyncio"])
def test_a_server_does_not_read_what_all_get(world: str, fleets: Fleets) -> None:
    """F27: it loses its own copies and counts them; the others get all, and the sender's memory has a limit."""
    count, hwm, size = (100_000, 10_000, 1_000) if LONG else (3_000, 200, 20_000)
    options = f"hwm={hwm}&heartbeat=60&heartbeat_timeout=120"  # it is to stay connected
    everybody = ["s1", "s2", "s3"]
    # A server runs no cast that may be older than its time since it was away, and it is away until all have been sent.
    patience = 600.0
    with fleets("zmq+tcp", servers=3, options=options) as fleet:
        fleet.serve_all((1, 2, 3), "asyncio", queue=2 * count)
        program = fleet.program("asker", "r", HERE, world=world)
        program.ready()
        asker = RemoteAsker(program)
        asker.ask("note", size=size, everybody=everybody, timeout=10.0)
        fleet.runs(3)
        fleet.freeze(3)
        memory, most = psutil.Process(program.pid), 0
        before = memory.memory_info().rss
        sent = 1
        while sent < count:
            part = min(hwm // 2, count - sent)  # the others must be able to follow
            calls = [
                asker.start("note", size=size, everybody=everybody, timeout=patience)
                for _ in range(part)
            ]
            for call in calls:
                call.result(30.0)
            sent += part
            most = max(most, memory.memory_info().rss - before)
            fleet.runs(2 * sent, lambda run: run.server != "s3")
        fleet.thaw(3)
        missed = sum("s3" in e.got.get("refused", ()) for e in fleet.ended())
        fleet.runs(sent - missed, lambda run: run.server == "s3")
        asker.ask("note", size=size, everybody=everybody, timeout=patience)  # shows the last gap
        fleet.runs(sent - missed + 1, lambda run: run.server == "s3")
        counted = {name: fleet.counters(int(name[1:]))["missed"] for name in everybody}
        asker.close()
        fleet.verdict()
    assert missed > 0
    assert counted == {"s1": 0, "s2": 0, "s3": missed}
    limit = hwm * size / 2**20 + 50
    assert most / 2**20 <= limit
    report(
        f"F27 a subscriber stopped, {count} fanouts of {size} bytes, zmq+tcp {world}",
        f"others get 100%, its gap counter is exact, sender {limit:.0f} MiB more (hwm {hwm})",
        f"0 of {2 * sent} lost, {missed} missed and counted as {counted['s3']}, {most / 2**20:.1f} MiB",
    )
