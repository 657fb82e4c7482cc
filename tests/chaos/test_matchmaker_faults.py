"""What tells clients where servers are goes away, forgets everything, says nonsense, or sends them to the dead."""

from __future__ import annotations

import json
import os
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import pytest

from tests.chaos.fleet import LONG, Fleet, Fleets, report, said
from tests.chaos.process import Process
from tests.conformance.waiting import eventually
from tests.redisd import RedisServer
from tests.runtime.drivers.zeromq.matchmakers.registrations import registered

pytestmark = [
    pytest.mark.timeout(180 if LONG else 40),
    pytest.mark.parametrize("world", ["blocking", "asyncio"] if LONG else ["asyncio"]),
]

#: Seconds that redis is away, or says nothing, and in which a log may have one line.
AWAY, QUIET = (30.0, 10.0) if LONG else (3.0, 10.0)


@pytest.fixture
def redis() -> Iterator[RedisServer]:
    """A redis of this test's own."""
    server = RedisServer().start()
    yield server
    server.end()


def load(fleet: Fleet, world: str) -> Process:
    """A client that calls all the time, and whose log is kept."""
    program = fleet.program("load", "load", world=world, callers=10, seconds=0.02)
    program.ready()
    return program


def wait(seconds: float) -> None:
    """How long a fault lasts is part of it."""
    end = time.monotonic() + seconds
    eventually(lambda: time.monotonic() >= end, seconds + 5.0)


def killed(server: RedisServer) -> None:
    """Kill it, and start it again, empty."""
    server.kill()
    wait(AWAY)
    server.start()


def stalled(server: RedisServer) -> None:
    """Stop it in the middle of what it does."""
    server.pause()
    wait(AWAY)
    server.resume()


def flushed(server: RedisServer) -> None:
    """Let it forget everything."""
    server.ask(lambda client: client.flushall())


def read_only(server: RedisServer) -> None:
    """Let it take nothing new, no renewal, for longer than any lasts."""
    server.refuse_writes()
    wait(AWAY)
    server.take_writes()


#: What happens to redis.
REDIS: dict[str, Callable[[RedisServer], None]] = {
    "killed and empty": killed,
    "stalled": stalled,
    "flushed": flushed,
    "read-only": read_only,
}


@pytest.mark.parametrize("how", REDIS)
def test_redis_fails(world: str, how: str, fleets: Fleets, redis: RedisServer) -> None:
    """F23: who knows each other goes on; registrations are back soon; and logs stay short."""
    fault = REDIS[how]
    with fleets("zmq+tcp") as fleet:
        ttl = 2.0 if fault is read_only else 6.0
        fleet.urls = [redis.url(f"ttl={ttl:g}")] * 3
        fleet.serve_all((1, 2), world)
        program = load(fleet, world)
        fleet.runs(100)
        began = time.monotonic()
        before = fleet.count()
        fault(redis)
        over = time.monotonic()
        eventually(lambda: registered(redis) == ["s1", "s2"], 10.0)
        back = time.monotonic() - over
        new = fleet.asker(world)
        found = new.ask(timeout=6.0).took
        during = fleet.count() - before
        length = time.monotonic() - began
        program.end_input()
        program.ended(15.0)
        lines = [
            len(process.complaints().strip().splitlines())
            for process in (program, *fleet.servers.values())
        ]
        checker = fleet.verdict()
    limit = ttl / 3 + 1.0
    assert back <= limit
    assert during > 10 * length
    assert max(lines) <= 1 + length / QUIET
    report(
        f"F23 redis {how}{f' for {AWAY:g} s' if fault is not flushed else ''}, zmq+redis {world}",
        f"0 failed calls, registrations back in {limit:.3g} s, 1 line in {QUIET:g} s",
        f"0 of {len(checker.began)} ({during} meanwhile), "
        f"{back:.3f} s, at most {max(lines)} lines in {length:.1f} s, a new client "
        f"served after {found:.3f} s",
    )


