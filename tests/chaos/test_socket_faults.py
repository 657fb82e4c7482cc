"""Servers that have gone leave a socket file or a registration behind, or come back elsewhere."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.fleet import LONG, Fleets, report
from tests.conformance.waiting import eventually
from tests.redisd import RedisServer


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A redis of this test's own."""
    server = RedisServer().start()
    yield server
    server.end()


@pytest.mark.parametrize("world", ["blocking", "asyncio"])
def test_a_dead_socket_is_in_the_folder(world: str, fleets: Fleets) -> None:
    """F24: a killed server's socket file misleads nobody, and is removed."""
    with fleets("zmq+ipc", servers=1) as fleet:
        fleet.serve(1, world)
        fleet.kill(1)
        left = files(fleet.directory)
        asker = fleet.asker(world)
        none = asker.ask(timeout=5.0, may=("not_sent",))
        fleet.serve(1, world)
        found = asker.ask(timeout=2.0)
        kept = files(fleet.directory)
        fleet.verdict()
        empty = files(fleet.directory)
    assert none.took <= 1.0
    assert found.took <= 1.0
    assert left
    assert not left & kept
    assert not empty
    report(
        f"F24 stale socket, zmq+ipc {world}",
        "not sent in 1 s, then found in 1 s, dead files removed",
        f"{none.took:.3f} s, {found.took:.3f} s, {len(left & kept)} of {len(left)} left",
    )


@pytest.mark.parametrize("world", ["blocking", "asyncio"])
def test_a_dead_server_is_registered(world: str, fleets: Fleets, redis: RedisServer) -> None:
    """F24: calls go to another server at once, those to the dead one end, and its registration does in its time."""
    ttl = 6.0 if LONG else 2.0
    with fleets("zmq+tcp") as fleet:
        fleet.urls = [redis.url(f"ttl={ttl:g}")] * 3
        fleet.serve_all((1, 2), world)
        asker = fleet.asker(world)
        for server in ("s1", "s2"):
            asker.ask(server=server)
        fleet.kill(1)
        began = time.monotonic()
        others = [asker.ask(timeout=5.0) for _ in range(20)]
        dead = [asker.ask(server="s1", timeout=5.0, may=("not_sent",)) for _ in range(5)]
        new = fleet.asker(world, "b")
        others += [new.ask(timeout=5.0) for _ in range(5)]
        dead.append(new.ask(server="s1", timeout=5.0, may=("not_sent",)))
        eventually(lambda: redis.ask(lambda client: client.zcard("rpcgen:servers")) == 1, ttl + 5.0)
        gone = time.monotonic() - began
        fleet.verdict()
    slowest = max(call.took for call in (*others, *dead))
    assert slowest <= 1.0
    assert gone <= ttl + 1.0
    report(
        f"F24 stale registration, zmq+redis {world}",
        f"0 calls to others fail, not sent in 1 s, entry gone in {ttl + 1:g} s",
        f"0 of {len(others)}, {slowest:.3f} s, {gone:.3f} s",
    )


def files(directory: Path) -> set[str]:
    """What lies in the folder of sockets, but for what always does."""
    return {path.name for path in (directory / "s").iterdir() if not path.name.startswith(".")}


@pytest.mark.parametrize("world", ["blocking", "asyncio"])
def test_a_server_comes_back_on_another_port(world: str, fleets: Fleets) -> None:
    """F26: of the same name; the client follows when the list of servers says so."""
    with fleets("zmq+tcp") as fleet:
        first, second = (url.removeprefix("zmq+tcp://") for url in fleet.urls[:2])
        ring = fleet.directory / "ring.json"
        fleet.urls[-1] = f"zmq+ring://{ring}"
        write(ring, first)
        fleet.serve(1, world, f"{fleet.url}?bind={first}")
        asker = fleet.asker(world)
        asker.ask(server="s1")
        fleet.kill(1)
        write(ring, second)
        fleet.serve(1, world, f"{fleet.url}?bind={second}")
        began = time.monotonic()
        may = ("ok", "not_sent")
        while asker.ask(server="s1", timeout=1.0, may=may).outcome != "ok":
            assert time.monotonic() < began + 2.0
        found = time.monotonic() - began
        fleet.verdict()
    report(
        f"F26 server back on another port, zmq+ring {world}",
        "followed in 2 s",
        f"{found:.3f} s",
    )


def write(ring: Path, host: str) -> None:
    """Replace the list of servers."""
    new = ring.with_suffix(".new")
    new.write_text(json.dumps({"test/errand": [host]}))
    new.replace(ring)
