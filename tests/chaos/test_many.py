"""Many threads, many calls, many clients and servers; and loops that do not come round."""

from __future__ import annotations

import time

import pytest
from rpcgen.runtime.aio.watchdog import BLOCKED

from tests.chaos.fleet import LONG, Fleet, Fleets, report, said, seconds, silence

pytestmark = pytest.mark.timeout(120 if LONG else 40)
#: The transports of rows that take long, which the share has once without a broker.
IPC, TCP = (
    (["zmq+ipc", "zmq+tcp", "amqp"],) * 2 if LONG else (["zmq+ipc", "amqp"], ["zmq+tcp", "amqp"])
)


@pytest.mark.parametrize("transport", TCP)
def test_many_threads_share_a_client(transport: str, fleets: Fleets) -> None:
    """F36: 64 of them, and every one gets its own answers."""
    count = 20_000 if LONG else 3_000
    with fleets(transport) as fleet:
        for number, world in enumerate(("blocking", "asyncio"), 1):
            fleet.serve(number, world)
        program = fleet.program("crowd", world="blocking", count=count)
        measured = said(program)
        program.ended(10.0)
        fleet.verdict()
    report(
        f"F36 64 threads on one client, {transport}",
        "all correct, 50 descriptors",
        f"{count} of {count} in {measured['took']:.2f} s, {measured['fds']} descriptors",
    )
    assert measured["fds"] <= 50


@pytest.mark.parametrize("transport", IPC)
def test_ten_thousand_calls_are_under_way(transport: str, fleets: Fleets) -> None:
    """F36: on one asyncio client."""
    count = 10_000
    with fleets(transport) as fleet:
        fleet.serve_all((1, 2), "asyncio", concurrency=count, queue=count)
        program = fleet.program("crowd", world="asyncio", count=count, seconds=1.0)
        measured = said(program, 60.0)
        program.ended(10.0)
        fleet.verdict()
    report(
        f"F36 {count} asyncio calls at once, {transport}",
        "all correct in 60 s, 400 MiB, 50 descriptors",
        f"{count} of {count} in {measured['took']:.2f} s, {measured['rss']:.0f} MiB, {measured['fds']} descriptors",
    )
    assert measured["took"] <= 60
    assert measured["rss"] <= 400
    assert measured["fds"] <= 50


@pytest.mark.parametrize("transport", TCP)
def test_a_loop_is_blocked(transport: str, fleets: Fleets) -> None:
    """F38: three times as long as silence may last, or longer: it is found again, others are not harmed, the log says who."""
    options, silent = silence(transport, 1.0)
    blocked = max(3.0 * silent, 2 * BLOCKED + 1.0)  # so long that a watchdog that was late says so
    with fleets(transport, options=options) as fleet:
        server, other = fleet.serve(1, "asyncio"), fleet.serve(2, "asyncio")
        asker = fleet.asker("asyncio")
        hogging = asker.start(
            "hog", server="s1", seconds=blocked, timeout=blocked + 3.0, may=("ok", "unknown")
        )
        fleet.runs(1)
        others = [asker.ask(server="s2", timeout=2.0) for _ in range(50)]
        hog = hogging.result(10.0)
        began = time.monotonic()
        may = ("ok", "unknown", "not_sent")
        while asker.ask(server="s1", timeout=2.0, may=may).outcome != "ok":
            assert time.monotonic() < began + 6.0
        back = time.monotonic() - began
        fleet.verdict()
    said = [line for line in server.complaints().splitlines() if "blocked" in line]
    assert len(said) == 1, said
    assert said[0].startswith("test.errand.hog has blocked the event loop of 's1'"), said
    assert "errands.py:" in said[0]
    assert "blocked" not in other.complaints()
    report(
        f"F38 loop blocked for {blocked:g} s where {silent:g} s of silence end a connection, {transport}",
        "0 calls to others harmed, back in 6 s, 1 warning that names the handler",
        f"0 of {len(others)} (slowest {seconds([call.took for call in others])}), its own call {hog.outcome} after "
        f"{hog.took:.2f} s, back after {back:.3f} s, {said[0].partition(':')[0]}",
    )


@pytest.mark.parametrize("transport", IPC)
def test_many_clients_and_servers_come_and_go(transport: str, fleets: Fleets) -> None:
    """F42: in one process, and nothing of them is left; but the queues of what is kept, on a broker."""
    clients, servers = (500, 200) if LONG else (50, 20)
    with fleets(transport, servers=1) as fleet:
        program = fleet.program("cycle", world="blocking", clients=clients, servers=servers)
        measured = said(program, 100.0)
        program.ended(10.0)
        left = left_of(fleet, transport, servers)
    report(
        f"F42 {clients} clients and {servers} servers in turn, {transport}",
        "descriptors and threads as at the start, 0 socket files, connections and other queues",
        f"{measured['fds']:+d}, {measured['threads']:+d}, {len(left)}, {measured['took']:.1f} s",
    )
    assert measured["fds"] <= 0
    assert measured["threads"] <= 0
    assert not left


def left_of(fleet: Fleet, transport: str, servers: int) -> list[str]:
    """What is there of clients and servers that have gone."""
    if transport != "amqp":
        return [str(path) for path in (fleet.directory / "s").glob("[!.]*")]
    names = [f"s{number}" for number in (-1, *range(servers))]
    stay = {f"{fleet.prefix}.keep/test/errand/{name}" for name in names}
    stay |= {f"{fleet.prefix}.{kind}/test/errand" for kind in ("keep", "dead")}
    queues = {name for name in fleet.broker.queues() if name.startswith(fleet.prefix)}
    assert stay <= queues
    ours = f":{fleet.pid_of('p')})"  # is in the names of its connections
    connections = fleet.broker.listed("connections", "pid", "client_properties")
    return [*(queues - stay), *(text for _, text in connections if ours in text)]