def test_a_ring_is_rewritten(world: str, fleets: Fleets) -> None:
    """F25: under load, in all ways that make no sense: what it said last counts, and no call fails."""
    rounds = 30 if LONG else 3
    with fleets("zmq+tcp") as fleet:
        hosts = [url.removeprefix("zmq+tcp://") for url in fleet.urls[:2]]
        ring = fleet.directory / "ring.json"
        good = json.dumps({"test/errand": hosts})
        replace(ring, good)
        fleet.urls = [f"zmq+ring://{ring}?bind={host}" for host in hosts] + [f"zmq+ring://{ring}"]
        fleet.serve_all((1, 2), world)
        program = load(fleet, world)
        fleet.runs(100)
        for _ in range(rounds):
            for content in (good, "", good[:-3], "[1, 2]", '{"test/errand": ["*"]}', "\x00" * 99):
                replace(ring, content)
                served_on(fleet)
                ring.write_text(content)  # in place, as some editors do
                served_on(fleet)
            for change in (ring.unlink, lambda: link(ring, good), lambda: ring.chmod(0o666)):
                change()
                served_on(fleet)
            ring.unlink()
            replace(ring, good)
        fast = time.monotonic() + (5.0 if LONG else 1.0)
        rewritten = 0
        while time.monotonic() < fast:
            replace(ring, json.dumps({"test/errand": hosts[:: 1 if rewritten % 2 else -1]}))
            rewritten += 1
        replace(ring, json.dumps({"test/errand": hosts[1:]}))
        fleet.runs(fleet.count() + 50)
        eventually(lambda: last_servers(fleet) == {"s2"}, 5.0)
        program.end_input()
        program.ended(15.0)
        lines = program.complaints().strip().splitlines()
        checker = fleet.verdict()
    assert "Traceback" not in "".join(lines)
    report(
        f"F25 ring made nonsense of {15 * rounds} times, rewritten {rewritten} times, zmq+ring {world}",
        "0 failed calls, 0 crashes, then as it says",
        f"0 of {len(checker.began)}, 0, {len(lines)} warnings",
    )


def replace(file: Path, content: str) -> None:
    """Put a whole new file there."""
    new = file.with_suffix(".new")
    new.write_text(content)
    new.replace(file)


def link(file: Path, content: str) -> None:
    """Put a symbolic link there."""
    elsewhere = file.with_suffix(".elsewhere")
    elsewhere.write_text(content)
    os.chmod(elsewhere, 0o644)
    with suppress(FileNotFoundError):
        file.unlink()
    file.symlink_to(elsewhere)


def served_on(fleet: Fleet) -> None:
    """Wait for some more calls."""
    fleet.runs(fleet.count() + 10)


def last_servers(fleet: Fleet) -> set[str]:
    """Who served the next few calls."""
    before = {name: fleet.count(lambda run, name=name: run.server == name) for name in ("s1", "s2")}
    fleet.runs(fleet.count() + 20)
    return {
        name
        for name, count in before.items()
        if fleet.count(lambda run, name=name: run.server == name) > count
    }


def test_a_dead_address_is_not_stormed(world: str, fleets: Fleets) -> None:
    """F26: however often it is called, and by whomever of one client, few connections are tried."""
    length = 10.0 if LONG else 2.0
    with fleets("zmq+tcp") as fleet, socket.create_server(("127.0.0.1", 0), backlog=64) as dead:
        living = fleet.urls[0].removeprefix("zmq+tcp://")
        fleet.urls[-1] = f"zmq+tcp://{living},127.0.0.1:{dead.getsockname()[1]}"
        fleet.serve(1, world)
        tried: list[float] = []

        def hang_up() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = dead.accept()
                    tried.append(time.monotonic())
                    connection.close()

        thread = threading.Thread(target=hang_up)
        thread.start()
        program = fleet.program("storm", world=world, seconds=length, servers=["s1", "s2"])
        measured = said(program)
        program.ended(10.0)
        dead.shutdown(socket.SHUT_RDWR)
        thread.join()
        fleet.verdict()
    soon = [at for at in tried if at < tried[0] + length]
    limit = (
        3.0 * length if LONG else 5 + 2.5 * length
    )  # a few at once, then no more than 2.5 a second
    assert len(soon) <= limit
    report(
        f"F26 dead address called for {length:g} s, zmq+tcp {world}",
        f"{limit:g} connections (3 a second over 10 s)",
        f"{len(soon)} ({len(tried)} for {measured['calls']} calls, {measured['good']} of them to the living one)",
    )
