"""Programs with an outbox are killed, find no broker or no room, and meet each other."""

from __future__ import annotations

import asyncio
import os
import random
import socket
import subprocess
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import ConfigurationError, NotSent, Server

from tests.chaos.fleet import LONG, Fleets, report
from tests.chaos.test_broker_shortage import ALARMS
from tests.compiled import compile_to
from tests.conformance.waiting import eventually
from tests.packages import INTERFACES, import_from
from tests.ports import free_port
from tests.rabbitd import RabbitServer
from tests.runtime.outbox.parts import Nursery, ask, status, waiting

pytestmark = pytest.mark.timeout(180)

both = pytest.mark.parametrize("world", ["blocking", "asyncio"])
worlds = pytest.mark.parametrize("world", ["blocking", "asyncio"] if LONG else ["asyncio"])

#: Casts that wait for the broker when it is killed; and seconds of an alarm.
CASTS = 1_000
ALARM = 10.0 if LONG else 3.0


@pytest.fixture(scope="session")
def keep_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    where = tmp_path_factory.mktemp("keep")
    compile_to(where, INTERFACES / "keep.yaml")
    return where


@pytest.fixture(scope="session")
def keep(keep_directory: Path) -> ModuleType:
    """The package that is generated from interfaces/keep.yaml."""
    return import_from(keep_directory, "test_keep")


@pytest.fixture
def nursery(keep_directory: Path) -> Iterator[Nursery]:
    """Programs that fill outboxes."""
    programs = Nursery(keep_directory)
    try:
        yield programs
    finally:
        programs.end()


@pytest.fixture
def folder(directory: Path) -> Path:
    return directory / "outbox"


@pytest.fixture
def nowhere(folder: Path) -> str:
    """A broker that is not there."""
    return f"amqp://127.0.0.1:{free_port()}/?outbox={folder}"


@pytest.fixture
def full_disk(directory: Path) -> Iterator[Path]:
    """A disk of 16 MiB."""
    if os.geteuid() != 0:
        pytest.skip("a disk of its own needs root")
    where = directory / "disk"
    where.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", "size=16m,mode=0700", "none", str(where)]
    mounted = subprocess.run(command, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"this root may not mount: {mounted.stderr.strip()}")
    try:
        yield where
    finally:
        subprocess.run(["umount", str(where)], check=True)


Serve = Callable[..., Server]


@pytest.fixture
def serve(keep: Any) -> Serve:
    def begin(url: str, seen: list[tuple[str, int]], server: str = "s1") -> Server:
        def order(_: object, ctx: Any, *, ticket: str, seconds: float, fails: int) -> None:
            seen.append((ticket, ctx.attempt))

        def other(_: object, ctx: Any, **arguments: Any) -> Any:
            return ""

        methods = {"order": order, "tell": other, "ask": other}
        endpoint = type("Keep", (keep.KeepEndpoint,), methods)()
        return Server(url, server=server, endpoints=[endpoint], concurrency=1, executor="inline")

    return begin


def unflagged(seen: list[tuple[str, int]]) -> list[str]:
    """What ran again without a word."""
    before: set[str] = set()
    found: list[str] = []
    for ticket, attempt in seen:
        if ticket in before and attempt == 1:
            found.append(ticket)
        before.add(ticket)
    return found


def fill(client: Any, returned: list[str]) -> None:
    """Cast more than a small disk can hold."""
    for number in range(1, 2_000):
        ticket = f"{number:010_d}" * 1_000
        client.order(ticket=ticket)
        returned.append(ticket)


