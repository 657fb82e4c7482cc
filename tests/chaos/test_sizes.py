"""Messages at the limit, above it, and far above it."""

from __future__ import annotations

import re
import socket
import time
from contextlib import suppress

import amqp
import psutil
import pytest
import zmq
from rpcgen.runtime.drivers.zeromq import control

from tests.chaos.fleet import LONG, Fleets, report
from tests.conformance.waiting import eventually
from tests.zmtp import GREETING, ready

pytestmark = pytest.mark.timeout(60)

LIMIT = 16 * 2**20
MIB = 2**20


@pytest.mark.parametrize("world", ["blocking", "asyncio"] if LONG else ["blocking"])
@pytest.mark.parametrize("transport", ["zmq+tcp", "amqp"])
def test_messages_are_as_large_as_may_be(transport: str, world: str, fleets: Fleets) -> None:
    """F29: up to the default limit of 16 MiB they pass; beyond it their sender is told, and nobody else notices."""
    with fleets(transport, servers=1) as fleet:
        server = psutil.Process(fleet.serve(1, world).pid)
        asker = fleet.asker(world)
        asker.ask()
        probe = asker.ask("carry", data=bytes(LIMIT), timeout=20.0, may=("not_sent",))
        found = re.search(r"the message has (\d+) bytes, and max_message is (\d+)", probe.text)
        assert found, probe.text
        overhead = int(found[1]) - LIMIT
        assert int(found[2]) == LIMIT
        passed = [
            asker.ask("carry", data=bytes(LIMIT - overhead - less), timeout=20.0) for less in (1, 0)
        ]
        before = server.memory_info().rss
        refused = [
            asker.ask("carry", data=bytes(size), timeout=20.0, may=("not_sent",))
            for size in (*[LIMIT - overhead + 1] * 5, 100 * MIB)
        ]
        grown = server.memory_info().rss - before
        asker.ask(timeout=1.0)
        fleet.verdict()
    assert all("TooLarge" in call.text for call in refused)
    fastest = min(call.took for call in refused[:-1])  # the others were held up by the machine
    assert fastest <= 0.1
    assert grown <= 2 * LIMIT
    report(
        f"F29 messages of the limit (16 MiB) and more, {transport} {world}",
        "limit - 1 and limit pass, limit + 1 TooLarge in 0.1 s at the sender",
        f"{passed[0].took:.3f} s, {passed[1].took:.3f} s, refused after {fastest:.3f} s, 100 MiB after "
        f"{refused[-1].took:.3f} s",
    )


@pytest.mark.parametrize("world", ["blocking", "asyncio"] if LONG else ["asyncio"])
def test_a_peer_sends_too_much_all_the_same(world: str, fleets: Fleets) -> None:
    """F29: a frame of 17 MiB, one of 100 MiB, and one that says that it has 1 GiB: the peer is dropped, and pays alone."""
    with fleets("zmq+tcp", servers=1) as fleet:
        server = psutil.Process(fleet.serve(1, world).pid)
        port = int(fleet.urls[0].rpartition(":")[2])
        asker = fleet.asker(world)
        asker.ask("carry", data=bytes(LIMIT // 2), timeout=20.0)
        before = server.memory_info().rss
        most = 0
        took: list[float] = []
        for size in (17 * MIB, 100 * MIB):
            with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
                dealer.set(zmq.LINGER, 0)
                dealer.set(zmq.ROUTING_ID, control.new_routing_id())
                dealer.connect(f"tcp://127.0.0.1:{port}")
                dealer.send(bytes(size))
                for _ in range(20):
                    took.append(asker.ask(timeout=1.0).took)
                    most = max(most, server.memory_info().rss - before)
        dropped = lie(port, 2**30)
        for _ in range(20):
            took.append(asker.ask(timeout=1.0).took)
            most = max(most, server.memory_info().rss - before)
        counters = fleet.counters(1)
        fleet.verdict()
    assert counters["unreadable"] == 0
    assert most <= 2 * LIMIT
    report(
        f"F29 frames of 17 MiB, 100 MiB and 1 GiB forced on a server, zmq+tcp {world}",
        f"peer dropped, 0 frames delivered, {2 * LIMIT // MIB} MiB more, 0 others harmed",
        f"dropped after {dropped / MIB:.1f} MiB, 0, {most / MIB:.1f} MiB, slowest other {max(took):.3f} s",
    )


@pytest.mark.parametrize("world", ["blocking", "asyncio"] if LONG else ["asyncio"])
def test_a_stranger_publishes_too_much(world: str, fleets: Fleets) -> None:
    """F29: 17 MiB and 100 MiB in a server's queue are dropped as they come, acknowledged and counted; others do not notice."""
    with fleets("amqp", servers=1) as fleet:
        server = psutil.Process(fleet.serve(1, world).pid)
        asker = fleet.asker(world)
        asker.ask("carry", data=bytes(LIMIT // 2), timeout=20.0)
        before, most = server.memory_info().rss, 0
        took: list[float] = []
        queue = f"{fleet.prefix}.call/test/errand"
        connection = fleet.broker.connect()
        for size in (17 * MIB, 100 * MIB):
            huge = amqp.Message(bytes(size), content_type="application/x-rpcgen", type="request")
            connection.channel().basic_publish(huge, routing_key=queue)
            for _ in range(20):
                took.append(asker.ask(timeout=5.0).took)
                most = max(most, server.memory_info().rss - before)
        eventually(lambda: fleet.broker.queues()[queue] == 0, 20.0)
        for _ in range(20):
            took.append(asker.ask(timeout=5.0).took)
            most = max(most, server.memory_info().rss - before)
        connection.close()
        counters = fleet.counters(1)
        fleet.verdict()
    assert counters["unreadable"] == 0
    assert most <= 2 * LIMIT
    report(
        f"F29 messages of 17 MiB and 100 MiB put into a server's queue, amqp {world}",
        f"0 delivered, {2 * LIMIT // MIB} MiB more, 0 others harmed",
        f"0, {most / MIB:.1f} MiB, slowest other {max(took):.3f} s",
    )


def lie(port: int, size: int) -> int:
    """Begin a frame that says how large it is, and send it until the server hangs up; the bytes that it let us send."""
    sent = 0
    with socket.create_connection(("127.0.0.1", port)) as stream:
        stream.settimeout(5.0)
        stream.sendall(GREETING)
        said = b""
        while len(said) < 64 + 2 or len(said) < 64 + 2 + said[65]:
            said += stream.recv(4096)
        stream.sendall(ready(control.new_routing_id()))
        stream.sendall(b"\x02" + size.to_bytes(8, "big"))
        began = time.monotonic()
        with suppress(ConnectionError):
            while sent < size:
                sent += stream.send(bytes(65536))
        assert sent < size, "the server has read it all"
        assert time.monotonic() - began < 5.0
    return sent
