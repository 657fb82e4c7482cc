"""The network between two hosts falls silent, resets connections, and loses packets."""

from __future__ import annotations

import time
from collections.abc import Iterator

import pytest

from tests.chaos.fleet import LONG, Fleet, Fleets, report, seconds
from tests.chaos.hosts import SERVERS, Network, network
from tests.chaos.journal import Ended
from tests.chaos.remote import RemoteAsker

pytestmark = [
    pytest.mark.timeout(150 if LONG else 40),
    pytest.mark.parametrize("world", ["blocking", "asyncio"] if LONG else ["asyncio"]),
]

#: Seconds of silence before a connection is asked for a sign of life, and until it counts as lost.
HEARTBEAT, TIMEOUT = (2.0, 6.0) if LONG else (0.5, 1.5)


@pytest.fixture(scope="module")
def wire() -> Iterator[Network]:
    """Two hosts."""
    with network() as made:
        yield made


@pytest.fixture
def healthy(wire: Network) -> Iterator[Network]:
    """The same, with a wire that is in order before and after a test."""
    wire.heal()
    yield wire
    wire.heal()


def far_away(fleets: Fleets, servers: int = 1) -> Fleet:
    """Servers on the servers' host."""
    options = f"heartbeat={HEARTBEAT:g}&heartbeat_timeout={TIMEOUT:g}"
    return fleets("zmq+tcp", servers=servers, options=options, address=SERVERS)


def port_of(fleet: Fleet, number: int) -> int:
    """The port of a server."""
    return int(fleet.urls[number - 1].partition("?")[0].rpartition(":")[2])


def heal_and_find(fleet: Fleet, wire: Network, asker: RemoteAsker) -> float:
    """Mend the wire; the seconds until a call succeeds."""
    wire.heal()
    began = time.monotonic()
    may = ("ok", "not_sent", "unknown")
    while asker.ask(server="s1", timeout=1.0, may=may).outcome != "ok":
        assert time.monotonic() < began + 6.0
    return time.monotonic() - began


@pytest.mark.parametrize("half", [False, True] if LONG else [False])
def test_a_connection_falls_silent(
    world: str, half: bool, fleets: Fleets, healthy: Network
) -> None:
    """F13, F17: an idle connection over which nothing comes any more is noticed, and nobody waits longer than asked."""
    limit = HEARTBEAT + TIMEOUT + 1.0
    may = ("unknown", "not_sent")
    with far_away(fleets, servers=2) as fleet:
        for number in (1, 2):
            fleet.serve(number, world, surroundings=healthy.servers)
        asker = fleet.remote(world, surroundings=healthy.clients)
        for server in ("s1", "s2"):
            asker.ask(server=server)
        healthy.drop(port_of(fleet, 1), towards_server=not half)
        began = time.monotonic()
        at_once = asker.start(server="s1", timeout=1.0, may=may)
        waiting = asker.start(server="s1", timeout=60.0, may=may)
        others = [asker.ask(server="s2", timeout=2.0) for _ in range(20)]
        ended = at_once.result(5.0)
        noticed = waiting.result(limit + 5.0).at - began
        dead = asker.ask(server="s1", timeout=1.0, may=("not_sent",))
        anybody = [asker.ask(timeout=2.0) for _ in range(20)]
        assert healthy.dropped() > 0, "no packet was dropped"
        back = heal_and_find(fleet, healthy, asker)
        asker.close()
        fleet.verdict()
    assert noticed <= limit
    assert ended.took <= 1.5
    report(
        f"{'F17 half a partition' if half else 'F13 half-open connection'}, zmq+tcp {world}",
        f"noticed in {limit:g} s (heartbeat {HEARTBEAT:g} s, {TIMEOUT:g} s), a call at once ends 0.5 s after its "
        "deadline of 1 s, 0 others harmed, back in 6 s",
        f"{noticed:.3f} s, {ended.took:.3f} s as {ended.outcome}, then not sent after {dead.took:.3f} s, 0 of "
        f"{len(others) + len(anybody)}, back after {back:.3f} s",
    )


def test_connections_are_reset(world: str, fleets: Fleets, healthy: Network) -> None:
    """F15: all of them, every half second: nothing runs twice, and calls succeed again each time."""
    length = 20.0 if LONG else 4.0
    may = ("ok", "not_sent", "unknown")
    with far_away(fleets, servers=2) as fleet:
        for number in (1, 2):
            fleet.serve(number, world, surroundings=healthy.servers)
        programs = [
            fleet.program(
                "load",
                name,
                healthy.clients,
                world=each,
                callers=10,
                seconds=0.05,
                may=may,
            )
            for name, each in {"one": "blocking", "two": "asyncio"}.items()
        ]
        for program in programs:
            program.ready()
        fleet.runs(100)
        began, resets = time.monotonic(), 0
        while time.monotonic() < began + length:
            resets += healthy.reset()
            time.sleep(0.5)  # the pace of the fault
        over = time.monotonic()
        fleet.runs(fleet.count() + 100)
        for program in programs:
            program.end_input()
            program.ended(15.0)
        checker = fleet.verdict(lost_casts=True)
    good = sorted(e.at for e in checker.ended.values() if e.outcome == "ok" and e.at > began)
    pauses = [later - one for one, later in zip([began, *good], good, strict=False)]
    again = next(at for at in good if at > over) - over
    assert resets >= 2 * length
    assert max(pauses) <= 6.0
    twice = sum(len(runs) > 1 for runs in checker.runs.values())
    report(
        f"F15 {resets} connections reset in {length:g} s, zmq+tcp {world}",
        "0 second runs, success in 6 s each time",
        f"{twice} of {len(checker.began)}, longest time without a success {max(pauses):.3f} s, {again:.3f} s after the "
        f"last, outcomes {dict(checker.outcomes)}",
    )


def test_packets_are_lost(world: str, fleets: Fleets, healthy: Network) -> None:
    """F16: 30% of them: nothing is changed on the way, nothing runs twice, and what takes too long ends."""
    count, limit = (400, 5.0) if LONG else (60, 3.0)
    may = ("ok", "not_sent", "unknown")
    with far_away(fleets) as fleet:
        fleet.serve(1, world, surroundings=healthy.servers)
        asker = fleet.remote(world, surroundings=healthy.clients)
        asker.ask()
        healthy.lose(30)
        ended: list[Ended] = []
        for part in range(0, count, 4):  # a few at a time, so that they do not all travel together
            calls = [
                asker.start("carry", size=200 + 50 * n, timeout=limit, may=may)
                for n in range(part, part + 4)
            ]
            ended += [call.result(limit + 10.0) for call in calls]
        lost = healthy.dropped()
        back = heal_and_find(fleet, healthy, asker)
        asker.close()
        checker = fleet.verdict()
    assert lost >= 20
    report(
        f"F16 30% of packets lost, zmq+tcp {world}",
        f"0 payloads changed, 0 second runs, calls end 0.5 s after their deadline of {limit:g} s, back in 6 s",
        f"0 of {count}, 0 of {len(checker.runs)}, {lost} packets lost, slowest {seconds([e.took for e in ended])}, "
        f"outcomes {dict(checker.outcomes)}, back after {back:.3f} s",
    )
