"""Processes that may open no more files."""

from __future__ import annotations

import resource
import socket
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import psutil
import pytest
from rpcgen.runtime.drivers.zeromq.door import PART

from tests.chaos.fleet import LONG, Fleets, report
from tests.chaos.proxy import Proxy
from tests.chaos.surroundings import few_descriptors
from tests.conformance.waiting import eventually

pytestmark = [
    pytest.mark.timeout(60),
    pytest.mark.parametrize("world", ["blocking", "asyncio"] if LONG else ["asyncio"]),
]

#: Seconds over which the share of a core is measured.
LOOKED = 5.0 if LONG else 2.0
PEERS = 1000


@pytest.fixture
def many_files() -> Iterator[None]:
    """Let this process open as many files as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def share(*processes: psutil.Process) -> float:
    """Of a core, over some seconds, of the process that took most."""

    def used() -> list[float]:
        return [times.user + times.system for times in (each.cpu_times() for each in processes)]

    before, began = used(), time.monotonic()
    time.sleep(LOOKED)  # what is measured is a rate
    spent = max(now - then for now, then in zip(used(), before, strict=True))
    return max(0.0, spent) / (time.monotonic() - began)  # the sum of fractions may be just below


@pytest.mark.parametrize("transport", ["zmq+tcp", "zmq+ipc"])
def test_a_server_may_open_no_more_files(
    transport: str, world: str, fleets: Fleets, many_files: None
) -> None:
    """F37: its clients are served on, the log says why others are not, and it does not spin; then all is well."""
    with (
        fleets(transport, servers=1, options="handshake_timeout=60") as fleet,
        ExitStack() as peers,
    ):
        process = fleet.serve(1, world, surroundings=few_descriptors(256))
        server = psutil.Process(process.pid)
        asker = fleet.asker(world)
        asker.ask()
        for _ in range(PEERS):
            peers.enter_context(_begun(fleet.url))
        eventually(lambda: "ulimit -n" in process.complaints(), 5.0)
        spent = share(server)
        served = [asker.ask(timeout=1.0) for _ in range(50)]
        full = server.num_fds()
        peers.close()
        began = time.monotonic()
        other = fleet.asker(world, "b")
        while other.ask(timeout=1.0, may=("ok", "not_sent", "unknown")).outcome != "ok":
            assert time.monotonic() < began + 6.0
        found = time.monotonic() - began
        lines = process.complaints().strip().splitlines()
        fleet.verdict()
    assert full >= (250 if transport == "zmq+tcp" else 256 - 256 // PART)
    assert spent <= 0.5
    assert "this process may open no more files or sockets (ulimit -n: 256)" in lines[0]
    assert len(lines) <= 1 + LOOKED / 10 + 1
    report(
        f"F37 server with 256 descriptors and {PEERS} peers, {transport} {world}",
        "half a core, limit named, others served, then new ones in 6 s",
        f"{spent:.0%} of a core, {len(lines)} lines, 0 of {len(served)} calls fail, new ones after {found:.3f} s",
    )


def _begun(url: str) -> socket.socket:
    """A connection that is begun, and not waited for."""
    where = url.partition("://")[2].partition("?")[0]
    if url.startswith("zmq+ipc"):
        time.sleep(0.002)  # the pace: libzmq ends a server that cannot see in time that they come
        address: Any = next(map(str, Path(where).glob("*.sock")))
        made = socket.socket(socket.AF_UNIX)
    else:
        address = ("127.0.0.1", int(where.rpartition(":")[2]))
        made = socket.socket()
    made.setblocking(False)
    made.connect_ex(address)
    return made


def test_a_client_may_open_no_more_files(world: str, fleets: Fleets) -> None:
    """F37: what it cannot connect to it says, with the limit; what it is connected to serves on; then all is well."""
    with fleets("zmq+tcp", servers=1) as fleet, ExitStack() as silent:
        living = fleet.urls[0].removeprefix("zmq+tcp://")
        others = [silent.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(16)]
        hosts = [f"127.0.0.1:{each.getsockname()[1]}" for each in others]
        fleet.urls[-1] = f"zmq+tcp://{','.join([*hosts, living])}"
        fleet.serve(1, world)
        asker = fleet.remote(world, surroundings=few_descriptors(64))
        process = psutil.Process(fleet.pid_of("r"))
        told = asker.ask(server="s1", timeout=1.0, may=("not_sent",))
        spent = share(process)
        silent.close()  # the connections to them end
        began = time.monotonic()
        while asker.ask(server="s1", timeout=1.0, may=("ok", "not_sent")).outcome != "ok":
            assert time.monotonic() < began + 10.0
        found = time.monotonic() - began
        asker.close()
        fleet.verdict()
    assert "this process may open no more files or sockets (ulimit -n: 64)" in told.text
    assert spent <= 0.5
    report(
        f"F37 client with 64 descriptors and {len(hosts)} servers, zmq+tcp {world}",
        "half a core, limit named, then served in 10 s",
        f"{spent:.0%} of a core, told after {told.took:.3f} s, served after {found:.3f} s",
    )


def test_programs_at_a_broker_may_open_no_more_files(world: str, fleets: Fleets) -> None:
    """F37: a client and a server whose connections end just then say why there is no other, and wait; then all is well."""
    with fleets("amqp", servers=1) as fleet, Proxy(fleet.broker.port) as proxy:
        fleet.urls = [
            url.replace(fleet.broker.host, f"127.0.0.1:{proxy.port}") for url in fleet.urls
        ]
        serving = fleet.serve(1, world)
        asker = fleet.remote(world)
        asker.ask()
        processes = [psutil.Process(pid) for pid in (serving.pid, fleet.pid_of("r"))]
        before = [process.rlimit(resource.RLIMIT_NOFILE) for process in processes]
        for process in processes:
            process.rlimit(resource.RLIMIT_NOFILE, (3, before[0][1]))  # all that is there is more
        proxy.cut()
        cut = time.monotonic()
        eventually(lambda: "ulimit -n: 3" in serving.complaints(), 10.0)
        told = asker.ask(timeout=1.0, may=("not_sent",))
        spent = share(*processes)
        for process, limits in zip(processes, before, strict=True):
            process.rlimit(resource.RLIMIT_NOFILE, limits)
        began = time.monotonic()
        # Whoever is back before the server asks a queue that nobody reads yet.
        while asker.ask(timeout=1.0, may=("ok", "not_sent", "unknown")).outcome != "ok":
            assert time.monotonic() < began + 6.0
        found = time.monotonic() - began
        lines = serving.complaints().strip().splitlines()
        most = 4 * (1 + (time.monotonic() - cut) // 10)  # two connections, cut and then not made
        asker.close()
        fleet.verdict()
    assert "this process may open no more files or sockets (ulimit -n: 3)" in told.text
    assert spent <= 0.5
    assert len(lines) <= most, lines
    report(
        f"F37 client and server that may open no descriptor, amqp {world}",
        "half a core, limit named, then served in 6 s",
        f"{spent:.0%} of a core, told after {told.took:.3f} s, {len(lines)} lines, served after {found:.3f} s",
    )
