"""Over RabbitMQ: servers are killed on either side of their commit, lose their connections, and get everything twice.

Whatever happens, each payment is booked once, and none is lost (PROMISES: effectively once).
"""

from __future__ import annotations

import asyncio
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from rpcgen.runtime import (
    AsyncServer,
    AsyncSqliteStore,
    EventServer,
    Server,
    SqliteStore,
    dedup,
)

from tests.chaos.proxy import Proxy, cut_after
from tests.chaos.tap import Tap
from tests.conformance.waiting import eventually
from tests.dedup.bank import SCHEMA, Runs, Unlucky, async_endpoint, book, booked, endpoint
from tests.rabbitd import RabbitServer

ROOT = Path(__file__).parents[2]
WORLDS = pytest.mark.parametrize("world", ["blocking", "asyncio"])

#: Seconds for what takes moments; a machine may be slow.
LIMIT = 30.0

Launch = Callable[..., subprocess.Popen[str]]


@pytest.fixture
def url(rabbit: RabbitServer) -> str:
    return rabbit.url(f"prefix=test-{time.monotonic_ns()}")


@pytest.fixture
def launch(folder: Path) -> Iterator[Launch]:
    """Starts servers; all that still live at the end are killed."""
    running: list[subprocess.Popen[str]] = []

    def start(world: str, url: str, name: str, when: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.dedup.serve", world, str(folder), url, name, when]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in running:
        process.kill()
        process.wait(5.0)
        assert process.stdout is not None
        process.stdout.close()


def open_store(folder: Path) -> SqliteStore:
    return SqliteStore(folder / "s.db", schema=SCHEMA)


def serve(bank: Any, url: str, folder: Path, name: str, **options: Any) -> Server:
    """A server in this process, with a store of its own on the same file."""
    store = open_store(folder)
    served = endpoint(bank, store, Runs(folder / "runs"), name)
    return Server(url, server=name, store=store, endpoints=[served], **options)


@WORLDS
@pytest.mark.parametrize("when", ["before", "after"])
def test_a_server_is_killed_at_its_commit(
    bank: Any, url: str, folder: Path, launch: Launch, world: str, when: str
) -> None:
    """F6: what was committed is not done again by another server; what was not, is. Either says so in its counters."""
    doomed = launch(world, url, "s1", when)
    with bank.BankClient(url) as client:
        client.pay(ticket="rent")
        assert doomed.wait(LIMIT) == -signal.SIGKILL
        runs = Runs(folder / "runs")
        assert runs.read() == [("s1", "rent", 1)]
        assert booked(folder / "s.db") == (["rent"] if when == "after" else [])
        with serve(bank, url, folder, "s2") as server:
            counters = server.serving.counters
            eventually(lambda: counters.committed + counters.handled == 1, LIMIT)
            client.pay(ticket="food")
            eventually(lambda: len(booked(folder / "s.db")) == 2, LIMIT)
    assert booked(folder / "s.db") == ["rent", "food"]
    again = [("s2", "rent", 2)] if when == "before" else []
    assert runs.read() == [("s1", "rent", 1), *again, ("s2", "food", 1)]
    assert counters.committed == (when == "after")


@WORLDS
def test_a_call_is_answered_by_another_server_as_by_the_first(
    bank: Any, url: str, folder: Path, launch: Launch, world: str
) -> None:
    """The method is idempotent, so the broker's second delivery may be answered: with what was committed."""
    with serve(bank, url, folder, "s2") as server, bank.BankClient(url) as client:
        doomed = launch(world, url, "s1", "after")
        balances: list[int] = []
        end = time.monotonic() + LIMIT
        while server.serving.counters.committed == 0:  # the broker chooses who gets a call
            balances.append(client.balance(ticket=f"t{len(balances)}"))
            assert time.monotonic() < end, "s1 never got a call"
        assert doomed.wait(LIMIT) == -signal.SIGKILL
    assert balances == list(range(1, len(balances) + 1))
    assert booked(folder / "s.db") == [f"t{number}" for number in range(len(balances))]
    names = Counter(name for name, _, _ in Runs(folder / "runs").read())
    assert names == {"s1": 1, "s2": len(balances) - 1}


@WORLDS
def test_a_copy_waits_for_the_first(
    bank: Any, url: str, folder: Path, launch: Launch, world: str
) -> None:
    """A server loses its connection while a handler runs, and the broker gives the message to another one."""
    runs = Runs(folder / "runs")
    with Proxy(int(rabbit_port(url))) as proxy, bank.BankClient(url) as client:
        behind = url.replace(f":{rabbit_port(url)}/", f":{proxy.port}/")
        first = launch(world, behind, "s1", "never")
        client.pay(ticket="rent", seconds=LIMIT)
        eventually(lambda: runs.read() == [("s1", "rent", 1)], LIMIT)
        with serve(bank, url, folder, "s2") as server:
            proxy.up = [cut_after(0)]  # so that s1 never comes back
            proxy.cut()
            eventually(lambda: server.serving.work.running == 1, LIMIT)
            assert runs.read() == [("s1", "rent", 1)]
            runs.release()
            eventually(lambda: server.serving.counters.committed == 1, LIMIT)
            eventually(lambda: server.serving.work.held == 0, LIMIT)
        first.kill()
        first.wait(LIMIT)
    assert runs.read() == [("s1", "rent", 1)]
    assert booked(folder / "s.db") == ["rent"]


def rabbit_port(url: str) -> str:
    """Where the broker of a URL listens."""
    return url.rpartition("@")[2].partition("/")[0].partition(":")[2]


def test_everything_comes_twice(bank: Any, rabbit: RabbitServer, url: str, folder: Path) -> None:
    """F30: to two servers; the copies that reach the other one are known by the store."""
    count = 100
    with (
        serve(bank, url, folder, "s1") as one,
        serve(bank, url, folder, "s2") as two,
        Tap(rabbit, replays=True),
        bank.BankClient(url) as client,
    ):
        tickets = [f"t{number}" for number in range(count)]
        for ticket in tickets:
            client.pay(ticket=ticket)

        def dropped() -> list[int]:
            both = [each.serving.counters for each in (one, two)]
            return [sum(each.repeated for each in both), sum(each.committed for each in both)]

        eventually(lambda: sum(dropped()) >= count, LIMIT)
    assert sorted(booked(folder / "s.db")) == sorted(tickets)
    assert sorted(ticket for _, ticket, _ in Runs(folder / "runs").read()) == sorted(tickets)
    assert dropped()[1] > 0, "no copy reached the other server"


@WORLDS
async def test_what_fails_leaves_nothing(bank: Any, url: str, folder: Path, world: str) -> None:
    """The first two attempts are undone, the third is committed."""
    runs, store = Runs(folder / "runs"), AsyncSqliteStore(folder / "s.db", schema=SCHEMA)
    made: dict[str, Any] = {"endpoints": [async_endpoint(bank, store, runs, "s1")], "store": store}
    if world == "blocking":  # on threads of an asyncio server
        plain = open_store(folder)
        made = {"endpoints": [endpoint(bank, plain, runs, "s1")], "store": plain}
    async with AsyncServer(url, server="s1", **made), bank.AsyncBankClient(url) as client:
        await client.pay(ticket="rent", fails=2)
        await in_time(lambda: booked(folder / "s.db") == ["rent"])
    assert runs.read() == [("s1", "rent", attempt) for attempt in (1, 2, 3)]


async def in_time(condition: Callable[[], bool]) -> None:
    """Wait for a condition."""
    async with asyncio.timeout(LIMIT):
        while not condition():
            await asyncio.sleep(0.01)


def test_each_group_has_its_own(bank: Any, url: str, folder: Path) -> None:
    """Two groups hear an event and share a store: it is booked by each, once, also where it had to come again."""
    store = open_store(folder)
    with ExitStack() as running:
        for group, fails in (("bills", 0), ("audit", 1)):
            hears = subscriber(bank, store, group, fails)
            server = EventServer(url, subscribers=[hears], group=group, store=store)
            running.enter_context(server)
        publisher = running.enter_context(bank.BankPublisher(url))
        publisher.paid(bank.Payment(ticket="rent"))
        eventually(lambda: len(booked(folder / "s.db")) == 2, LIMIT)
    assert booked(folder / "s.db") == ["rent", "rent"]


def subscriber(bank: Any, store: SqliteStore, group: str, fails: int) -> Any:
    """Books what it hears."""

    @dedup
    def paid(_: object, ctx: Any, payload: Any) -> None:
        book(store.connection(ctx), payload.ticket, group)
        if ctx.attempt <= fails:
            raise Unlucky(group)

    return type("Hears", (bank.BankSubscriber,), {"paid": paid})()
