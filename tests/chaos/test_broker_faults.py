"""Rows of the fault matrix on RabbitMQ: what becomes of calls and casts when the broker, or who uses it, fails."""

from __future__ import annotations

import logging
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import pytest
from rpcgen.runtime import ConnectionLost, NotSent, Server, Unknown

from tests.chaos.fleet import LONG
from tests.chaos.keeper import Journal, endpoint
from tests.chaos.rows import ROWS
from tests.compiled import INTERFACES, compile_to, import_from
from tests.conformance.waiting import eventually
from tests.rabbitd import RabbitServer

pytestmark = pytest.mark.timeout(180)

ROOT = Path(__file__).parents[2]
WORLDS = ["blocking", "asyncio"] if LONG else ["blocking"]


@pytest.fixture(scope="module")
def broker() -> Iterator[RabbitServer]:
    """A node that tests kill; each leaves it running."""
    server = RabbitServer()
    try:
        yield server.start()
    finally:
        server.end()


@pytest.fixture(scope="module")
def keep(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    directory = tmp_path_factory.mktemp("keep")
    compile_to(directory, INTERFACES / "keep.yaml")
    return import_from(directory, "test_keep")


class Stage:
    """Servers as processes, one journal, and a client."""

    def __init__(self, keep: Any, broker: RabbitServer, directory: Path, world: str) -> None:
        self.keep = keep
        self.broker = broker
        self.url = broker.url(f"prefix=test-{time.monotonic_ns()}", "heartbeat=2")
        self.journal = directory / "journal"
        self._packages = str(Path(str(keep.__file__)).parents[1])
        self._world = world
        self._running: list[subprocess.Popen[str]] = []
        self._closing: list[Callable[[], object]] = []

    def serve(self, name: str, *, wait: bool = True) -> subprocess.Popen[str]:
        order = [self._packages, self.url, name, self._world, str(self.journal)]
        command = [sys.executable, "-m", "tests.chaos.keeper", *order]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        self._running.append(process)
        if wait:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        return process

    def client(self, **options: Any) -> Any:
        client = self.keep.KeepClient(self.url, **options)
        self._closing.append(client.close)
        return client

    def ran(self) -> list[tuple[str, int, str]]:
        if not self.journal.exists():
            return []
        lines = self.journal.read_text().splitlines()
        return [(one, int(two), three) for one, two, three in (line.split() for line in lines)]

    def tickets(self) -> set[str]:
        return {ticket for ticket, _, _ in self.ran()}

    def close(self) -> None:
        for close in self._closing:
            close()
        for process in self._running:
            if process.poll() is None:
                process.kill()
            process.wait(5.0)
            assert process.stdout is not None
            process.stdout.close()


@pytest.fixture(params=WORLDS)
def stage(
    keep: ModuleType, broker: RabbitServer, request: pytest.FixtureRequest
) -> Iterator[Stage]:
    with tempfile.TemporaryDirectory(prefix="rpcgen") as directory:
        made = Stage(keep, broker, Path(directory), request.param)
        try:
            yield made
        finally:
            made.close()


def unflagged(ran: list[tuple[str, int, str]]) -> set[str]:
    """The tickets that ran twice as if each were the first time."""
    first = Counter(ticket for ticket, attempt, _ in ran if attempt == 1)
    return {ticket for ticket, count in first.items() if count > 1}


def first_success(client: Any, limit: float = 20.0) -> float:
    """Seconds until a call succeeds."""
    begun = time.monotonic()
    while True:
        try:
            client.prepare(timeout=2.0).ask(ticket="probe")
        except (NotSent, Unknown):
            assert time.monotonic() - begun < limit, "no call succeeds"
            threading.Event().wait(0.05)
        else:
            return time.monotonic() - begun


def row(name: str, measured: str) -> None:
    ROWS.append(f"{name} amqp: {measured}")


def test_the_checker_sees_what_runs_twice() -> None:
    """An unmarked second run is a violation, a marked one is not."""
    assert unflagged([("a", 1, "s1"), ("a", 1, "s2"), ("b", 1, "s1"), ("b", 2, "s1")]) == {"a"}


def test_f1_a_killed_broker_loses_nothing_that_was_kept(stage: Stage) -> None:
    """SIGKILL with 1,000 casts under way: all that returned ran; a second run is marked as one."""
    stage.serve("s1")
    client = stage.client(timeout=60.0)
    stored: set[str] = set()
    unknown: set[str] = set()

    def order(number: int) -> None:
        ticket = f"t{number}"
        try:
            client.order(ticket=ticket)
        except (NotSent, Unknown):
            unknown.add(ticket)
        else:
            stored.add(ticket)

    with ThreadPoolExecutor(32) as pool:
        casts = [pool.submit(order, number) for number in range(1000)]
        eventually(lambda: len(stored) > 200, 30.0)
        stage.broker.kill()
        before = len(stored)
        stage.broker.start()
        for cast in casts:
            cast.result(90.0)
    back = first_success(client)
    eventually(lambda: stored <= stage.tickets(), 60.0)
    ran = stage.ran()
    twice = sum(count - 1 for count in Counter(ticket for ticket, _, _ in ran).values())
    row(
        "F1",
        f"1000 casts, {before} stored before SIGKILL, {len(stored)} in all, 0 lost, {twice} twice",
    )
    assert len(stored) + len(unknown) == 1000
    assert unflagged([each for each in ran if each[0] != "probe"]) == set()
    assert back <= 6.0


def test_f2_calls_end_soon_when_the_broker_is_stopped(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """Closed in order: calls under way are ConnectionLost within 2 s, all works when it is back, and the log is short."""
    stage.serve("s1")
    client = stage.client()
    client.ask(ticket="warm")
    with ThreadPoolExecutor(50) as pool:
        calls = [
            pool.submit(client.prepare(timeout=60.0).ask, ticket=f"c{number}", seconds=30.0)
            for number in range(50)
        ]
        eventually(lambda: len(stage.tickets()) == 51, 20.0)
        stopping = threading.Thread(target=stage.broker.stop)
        begun = time.monotonic()
        stopping.start()
        kinds = {type(call.exception(30.0)) for call in calls}
        ended = time.monotonic() - begun
        stopping.join(30.0)
    away = 20.0 if LONG else 5.0
    threading.Event().wait(max(0.0, begun + away - time.monotonic()))  # the length of the fault
    stage.broker.start()
    back = first_success(client)
    away = time.monotonic() - begun
    said = Counter(
        record.getMessage().partition(":")[0]
        for record in caplog.records
        if record.levelno >= logging.WARNING and record.name == "rpcgen.amqp"
    )
    row(
        "F2",
        f"50 calls ended after {ended:.1f} s (stopping included), back after {back:.1f} s, warnings in {away:.0f} s by "
        f"connection: {dict(said)} (limit 1 in 10 s)",
    )
    assert set(said) == {"requests", "answers"}
    assert max(said.values()) <= 1 + away // 10
    assert kinds == {ConnectionLost}
    assert back <= 6.0
    assert unflagged([each for each in stage.ran() if each[0].startswith("c")]) == set()


def test_f4_programs_that_are_there_before_the_broker(stage: Stage) -> None:
    """A call is NotSent by its deadline; both find the broker when it comes."""
    stage.broker.kill()
    stage.serve("s1", wait=False)
    client = stage.client()
    begun = time.monotonic()
    with pytest.raises(NotSent):
        client.prepare(timeout=1.0).ask(ticket="early")
    late = time.monotonic() - begun - 1.0
    stage.broker.start()
    back = first_success(client)
    row("F4", f"NotSent {late:.2f} s after the deadline, back after {back:.1f} s")
    assert late < 0.5
    assert back <= 6.0


def test_f5_a_killed_server_is_noticed_at_once(stage: Stage) -> None:
    """Its calls are ConnectionLost, none runs twice, and the next goes to the other server."""
    first = stage.serve("s1")
    client = stage.client()
    calls_of = client.prepare(timeout=30.0)
    with ThreadPoolExecutor(20) as pool:
        calls = [
            pool.submit(calls_of.ask, ticket=f"c{number}", seconds=30.0) for number in range(20)
        ]
        eventually(lambda: len(stage.tickets()) == 20, 20.0)
        stage.serve("s2")
        begun = time.monotonic()
        os.kill(first.pid, signal.SIGKILL)
        kinds = {type(call.exception(10.0)) for call in calls}
        ended = time.monotonic() - begun
    assert client.ask(ticket="next") == "s2"
    row("F5", f"20 calls ended {ended:.2f} s after SIGKILL")
    assert kinds == {ConnectionLost}
    assert ended < 2.0
    assert max(Counter(ticket for ticket, _, _ in stage.ran()).values()) == 1


def test_f6_what_a_killed_server_held_runs_elsewhere(stage: Stage) -> None:
    """SIGKILL of a server with 40 casts in its hands: all 40 run, marked as another attempt."""
    first = stage.serve("s1")
    client = stage.client()
    for number in range(40):
        client.order(ticket=f"t{number}", seconds=60.0)
    eventually(lambda: len(stage.ran()) == 40, 20.0)
    stage.serve("s2")
    begun = time.monotonic()
    os.kill(first.pid, signal.SIGKILL)
    eventually(lambda: sum(server == "s2" for _, _, server in stage.ran()) == 40, 20.0)
    row("F6", f"40 of 40 ran again {time.monotonic() - begun:.2f} s after SIGKILL")
    again = {(ticket, attempt) for ticket, attempt, server in stage.ran() if server == "s2"}
    assert again == {(f"t{number}", 2) for number in range(40)}
    assert time.monotonic() - begun < 10.0


#: What makes a node short of something, and what ends that.
ALARMS = {
    "memory": (
        ("set_vm_memory_high_watermark", "0.00001"),
        ("set_vm_memory_high_watermark", "0.4"),
    ),
    "disk": (("set_disk_free_limit", "1000000GB"), ("set_disk_free_limit", "1MB")),
}


@pytest.mark.parametrize("alarm", ALARMS)
def test_f18_nothing_outlives_its_deadline_while_the_broker_is_short(
    stage: Stage, alarm: str
) -> None:
    """With heartbeats on; answers that are under way still come, and it goes on when the alarm ends."""
    begins, ends = ALARMS[alarm]
    stage.serve("s1")
    client = stage.client()
    client.order(ticket="warm")
    with ThreadPoolExecutor(1) as pool:
        under_way = pool.submit(client.prepare(timeout=30.0).ask, ticket="long", seconds=3.0)
        eventually(lambda: "long" in stage.tickets())
        stage.broker.ctl(*begins)
        late: list[float] = []
        try:
            for number in range(4 if LONG else 2):
                begun = time.monotonic()
                with pytest.raises((NotSent, Unknown)):
                    client.prepare(timeout=1.5).order(ticket=f"blocked{number}")
                late.append(time.monotonic() - begun - 1.5)
                begun = time.monotonic()
                with pytest.raises((NotSent, Unknown)):
                    client.prepare(timeout=1.5).ask(ticket=f"blocked{number}")
                late.append(time.monotonic() - begun - 1.5)
        finally:
            stage.broker.ctl(*ends)
        begun = time.monotonic()
        back = first_success(client)
        assert under_way.result(30.0) == "s1"
    row(f"F18 {alarm}", f"at most {max(late):.2f} s after the deadline, back after {back:.1f} s")
    assert max(late) < 0.5
    assert back <= 2.0


def test_f19_a_deleted_queue_is_made_again(stage: Stage) -> None:
    """The consumer is cancelled, which the server notices; meanwhile a call is NotSent."""
    stage.serve("s1")
    client = stage.client()
    client.ask(ticket="warm")
    prefix = stage.url.partition("prefix=")[2].partition("&")[0]
    connection = stage.broker.connect()
    connection.channel().queue_delete(f"{prefix}.call/test/keep")
    connection.close()
    back = first_success(client)
    row("F19", f"served again after {back:.2f} s")
    assert back <= 5.0


def silent() -> socket.socket:
    """A broker that accepts, and never says anything."""
    listening = socket.create_server(("127.0.0.1", 0))
    listening.listen(64)
    return listening


def test_f22_a_broker_that_never_answers_holds_nobody_up(keep: Any) -> None:
    """Starting, calling, casting and closing end in time."""
    with silent() as listening:
        url = f"amqp://127.0.0.1:{listening.getsockname()[1]}/?connect_timeout=0.5"
        begun = time.monotonic()
        server = Server(url, endpoints=[endpoint(keep, Journal(os.devnull), "s", "blocking")])
        server.start()
        started = time.monotonic() - begun
        client = keep.KeepClient(url)
        begun = time.monotonic()
        with pytest.raises(NotSent, match="in time"):
            client.prepare(timeout=1.0).ask(ticket="x")
        with pytest.raises(NotSent):
            client.prepare(timeout=1.0).order(ticket="x")
        late = time.monotonic() - begun - 2.0
        begun = time.monotonic()
        client.close()
        server.stop(0.0)
        closed = time.monotonic() - begun
    row("F22", f"started in {started:.1f} s, {late:.2f} s late, closed in {closed:.2f} s")
    assert started < 6.0
    assert late < 0.5
    assert closed < 2.5


def test_f3_restarts_leave_nothing_behind(stage: Stage) -> None:
    """Threads, descriptors, queues and consumers are as many as before."""
    process = psutil.Process()
    bystander = Server(
        stage.url,
        server="s2",
        endpoints=[endpoint(stage.keep, Journal(os.devnull), "s2", "blocking")],
    )
    with bystander:
        client = stage.client()
        client.order(ticket="warm")
        client.ask(ticket="warm")

        def counts() -> tuple[int, int, int, int]:
            consumers = stage.broker.listed("queues", "name", "consumers")
            mine = [int(number) for name, number in consumers if name.startswith("test-")]
            return threading.active_count(), process.num_fds(), len(mine), sum(mine)

        before = counts()
        rounds = 10 if LONG else 2
        for _ in range(rounds):
            stage.broker.kill()
            stage.broker.start()
            first_success(client)
            eventually(lambda: client.order(ticket="x") is not None, 10.0)
        settled: list[tuple[int, int, int, int]] = []

        def as_before() -> bool:
            settled.append(counts())
            threads, descriptors, *declared = (
                now - then for now, then in zip(settled[-1], before, strict=True)
            )
            return threads <= 2 and descriptors <= 2 and declared == [0, 0]

        try:
            eventually(as_before, 20.0)
        finally:
            row(
                "F3",
                f"{rounds} restarts: threads, descriptors, queues, consumers {settled[-1]}, before {before} (limit 2, 2, 0, 0 "
                "more)",
            )