@both
def test_a_publisher_is_killed_while_it_fills(
    world: str, keep: Any, nowhere: str, folder: Path, nursery: Nursery
) -> None:
    """F33: again and again, at random points: what had returned is there, once and in order."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    rounds = 250 if LONG else 25
    returned: list[str] = []
    for _ in range(rounds):
        pid = nursery.begin(nowhere, world)
        casts = nursery.returned(chance.randrange(40))
        time.sleep(chance.random() * 0.005)  # the point is random
        casts += nursery.killed(pid)
        returned += [each for each, _ in casts]
    began = time.monotonic()
    with keep.KeepClient(nowhere) as client:
        opened = time.monotonic() - began
        depth = status(client).depth
    found = waiting(folder)
    lost = set(returned) - set(found)
    report(
        f"F33 publisher killed {rounds} times while it filled its outbox, {world}, seed {seed}",
        "0 of what had returned lost, nothing there twice",
        f"{len(lost)} of {len(returned)} lost, {depth} there, opened in {opened:.3f} s",
    )
    assert not lost
    assert len(set(found)) == len(found) == depth
    if world == "blocking":
        places = {each: place for place, each in enumerate(found)}
        assert sorted(returned, key=places.__getitem__) == returned


@both
def test_a_publisher_is_killed_while_it_sends(
    world: str, keep: Any, mortal: RabbitServer, folder: Path, nursery: Nursery, serve: Serve
) -> None:
    """F33: with the broker there: all that had returned runs, and what runs again says so."""
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    rounds = 100 if LONG else 10
    url = mortal.url(f"prefix=test-{time.monotonic_ns()}")
    boxed = f"{url}&outbox={folder}"
    seen: list[tuple[str, int]] = []
    returned: list[str] = []
    # Each knows what it has run, so a copy that says nothing would run on the other one.
    with serve(url, seen, "s1"), serve(url, seen, "s2"):
        for _ in range(rounds):
            pid = nursery.begin(boxed, world)
            casts = nursery.returned(chance.randrange(100))
            time.sleep(chance.random() * 0.05)  # the point is random
            casts += nursery.killed(pid)
            returned += [ticket for _, ticket in casts]
        with keep.KeepClient(boxed) as client:
            eventually(lambda: status(client).depth == 0, 60.0)
        eventually(lambda: set(returned) <= {ticket for ticket, _ in seen}, 60.0)
    again = len(seen) - len({ticket for ticket, _ in seen})
    report(
        f"F33 publisher killed {rounds} times while its outbox was being sent, {world}, seed {seed}",
        "0 of what had returned lost, second runs flagged",
        f"0 of {len(returned)} lost, {again} ran again and {len(unflagged(seen))} of them unflagged",
    )
    assert not unflagged(seen)
    assert waiting(folder) == []


def test_100_000_messages_are_found_at_once(keep: Any, nowhere: str, folder: Path) -> None:
    """F33: a restart with so many."""
    with keep.KeepClient(nowhere) as client:
        client.order(ticket="first")
    ask(
        folder,
        "WITH RECURSIVE n(i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i < 100000) INSERT INTO waiting SELECT "
        "i, destination, id, marks, written, until, size, checksum, frame FROM n, waiting WHERE number = 1",
    )
    began = time.monotonic()
    with keep.KeepClient(nowhere) as client:
        client.order(ticket="last")
        took = time.monotonic() - began
        assert status(client).depth == 100_001
    report("F33 an outbox with 100,000 messages is opened", "2 s", f"{took:.3f} s with a cast")
    assert took <= 2.0


@worlds
def test_the_broker_is_killed_behind_an_outbox(
    world: str, fleets: Fleets, mortal: RabbitServer, folder: Path
) -> None:
    """F1: casts return while it is away, and all of them run when it is back."""
    with fleets("amqp", broker=mortal, options=f"heartbeat=2&outbox={folder}") as fleet:
        fleet.serve_all((1, 2), world)
        asker = fleet.asker(world)
        casts = [asker.start("keep", timeout=10.0) for _ in range(CASTS)]
        fleet.runs(CASTS // 10)
        mortal.kill()
        casts += [asker.start("keep", timeout=10.0) for _ in range(CASTS)]
        ended = [each.result(30.0) for each in casts]
        depth = len(waiting(folder))
        mortal.start()
        began = time.monotonic()
        tickets = {each.ticket for each in ended}
        eventually(lambda: tickets <= {run.ticket for run in fleet.ran()}, 60.0)
        took = time.monotonic() - began
        checker = fleet.verdict()
    twice = sum(len(checker.runs[each.ticket]) > 1 for each in ended)
    report(
        f"F1 broker killed behind an outbox with {2 * CASTS} casts, amqp {world}",
        "all return, 0 lost, second runs flagged",
        f"the slowest took {max(each.took for each in ended):.3f} s, {depth} were left for the broker, all had run "
        f"{took:.3f} s after its return, {twice} ran twice and said so",
    )
    assert {each.outcome for each in ended} == {"ok"}
    assert depth >= CASTS


@worlds
def test_an_outbox_absorbs_an_alarm(
    world: str, fleets: Fleets, mortal: RabbitServer, folder: Path
) -> None:
    """F18: while the broker takes nothing, casts return as ever."""
    begins, ends = ALARMS["memory"]
    with fleets("amqp", broker=mortal, options=f"heartbeat=1&outbox={folder}") as fleet:
        fleet.serve(1, world)
        asker = fleet.asker(world)
        asker.ask("keep")
        fleet.runs(1)
        mortal.evaluate(begins)
        try:
            until = time.monotonic() + ALARM
            ended = []
            while time.monotonic() < until:
                ended.append(asker.ask("keep", timeout=5.0))
                time.sleep(0.01)  # they are many, and the alarm is long
        finally:
            mortal.evaluate(ends)
        began = time.monotonic()
        eventually(
            lambda: {each.ticket for each in ended} <= {run.ticket for run in fleet.ran()}, 30.0
        )
        took = time.monotonic() - began
        fleet.verdict()
    slowest = max(each.took for each in ended)
    report(
        f"F18 memory alarm for {ALARM:g} s before an outbox, amqp {world}",
        "casts return, and run after it",
        f"{len(ended)} casts, the slowest took {slowest:.3f} s, all had run {took:.3f} s after its end",
    )
    assert {each.outcome for each in ended} == {"ok"}


def test_the_disk_is_full(keep: Any, mortal: RabbitServer, full_disk: Path, serve: Serve) -> None:
    """F32: casts are refused, what was there stays, and goes out in order when there is room."""
    url = mortal.url(f"prefix=test-{time.monotonic_ns()}")
    folder, ballast = full_disk / "outbox", full_disk / "ballast"
    nowhere = f"amqp://127.0.0.1:{free_port()}/?outbox={folder}"
    returned: list[str] = []
    with keep.KeepClient(nowhere) as client:
        client.order(ticket="0" * 10_000)
        returned.append("0" * 10_000)
        ballast.write_bytes(bytes(10 * 1024 * 1024))
        with pytest.raises(NotSent, match="could not be written: database or disk is full"):
            fill(client, returned)
        with pytest.raises(NotSent, match="disk is full"):
            client.order(ticket="x" * 1_000_000)
        assert status(client).failed == 2
        ballast.unlink()
        client.order(ticket="after")
        returned.append("after")
    assert len(waiting(folder)) == len(returned)
    seen: list[tuple[str, int]] = []
    ballast.write_bytes(bytes(1024))
    with serve(url, seen), keep.KeepClient(f"{url}&outbox={folder}") as client:
        eventually(lambda: len(seen) >= len(returned), 60.0)
        eventually(lambda: status(client).depth == 0)
    assert [ticket for ticket, _ in seen] == returned
    assert ask(folder, "PRAGMA integrity_check") == [("ok",)]
    report(
        "F32 the disk of an outbox is full",
        "NotSent, nothing of before lost, all in order when there is room",
        f"{len(returned)} of {len(returned)} in order",
    )


def test_two_processes_want_one_outbox(
    keep: Any, nowhere: str, folder: Path, nursery: Nursery
) -> None:
    """F34: the second is told so, and the first notices nothing; when it is gone, the other may have it."""
    pid = nursery.begin(nowhere, "blocking")
    returned = nursery.returned(20)
    began = time.monotonic()
    for _ in range(3):
        with pytest.raises(ConfigurationError, match="is in use by another process"):
            keep.KeepClient(nowhere)
    took = time.monotonic() - began
    returned += nursery.returned(20)
    returned += nursery.killed(pid)
    with keep.KeepClient(nowhere) as client:
        assert status(client).depth >= len(returned)
        with pytest.raises(ConfigurationError, match="another client of this one"):
            keep.KeepClient(nowhere)
    assert {each for each, _ in returned} <= set(waiting(folder))
    report(
        "F34 two processes want one outbox",
        "refused, 0 lost",
        f"3 refusals in {took:.3f} s, 0 lost",
    )


def test_a_child_of_a_fork_does_not_keep_the_folder(keep: Any, nowhere: str) -> None:
    """F35: it may not use its parent's outbox, and when the parent has closed it another one may have it."""
    client = keep.KeepClient(nowhere)
    client.order(ticket="parent")
    theirs, ours = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(ours)
        try:
            client.order(ticket="child")
        except ConfigurationError:
            os.read(theirs, 1)
            os._exit(0)
        os._exit(1)
    os.close(theirs)
    client.order(ticket="parent")
    client.close()
    with keep.KeepClient(nowhere) as other:
        assert status(other).depth == 2
    os.close(ours)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


@both
def test_a_client_with_an_outbox_closes_in_time(world: str, keep: Any, folder: Path) -> None:
    """F41: before a broker that accepts and never answers."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"amqp://127.0.0.1:{silent.getsockname()[1]}/?outbox={folder}&connect_timeout=30"
        if world == "blocking":
            took = cast_and_close(keep.KeepClient(url))
        else:
            took = asyncio.run(cast_and_close_async(keep.AsyncKeepClient, url))
    assert len(waiting(folder)) == 1
    report(f"F41 close with an outbox before a silent broker, {world}", "2 s", f"{took:.3f} s")
    assert took <= 2.0


def cast_and_close(client: Any) -> float:
    """Seconds that closing takes while its connections, and those of its outbox, are being made."""
    client.order(ticket="x")
    with pytest.raises(NotSent):
        client.prepare(timeout=0.2).tell(ticket="y")
    began = time.monotonic()
    client.close()
    return time.monotonic() - began


async def cast_and_close_async(open_client: Any, url: str) -> float:
    """The same."""
    client = open_client(url)
    await client.order(ticket="x")
    with pytest.raises(NotSent):
        await client.prepare(timeout=0.2).tell(ticket="y")
    began = time.monotonic()
    await client.close()
    return time.monotonic() - began
