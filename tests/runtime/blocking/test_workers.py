"""The threads of a blocking server: woken one at a time, and still as many at work as there is work."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from itertools import pairwise
from types import ModuleType
from typing import Any
from unittest.mock import Mock

import msgspec
import pytest
from rpcgen.runtime import Context, Server
from rpcgen.runtime.blocking import paces, workers
from rpcgen.runtime.blocking.paces import PROOF, Paces
from rpcgen.runtime.blocking.workers import LOOK, Workers
from rpcgen.runtime.core.entry import Entry
from rpcgen.runtime.core.envelope import Refusal, Request
from rpcgen.runtime.ids import new_id

from tests.conformance.lab import Bench, endpoint
from tests.conformance.raw import Asking, request, result_of
from tests.conformance.waiting import eventually
from tests.ports import free_port

WAIT = 10.0

#: Seconds between two looks of a thread that is to see that what lies there is not taken.
LOOK_AGAIN = 0.1

#: Seconds between two looks of a thread that is to stand by for as long as a test takes to send something.
LONG_LOOK = 0.5

#: How often such a test begins anew, where no thread stood by when it was to.
TRIES = 5


class Meeting:
    """A handler that returns only when so many of it run at the same time."""

    def __init__(self) -> None:
        self.barrier = threading.Barrier(1)
        self.most = self._now = 0
        self._lock = threading.Lock()

    def both(self, ctx: Context, *, text: str) -> None:
        with self._lock:
            self._now += 1
            self.most = max(self.most, self._now)
        try:
            self.barrier.wait(WAIT)
        finally:
            with self._lock:
                self._now -= 1


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Quick handlers are so however busy the machine is; LOOK is still longer."""
    monkeypatch.setattr(paces, "QUICK", 0.8 * LOOK)


@pytest.fixture
def all_are_quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """No run is too long to be quick, and nobody gives up standing by."""
    monkeypatch.setattr(paces, "QUICK", 1.0)
    monkeypatch.setattr(workers, "LOOK", 60.0)


@pytest.fixture
def meeting() -> Meeting:
    return Meeting()


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def running_on() -> list[int]:
    """The threads that ran `add`, in order."""
    return []


@pytest.fixture
def start(
    lab: ModuleType, bench: Bench, meeting: Meeting, running_on: list[int]
) -> Iterator[Callable[..., Server]]:
    """Starts servers of the lab; `both` is the meeting, and `add` notes its thread."""
    running: list[Server] = []
    base: Any = type(endpoint(lab, bench, "s1"))

    def both(self: Any, ctx: Context, *, text: str) -> None:
        meeting.both(ctx, text=text)

    def add(self: Any, ctx: Context, **arguments: int) -> int:
        running_on.append(threading.get_ident())
        total: int = base.add(self, ctx, **arguments)
        return total

    made = type("Lab", (base,), {"both": both, "add": add})

    def run(*, listeners: int = 1, **options: Any) -> Server:
        urls = [f"zmq+tcp://127.0.0.1:{free_port()}" for _ in range(listeners)]
        running.append(Server(urls, server="s1", endpoints=[made()], **options))
        running[-1].start()
        return running[-1]

    yield run
    bench.release.set()
    for server in running:
        server.stop(5.0)


def threads() -> list[str]:
    """The names of all threads of servers."""
    return [each.name for each in threading.enumerate() if each.name.startswith("rpcgen-")]


def meet(client: Asking, meeting: Meeting, count: int, send: Callable[..., None]) -> None:
    """Ask for so many meetings that none ends before all have begun."""
    meeting.barrier = threading.Barrier(count)
    asked = [request("both", {"text": "x"}) for _ in range(count)]
    send(*asked)
    answers = client.answers(count, WAIT)
    for each in asked:
        result_of(answers[each.id])


@pytest.mark.parametrize("together", [True, False], ids=["in one message", "in many"])
def test_as_many_handlers_run_at_once_as_there_are_requests(
    start: Callable[..., Server], meeting: Meeting, together: bool
) -> None:
    """Each is begun without waiting for another to end: new threads, and those that are idle."""
    with Asking(start(concurrency=64).addresses[0]) as client:

        def one_by_one(*asked: Any) -> None:
            for each in asked:
                client.ask(each)

        for count in (1, 2, 17, 64, 3, 64):
            meet(client, meeting, count, client.ask if together else one_by_one)
    assert meeting.most == 64


