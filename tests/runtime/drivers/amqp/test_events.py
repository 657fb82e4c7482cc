"""Events over RabbitMQ: what a group is promised, and what is on the broker (PROMISES: P11)."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import ConfigurationError, EventServer, NotSent
from rpcgen.runtime.drivers.amqp import desk

from tests.compiled import compile_to
from tests.conformance.waiting import eventually
from tests.packages import INTERFACES, import_from
from tests.rabbitd import RabbitServer

ROOT = Path(__file__).parents[4]


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("news")
    compile_to(directory, INTERFACES / "news.yaml")
    return directory


@pytest.fixture(scope="module")
def news(packages: Path) -> ModuleType:
    return import_from(packages, "test_news")


@pytest.fixture
def prefix() -> str:
    return f"test-{time.monotonic_ns()}"


@pytest.fixture
def url(rabbit: RabbitServer, prefix: str) -> str:
    return rabbit.url(f"prefix={prefix}")


class Heard:
    """What handlers saw: ticket, attempt."""

    def __init__(self) -> None:
        self.seen: list[tuple[str, int]] = []

    def subscriber(self, news: Any) -> Any:
        def job_done(_: object, ctx: Any, payload: Any) -> None:
            self.seen.append((payload.ticket, ctx.attempt))
            if ctx.attempt <= payload.fails:
                raise RuntimeError(f"no luck with {payload.ticket} at attempt {ctx.attempt}")

        return type("Hears", (news.NewsSubscriber,), {"job_done": job_done})()


def job(news: Any, ticket: str, **fields: Any) -> Any:
    return news.Job(ticket=ticket, unit="pieces", **fields)


def test_a_handler_that_raises_has_another_attempt(news: Any, url: str) -> None:
    """The event comes again, to its group alone, and says so."""
    heard, other = Heard(), Heard()
    with (
        EventServer(url, subscribers=[heard.subscriber(news)], group="one"),
        EventServer(url, subscribers=[other.subscriber(news)], group="other") as second,
        news.NewsPublisher(url) as publisher,
    ):
        publisher.job_done(job(news, "a", fails=1))
        eventually(lambda: ("a", 2) in heard.seen and ("a", 2) in other.seen, 15.0)
        assert heard.seen == other.seen == [("a", 1), ("a", 2)]
        assert second.serving.counters.failed == 1


def test_what_nobody_can_handle_is_put_aside(
    news: Any, url: str, prefix: str, rabbit: RabbitServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """After five attempts the event lies in the dead letters of its group, and the others flow on."""
    monkeypatch.setattr(desk, "PAUSE", 0.01)
    heard = Heard()
    with (
        EventServer(url, subscribers=[heard.subscriber(news)], group="readers"),
        news.NewsPublisher(url) as publisher,
    ):
        publisher.job_done(job(news, "poison", fails=100))
        publisher.job_done(job(news, "fine"))
        dead = f"{prefix}.group-dead/test/news/test.news/readers"
        eventually(lambda: rabbit.queues().get(dead) == 1, 20.0)
    assert [attempt for ticket, attempt in heard.seen if ticket == "poison"] == [1, 2, 3, 4, 5]
    assert ("fine", 1) in heard.seen


def test_an_event_that_is_too_large_is_refused(news: Any, url: str) -> None:
    """Before it leaves."""
    with news.NewsPublisher(f"{url}&max_message=1000") as publisher, pytest.raises(NotSent):
        publisher.job_done(job(news, "x" * 2000))


def test_a_queue_that_is_otherwise_is_named(news: Any, url: str) -> None:
    """A group whose queue is of another type does not start."""
    heard = Heard()
    with EventServer(url, subscribers=[heard.subscriber(news)], group="readers"):
        pass
    other = EventServer(
        f"{url}&queue_type=quorum", subscribers=[heard.subscriber(news)], group="readers"
    )
    with pytest.raises(ConfigurationError, match="group-"):
        other.start()


@pytest.mark.parametrize("group", ["readers", None])
def test_a_burst_floods_nobody(news: Any, url: str, group: str | None) -> None:
    """A slow subscriber takes as many as it runs, and the others wait for it; none is lost."""
    heard: list[str] = []
    most = 0

    def item_taken(_: object, ctx: Any, payload: Any) -> None:
        nonlocal most
        most = max(most, server.serving.work.held)
        heard.append(payload.name)

    subscriber = type("Hears", (news.NewsSubscriber,), {"item_taken": item_taken})()
    names = [f"item{number}" for number in range(500)]
    with (
        EventServer(url, subscribers=[subscriber], group=group, concurrency=4) as server,
        news.NewsPublisher(url) as publisher,
    ):
        for name in names:
            publisher.item_taken(news.Item(name=name))
        eventually(lambda: len(heard) >= len(names), 60.0)
    assert sorted(heard) == sorted(names)
    assert (
        most <= 2 * 4
    )  # one that is acknowledged already may not be counted out yet when the next one comes


@pytest.mark.timeout(120)
def test_a_lost_connection_costs_a_group_nothing(news: Any, url: str, rabbit: RabbitServer) -> None:
    """The broker closes all connections while events are published and handled; all of them are handled."""
    heard = Heard()
    tickets = [f"t{number}" for number in range(200)]
    with (
        EventServer(url, subscribers=[heard.subscriber(news)], group="readers"),
        news.NewsPublisher(url) as publisher,
    ):
        for number, ticket in enumerate(tickets):
            if number in (50, 120):
                rabbit.ctl("close_all_connections", "a test")
            publisher.job_done(job(news, ticket))
        eventually(lambda: {ticket for ticket, _ in heard.seen} == set(tickets), 60.0)
    counts = Counter(ticket for ticket, _ in heard.seen)
    twice = {ticket for ticket, count in counts.items() if count > 1}
    assert all(max(a for t, a in heard.seen if t == ticket) > 1 for ticket in twice)


# --- kill -9 ----------------------------------------------------------------------------------------------------------


class Members:
    """Programs of one group, each with a journal of its own."""

    def __init__(self, packages: Path, url: str, folder: Path) -> None:
        self._arguments = (str(packages), url)
        self._folder = folder
        self.running: list[subprocess.Popen[str]] = []
        self.journals: list[Path] = []

    def start(self, group: str = "readers") -> subprocess.Popen[str]:
        journal = self._folder / f"{group}-{len(self.journals)}"
        program = [sys.executable, "-m", "tests.conformance.hear_news", *self._arguments]
        process = subprocess.Popen(
            [*program, group, str(journal)], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        self.running.append(process)
        self.journals.append(journal)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    def lines(self, group: str = "readers") -> list[list[str]]:
        """What the members of a group wrote, without half a line at the end."""
        found: list[list[str]] = []
        for journal in self.journals:
            if journal.name.startswith(f"{group}-") and journal.exists():
                text = journal.read_text()
                found += [line.split() for line in text[: text.rfind("\n") + 1].splitlines()]
        return found

    def done(self, group: str = "readers") -> set[str]:
        return {ticket for what, ticket, _ in self.lines(group) if what == "done"}

    def end(self) -> None:
        for process in self.running:
            process.kill()
            process.wait(10.0)
            if process.stdout is not None:
                process.stdout.close()


@pytest.fixture
def members(packages: Path, url: str, tmp_path: Path) -> Iterator[Members]:
    made = Members(packages, url, tmp_path)
    yield made
    made.end()


@pytest.mark.timeout(180)
def test_a_group_gets_everything_though_its_member_is_killed(
    news: Any, url: str, members: Members
) -> None:
    """P11: 60 events, a member killed with some in its hands, another one later: each is handled, by both groups.

    What ran again says that it is a further attempt.
    """
    tickets = [f"t{number}" for number in range(60)]
    victim = members.start()
    members.start("others")
    with news.NewsPublisher(url, source="test") as publisher:
        for ticket in tickets[:40]:
            publisher.job_done(job(news, ticket, seconds=0.02))
        eventually(lambda: len(members.done()) >= 8, 60.0)
        victim.send_signal(signal.SIGKILL)
        victim.wait(10.0)
        for ticket in tickets[40:]:  # nobody of the group runs
            publisher.job_done(job(news, ticket, seconds=0.02))
    begun = len(members.done())
    assert begun < len(tickets)
    members.start()
    eventually(lambda: members.done() == set(tickets), 90.0)
    eventually(lambda: members.done("others") == set(tickets), 90.0)
    again = [line for line in members.lines() if line[0] == "begun"]
    counts = Counter(ticket for _, ticket, _ in again)
    assert all(
        {attempt for _, each, attempt in again if each == ticket} != {"1"}
        for ticket, count in counts.items()
        if count > 1
    )
    assert not any(attempt != "1" for _, _, attempt in members.lines("others"))


@pytest.mark.timeout(120)
def test_members_share_and_groups_do_not(news: Any, url: str, members: Members) -> None:
    """P11: each event is handled by one member of each group."""
    for group in ("readers", "readers", "others"):
        members.start(group)
    tickets = [f"t{number}" for number in range(80)]
    with news.NewsPublisher(url) as publisher:
        for ticket in tickets:
            publisher.job_done(job(news, ticket, seconds=0.01))
    for group in ("readers", "others"):
        eventually(lambda group=group: members.done(group) == set(tickets), 60.0)  # type: ignore[misc]
        counts = Counter(ticket for what, ticket, _ in members.lines(group) if what == "done")
        assert set(counts.values()) == {1}
    shares = [journal for journal in members.journals if journal.name.startswith("readers-")]
    assert all(journal.stat().st_size for journal in shares)
