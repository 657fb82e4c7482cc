"""Hosts of RabbitMQ that are dead, or accept and never say anything."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import pytest

from tests.chaos.fleet import LONG, Fleets, report
from tests.chaos.journal import Ended
from tests.ports import free_port

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.parametrize("world", ["blocking", "asyncio"] if LONG else ["asyncio"]),
]

#: Seconds of `connect_timeout`, as it is without another word.
TIMEOUT = 2.0


@pytest.fixture
def silent() -> Iterator[socket.socket]:
    """A host that accepts, and never says anything."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield listening


def address(listening: socket.socket) -> str:
    return f"127.0.0.1:{listening.getsockname()[1]}"


def test_the_broker_never_answers(world: str, fleets: Fleets, silent: socket.socket) -> None:
    """F22: starting, calling, casting and ending take no longer than asked, and say where nobody answers; others work."""
    with fleets("amqp") as fleet:
        other = fleet.asker(world, "o")
        hole = fleet.url.replace(fleet.broker.host, address(silent))
        fleet.urls[-1] = f"{hole}&connect_timeout=0.5"
        # At once: what else a start takes, it takes both.
        starting = fleet.serve(2, world, fleet.url, wait=False)
        fleet.serve(1, world)
        began = time.monotonic()
        other.ask()  # is connected from here on
        starting.ready()
        longer = time.monotonic() - began
        asker = fleet.asker(world)
        methods = ("work", "again", "note", "keep")
        calls = [asker.start(each, timeout=1.0, may=("not_sent",)) for each in methods]
        beside = [other.ask(timeout=1.0) for _ in range(20)]
        ended: list[Ended] = [call.result(5.0) for call in calls]
        began = time.monotonic()
        asker.close()
        closed = time.monotonic() - began
        stopped = fleet.stop(2)
        fleet.urls[-1] = fleet.urls[0]
        fleet.verdict()
    late = max(each.took for each in ended) - 1.0
    named = sum(address(silent) in each.text for each in ended)
    report(
        f"F22 a broker that never answers, amqp {world}",
        f"starting takes 6 s longer (it gives up after 5), {len(ended)} operations end 0.5 s after their deadline and name "
        "it, closed in 2 s, 0 others harmed",
        f"{longer:.1f} s, {late:+.3f} s, {named}, client {closed:.3f} s, server {stopped:.3f} s, 0 of {len(beside)}",
    )
    assert longer <= 6.0
    assert late <= 0.5
    assert named == len(ended)
    assert max(closed, stopped) <= 2.0


def test_two_hosts_of_three_are_dead(world: str, fleets: Fleets, silent: socket.socket) -> None:
    """F46: one refuses, one accepts and never answers: each client is connected in time, and comes to none too often."""
    clients = 12 if LONG else 6
    with fleets("amqp", servers=1) as fleet:
        fleet.serve(1, world)
        living = fleet.broker.host
        hosts = f"127.0.0.1:{free_port()},{address(silent)},{living}"
        fleet.urls[-1] = fleet.url.replace(living, hosts)
        askers = [fleet.asker(world, f"c{number}") for number in range(clients)]
        calls = [asker.start(timeout=30.0) for asker in askers]
        took = [call.result(35.0).took for call in calls]
        came = accepted(silent)
        for asker in askers:
            asker.close()
        fleet.verdict()
    limit = 2 * TIMEOUT + 1.0
    report(
        f"F46 {clients} clients with hosts [dead, black hole, live] in any order, amqp {world}",
        f"connected in {limit:g} s (connect timeout {TIMEOUT:g} s), each comes to the black hole once at most",
        f"{max(took):.3f} s, quickest {min(took):.3f} s, {came} of {2 * clients} connections came to it",
    )
    assert max(took) <= limit
    assert came <= 2 * clients  # two connections each


def accepted(listening: socket.socket) -> int:
    """How many have come."""
    listening.setblocking(False)
    count = 0
    while True:
        try:
            listening.accept()[0].close()
        except BlockingIOError:
            return count
        count += 1