def test_no_thread_is_forgotten(start: Callable[..., Server], meeting: Meeting) -> None:
    """However requests come, whoever is idle is woken for those that wait."""
    with Asking(start(concurrency=24).addresses[0]) as client:
        for number in range(200):
            meet(client, meeting, 1 + number * 7 % 24, client.ask)


def test_not_more_than_the_limit_run_at_once(
    start: Callable[..., Server], meeting: Meeting
) -> None:
    """What comes behind waits until one ends."""
    with Asking(start(concurrency=4).addresses[0]) as client:
        meeting.barrier = threading.Barrier(4)
        asked = [request("both", {"text": "x"}) for _ in range(40)]
        client.ask(*asked)
        assert client.answers(40, WAIT).keys() == {each.id for each in asked}
    assert meeting.most == 4


def test_too_few_threads_do_the_work_one_after_the_other(
    start: Callable[..., Server],
    meeting: Meeting,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Where a process may have no more, nothing is lost and the log says so once; and more are asked for later."""
    really_start = threading.Thread.start

    def refuse(thread: threading.Thread) -> None:
        if thread.name.startswith("rpcgen-worker"):
            raise RuntimeError("can't start new thread")
        really_start(thread)

    eventually(lambda: not threads())  # of servers of other tests
    with Asking(start(concurrency=8).addresses[0]) as client:
        before = len(threads())
        monkeypatch.setattr(threading.Thread, "start", refuse)
        for _ in range(3):
            asked = [request("add", {"a": number}) for number in range(40)]
            client.ask(*asked)
            answers = client.answers(40, WAIT)
            assert [result_of(answers[each.id]) for each in asked] == [*range(1, 41)]
        assert len(threads()) == before
        assert [each.message for each in caplog.records if "can't start" in each.message] == [
            "can't start new thread: requests have to do with the 1 there are"
        ]
        monkeypatch.setattr(threading.Thread, "start", really_start)
        meet(client, meeting, 8, client.ask)


def test_many_clients_run_at_once(
    lab: ModuleType, start: Callable[..., Server], meeting: Meeting
) -> None:
    """The same for calls of many threads, which a client may send together."""
    url = f"zmq+{start(concurrency=40).addresses[0]}"
    meeting.barrier = threading.Barrier(40)
    with lab.LabClient(url) as client, ThreadPoolExecutor(40) as pool:
        for _ in range(5):
            for each in [pool.submit(client.both, text="x") for _ in range(40)]:
                each.result(WAIT)
    assert meeting.most == 40


@pytest.mark.parametrize("proven", [False, True], ids=["unknown", "quick so far"])
def test_a_slow_handler_holds_up_nothing_behind_it(
    start: Callable[..., Server], bench: Bench, proven: bool
) -> None:
    """Requests of the same message are answered while it goes on, and so are those that come later."""
    server = start(concurrency=8)
    with Asking(server.addresses[0]) as client:
        for position in (0, 5, 9):
            bench.release.clear()
            if proven:
                prove_quick(server, client, request("nap", {"seconds": 0.0}))
                prove_quick(server, client, request("add", {"a": 1}))
            slow = request("nap", {"seconds": 30.0}, remaining=30.0)
            quick = [request("add", {"a": number}) for number in range(10)]
            client.ask(*quick[:position], slow, *quick[position:])
            answers = client.answers(10)
            assert [result_of(answers[each.id]) for each in quick] == list(range(1, 11))
            later = request("add", {"a": 1})
            client.ask(later)
            assert result_of(client.answers(1)[later.id]) == 2
            bench.release.set()
            assert result_of(client.answers(1)[slow.id]) is True


def is_quick(server: Server, name: str) -> bool:
    """Whether a server takes a method to be quick."""
    left = server._workers._paces._left
    return any(entry.method.name == name and not runs for entry, runs in left.items())


def prove_quick(server: Server, client: Asking, asked: Request) -> None:
    """Send a request until its method counts as quick."""

    def shown() -> bool:
        for _ in range(PROOF):
            again = msgspec.structs.replace(asked, id=new_id())
            client.ask(again)
            client.answers(1)
        return is_quick(server, asked.method)

    eventually(shown, WAIT)


def begun(server: Server) -> int:
    """How many handlers run."""
    return sum(job.started for job in list(server._serving.work._jobs.values()))


def becomes(condition: Callable[[], bool]) -> bool:
    """Whether a condition comes true within a few looks; a thread that stands by may just have been called away."""
    with suppress(AssertionError):
        eventually(condition, 4 * LONG_LOOK)
    return condition()


@pytest.mark.parametrize("when", ["before it puts something down", "after it"])
def test_a_thread_that_is_held_up_while_it_counts_on_another_is_looked_after(
    start: Callable[..., Server], bench: Bench, monkeypatch: pytest.MonkeyPatch, when: str
) -> None:
    """The one that stands by gives up meanwhile, but not without a look at what has been put down."""
    monkeypatch.setattr(workers, "LOOK", LONG_LOOK)
    server, asked = start(concurrency=8), Paces.is_quick
    held_up: list[bool] = []

    def slowly(self: Paces, entry: Entry) -> bool:
        quick = asked(self, entry)
        if quick and not held_up and bool(server._workers._ready) is (when == "after it"):
            held_up.append(True)
            threading.Event().wait(2.5 * LONG_LOOK)
        return quick

    with Asking(server.addresses[0]) as client:
        for _ in range(TRIES):
            bench.release.clear()
            held_up.clear()
            monkeypatch.setattr(Paces, "is_quick", asked)
            prove_quick(server, client, request("nap", {"seconds": 0.0}))
            eventually(lambda: server._workers._standing_by and not begun(server))
            monkeypatch.setattr(Paces, "is_quick", slowly)
            client.ask(slow := request("nap", {"seconds": 30.0}, remaining=30.0))
            eventually(lambda: held_up or begun(server))
            if held_up:
                break
            bench.release.set()
            client.answers(1)
        else:
            pytest.fail("it was never counted on")
        client.ask(quick := request("add", {"a": 1}))
        assert result_of(client.answers(1, WAIT)[quick.id]) == 2
        bench.release.set()
        assert result_of(client.answers(1)[slow.id]) is True


def test_a_handler_that_is_slow_for_once_is_so_until_it_is_shown_again(
    start: Callable[..., Server], bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As soon as somebody has waited for it, not only when it ends: it may come again before."""
    monkeypatch.setattr(workers, "LOOK", LONG_LOOK)
    server = start(concurrency=8)
    with Asking(server.addresses[0]) as client:
        for _ in range(TRIES):
            bench.release.clear()
            prove_quick(server, client, request("nap", {"seconds": 0.0}))
            eventually(lambda: server._workers._standing_by)
            client.ask(slow := request("nap", {"seconds": 30.0}, remaining=30.0))
            if becomes(lambda: not is_quick(server, "nap")):
                break
            bench.release.set()
            client.answers(1)
        else:
            pytest.fail("it still counts as quick")
        bench.release.set()
        assert result_of(client.answers(1)[slow.id]) is True


def test_all_that_are_slow_for_once_are_so(
    start: Callable[..., Server],
    bench: Bench,
    meeting: Meeting,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Two threads may count on quick handlers at the same time."""
    monkeypatch.setattr(workers, "LOOK", LONG_LOOK)
    server = start(listeners=2, concurrency=8)
    with Asking(server.addresses[0]) as one, Asking(server.addresses[1]) as other:
        for _ in range(TRIES):
            bench.release.clear()
            meeting.barrier = threading.Barrier(1)
            prove_quick(server, one, request("nap", {"seconds": 0.0}))
            prove_quick(server, other, request("both", {"text": "x"}))
            eventually(lambda: server._workers._standing_by)
            meeting.barrier = threading.Barrier(2)
            one.ask(nap := request("nap", {"seconds": 30.0}, remaining=30.0))
            other.ask(both := request("both", {"text": "x"}))
            if becomes(lambda: not is_quick(server, "nap") and not is_quick(server, "both")):
                break
            bench.release.set()
            meeting.barrier.wait(WAIT)
            one.answers(1)
            other.answers(1)
        else:
            pytest.fail("they still count as quick")
        assert meeting.most == 1
        bench.release.set()
        meeting.barrier.wait(WAIT)
        assert result_of(one.answers(1)[nap.id]) is True
        result_of(other.answers(1)[both.id])


def test_requests_that_wait_for_their_turn_are_nothing_that_was_taken(
    start: Callable[..., Server], monkeypatch: pytest.MonkeyPatch
) -> None:
    """However many of them a thread runs: what lies there is taken by the one that stands by."""
    monkeypatch.setattr(workers, "LOOK", LOOK_AGAIN)
    pool = Workers(start()._serving, inline=False)
    entry, bell = Mock(), threading.Lock()
    bell.acquire()
    standing = threading.Thread(target=pool._stand_by, args=(bell,), daemon=True)
    standing.start()
    eventually(lambda: pool._standing_by)
    pool._ready.append(Mock())
    end = time.monotonic() + WAIT

    def run(job: Any) -> Any:
        time.sleep(0.001)
        return job if standing.is_alive() and time.monotonic() < end else None

    monkeypatch.setattr(pool, "_run", run)
    monkeypatch.setattr(pool._paces, "_left", {entry: 0})
    pool._run_beside(Mock(entry=entry))
    assert time.monotonic() < end
    assert pool._paces.is_quick(entry)  # none of them took long
    assert not pool._relied_on


def test_what_does_not_reach_a_handler_says_nothing_of_it(start: Callable[..., Server]) -> None:
    """Else whoever sends what does not fit could have it taken for quick."""
    server = start(concurrency=8)
    with Asking(server.addresses[0]) as client:
        for _ in range(4 * PROOF):
            client.ask(wrong := request("nap", {"seconds": "many"}))
            assert isinstance(client.answers(1)[wrong.id], Refusal)
    assert not is_quick(server, "nap")
    assert not server._workers._paces._left


@pytest.mark.usefixtures("all_are_quick")
def test_a_thread_that_runs_quick_handlers_reads_on(
    lab: ModuleType, start: Callable[..., Server], running_on: list[int]
) -> None:
    """Else each request would wake another thread, which costs more than they do."""
    url = f"zmq+{start(concurrency=8).addresses[0]}"
    with lab.LabClient(url) as client:

        def changes() -> int:
            running_on.clear()
            for _ in range(100):
                client.add(a=1)
            return sum(one != other for one, other in pairwise(running_on))

        eventually(lambda: changes() < 20)


@pytest.mark.usefixtures("all_are_quick")
def test_more_than_a_few_requests_are_not_left_to_one_thread(
    start: Callable[..., Server], running_on: list[int]
) -> None:
    """Those of a large message are run by several, however quick they are."""
    server = start(concurrency=64)
    with Asking(server.addresses[0]) as client:
        prove_quick(server, client, request("add", {"a": 1}))

        def some() -> int:
            running_on.clear()
            client.ask(*(request("add", {"a": 1}) for _ in range(60)))
            client.answers(60)
            return len(set(running_on))

        some()  # begins threads, which look for themselves
        eventually(lambda: some() > 1)


def test_a_server_that_ends_leaves_no_thread(
    start: Callable[..., Server], meeting: Meeting
) -> None:
    """Whether its threads were idle or at work, all of them end."""
    for busy in (False, True):
        server = start(concurrency=32)
        with Asking(server.addresses[0]) as client:
            meet(client, meeting, 32, client.ask)
            if busy:
                meeting.barrier = threading.Barrier(32)
                client.ask(*(request("both", {"text": "x"}) for _ in range(31)))
                eventually(lambda: meeting.barrier.n_waiting == 31)
                assert len(threads()) >= 32
                client.ask(request("both", {"text": "x"}))
                client.answers(32)
                client.ask(*(request("add", {"a": 1}) for _ in range(500)))
            server.stop(5.0)
        eventually(lambda: not threads())
