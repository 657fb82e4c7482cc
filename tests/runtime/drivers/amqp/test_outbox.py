"""An outbox before a broker: what is in it arrives, in order, and says so if it may have arrived before."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import ConfigurationError, EventServer, Server

from tests.compiled import compile_to
from tests.conformance.waiting import eventually
from tests.packages import INTERFACES, import_from
from tests.ports import free_port
from tests.rabbitd import RabbitServer
from tests.runtime.outbox.parts import ask, dead, status, waiting

Seen = list[tuple[str, int]]
Serve = Callable[[Seen, str], Any]


@pytest.fixture(scope="module")
def keep(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    directory = tmp_path_factory.mktemp("keep")
    compile_to(directory, INTERFACES / "keep.yaml", INTERFACES / "news.yaml")
    import_from(directory, "test_news")
    return import_from(directory, "test_keep")


@pytest.fixture
def url(rabbit: RabbitServer) -> str:
    return rabbit.url(f"prefix=test-{time.monotonic_ns()}")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "outbox"


@pytest.fixture
def nowhere(folder: Path) -> str:
    """The same outbox, before a broker that is not there."""
    return f"amqp://127.0.0.1:{free_port()}/?outbox={folder}"


@pytest.fixture
def serve(keep: Any, url: str) -> Serve:
    def begin(seen: Seen, server: str = "s1") -> Server:
        def order(_: object, ctx: Any, *, ticket: str, seconds: float, fails: int) -> None:
            seen.append((ticket, ctx.attempt))

        def other(_: object, ctx: Any, **arguments: Any) -> Any:
            return ""

        methods = {"order": order, "tell": other, "ask": other}
        endpoint = type("Keep", (keep.KeepEndpoint,), methods)()
        return Server(url, server=server, endpoints=[endpoint], concurrency=1, executor="inline")

    return begin


def tickets(first: int, last: int, attempt: int = 1) -> Seen:
    return [(f"t{number}", attempt) for number in range(first, last)]


def test_what_is_written_arrives_in_order_and_is_removed(
    keep: Any, url: str, folder: Path, serve: Serve
) -> None:
    """Once, and nothing says that it may have come before."""
    seen: Seen = []
    with serve(seen, "s1"), keep.KeepClient(f"{url}&outbox={folder}") as client:
        for number in range(300):
            client.order(ticket=f"t{number}")
        eventually(lambda: len(seen) >= 300, 20.0)
        eventually(lambda: status(client).depth == 0)
        found = status(client)
    assert seen == tickets(0, 300)
    assert (found.kept, found.sent, found.repeated, found.age, found.bytes) == (300, 300, 0, 0, 0)
    assert waiting(folder) == []


def test_what_is_left_goes_first_and_says_that_it_may_be_a_repeat(
    keep: Any, url: str, folder: Path, nowhere: str, serve: Serve
) -> None:
    """After a restart: with the ids that it had, before what is new."""
    with keep.KeepClient(nowhere) as client:
        left = [client.order(ticket=f"t{number}").id.hex() for number in range(50)]
    assert waiting(folder) == left
    seen: Seen = []
    with serve(seen, "s1"), keep.KeepClient(f"{url}&outbox={folder}") as client:
        for number in range(50, 60):
            client.order(ticket=f"t{number}")
        eventually(lambda: len(seen) >= 60, 20.0)
        found = status(client)
    assert seen == tickets(0, 50, 2) + tickets(50, 60)
    assert found.repeated == 50
    assert waiting(folder) == []


async def test_asyncio_clients_have_outboxes(
    keep: Any, url: str, folder: Path, serve: Serve
) -> None:
    """The same file, by the same thread."""
    seen: Seen = []
    with serve(seen, "s1"):
        async with keep.AsyncKeepClient(f"{url}&outbox={folder}") as client:
            await asyncio.gather(*(client.order(ticket=f"t{number}") for number in range(500)))
            while len(seen) < 500 or status(client).depth:
                await asyncio.sleep(0.01)
    assert sorted(seen) == sorted(tickets(0, 500))
    assert waiting(folder) == []


def test_a_destination_that_is_not_there_holds_up_no_other(
    keep: Any, url: str, folder: Path, serve: Serve
) -> None:
    """What goes to it waits until it is, in order."""
    seen, late = Seen(), Seen()
    with serve(seen, "s1"), keep.KeepClient(f"{url}&outbox={folder}") as client:
        second = client.prepare(server="s2")
        for number in range(20):
            second.order(ticket=f"t{number}")
            client.order(ticket=f"t{number}")
        eventually(lambda: len(seen) == 20, 20.0)
        eventually(lambda: status(client).depth == 20)
        assert "nobody serves s2" in status(client).trouble
        with serve(late, "s2"):
            eventually(lambda: len(late) == 20, 20.0)
            eventually(lambda: status(client).depth == 0)
    assert seen == late == tickets(0, 20)


def test_events_that_are_kept_go_by_the_outbox(url: str, folder: Path, keep: object) -> None:
    """Those that are not do not."""
    news = __import__("test_news")
    seen: list[str] = []

    def done(_: object, ctx: Any, payload: Any) -> None:
        seen.append(payload.ticket)

    subscriber = type("Subscriber", (news.NewsSubscriber,), {"job_done": done})()
    with (
        EventServer(url, group="g", server="e1", subscribers=[subscriber]),
        news.NewsPublisher(f"{url}&outbox={folder}") as publisher,
    ):
        for number in range(20):
            publisher.job_done(news.Job(ticket=f"t{number}"))
        publisher.item_lost(news.Item(name="hat"))
        eventually(lambda: len(seen) == 20, 20.0)
        assert status(publisher).kept == 20
    assert sorted(seen) == sorted(f"t{number}" for number in range(20))


def test_what_is_too_old_is_put_aside(keep: Any, nowhere: str, folder: Path) -> None:
    """With the reason, after a restart as well."""
    with keep.KeepClient(f"{nowhere}&outbox_age=1") as client:
        old = [client.order(ticket=f"t{number}").id.hex() for number in range(5)]
    with keep.KeepClient(nowhere) as client:
        new = client.order(ticket="new").id.hex()
        eventually(lambda: status(client).dead == 5, 20.0)
        assert (status(client).depth, status(client).buried) == (1, 5)
    assert waiting(folder) == [new]
    assert [each for each, _ in dead(folder)] == old
    assert all("older than outbox_age" in reason for _, reason in dead(folder))


def test_what_cannot_be_read_is_put_aside(
    keep: Any, url: str, folder: Path, nowhere: str, serve: Serve
) -> None:
    """Between others, which arrive: a changed byte, another type, no destination, something else altogether."""
    with keep.KeepClient(nowhere) as client:
        for number in range(6):
            client.order(ticket=f"t{number}")
    changes = (
        "frame = CAST(replace(CAST(frame AS TEXT), 't1', 'tx') AS BLOB)",
        "frame = 17",
        "destination = NULL",
        "destination = x'00ff', id = 'short', written = 'x', until = x'', size = 'y', marks = NULL",
    )
    for number, change in enumerate(changes, start=2):
        ask(folder, f"UPDATE waiting SET {change} WHERE number = ?", number)
    seen: Seen = []
    with serve(seen, "s1"), keep.KeepClient(f"{url}&outbox={folder}") as client:
        client.order(ticket="t6")
        eventually(lambda: status(client).dead == 4, 20.0)
        eventually(lambda: len(seen) == 3, 20.0)
        eventually(lambda: status(client).depth == 0)
        assert status(client).unreadable == 4
    assert seen == [("t0", 2), ("t5", 2), ("t6", 1)]
    reasons = ask(folder, "SELECT reason FROM dead")
    assert reasons == [("it cannot be read",)] * 4


def test_clients_that_close_leave_what_is_not_confirmed(
    keep: Any, url: str, folder: Path, serve: Serve
) -> None:
    """The next one sends it; what ran says so if it may have run before."""
    seen: Seen = []
    cast = 0
    with serve(seen, "s1"):
        for _ in range(5):
            with keep.KeepClient(f"{url}&outbox={folder}") as client:
                eventually(lambda: status(client).sent or not status(client).depth)
                for _ in range(40):
                    client.order(ticket=f"t{cast}")
                    cast += 1
        with keep.KeepClient(f"{url}&outbox={folder}") as client:
            eventually(lambda: status(client).depth == 0, 20.0)
        expected = {f"t{number}" for number in range(cast)}
        eventually(lambda: {ticket for ticket, _ in seen} == expected, 20.0)
    first: set[str] = set()
    for ticket, attempt in seen:
        assert ticket not in first or attempt > 1
        first.add(ticket)


def test_a_closed_client_takes_nothing(keep: Any, url: str, folder: Path) -> None:
    """And its folder is another one's to have."""
    client = keep.KeepClient(f"{url}&outbox={folder}")
    client.close()
    with pytest.raises(ConfigurationError, match="closed"):
        client.order(ticket="x")
    keep.KeepClient(f"{url}&outbox={folder}").close()
