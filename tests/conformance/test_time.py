"""Deadlines, cancellation, heartbeats, overload and drain."""

from __future__ import annotations

import asyncio
import math
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from rpcgen.runtime import (
    ConnectionLost,
    DeadlineExceeded,
    NotSent,
    Overloaded,
    Profile,
    Rejected,
    use_context,
)
from rpcgen.runtime.core.calls import SPARED
from rpcgen.runtime.core.serving import Serving
from rpcgen.runtime.core.work import Work

from tests.conformance.conftest import Lab
from tests.conformance.lab import endpoint
from tests.conformance.waiting import eventually, quickest


@pytest.mark.native("memory")  # it is the broker that tells of deadlines
def test_a_deadline_ends_the_call_and_tells_the_handler(labs: Lab) -> None:
    """The caller is free at its deadline, and the handler hears that nobody waits."""
    client = labs.open()
    assert client.add(a=1) == 2  # else it would be the time of connecting, too

    def late() -> None:
        with pytest.raises(DeadlineExceeded) as caught:
            client.prepare(timeout=0.2).nap(seconds=20.0)
        assert caught.value.maybe_executed
        assert isinstance(caught.value, TimeoutError)

    assert 0.2 <= quickest(late, 0.7) < 0.7
    # A request whose time is over when it comes does not begin.
    eventually(lambda: labs.bench.started.is_set() or late())
    assert labs.bench.cancelled.wait(5.0)
    assert client.add(a=1) == 2


@pytest.mark.native("memory")  # it is the broker that tells of deadlines
def test_no_deadline_has_to_be_spelled_out(labs: Lab) -> None:
    """Handlers see the remaining time: the method's, the caller's, or none with `inf`."""
    client = labs.open()
    assert client.add(a=1) == 2  # else it would be the time of connecting, too
    assert 59.0 < client.report().remaining <= 60.0
    assert 4.0 < client.prepare(timeout=5).report().remaining <= 5.0
    assert client.prepare(timeout=math.inf).report().remaining is None


@pytest.mark.native("memory")  # it is the broker that tells of deadlines
def test_nested_calls_inherit_deadline_and_context(labs: Lab) -> None:
    """A call that a handler makes ends no later than its own request, and carries its id and fields."""
    client = labs.open()
    trace = ("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01", "vendor=1")
    with use_context(
        request_id="req-outer", fields={"user": "ann", "roles": ["a", "b"]}, trace=trace
    ):
        inner = client.relay(seconds=0.2)
    assert inner.trace == list(trace)
    assert inner.remaining < 1.85
    assert inner.request_id == "req-outer"
    assert own_fields(inner) == {"user": "ann", "roles": ["a", "b"]}
    assert own_fields(client.prepare(context={"tenant": 5}).report()) == {"tenant": 5}
    assert own_fields(client.report()) == {}


def own_fields(report: Any) -> dict[str, Any]:
    """The program's: the oslo wire has request id and trace among them."""
    beside = ("request_id", "traceparent", "tracestate")
    return {name: value for name, value in report.fields.items() if name not in beside}


def test_an_ambient_timeout_bounds_all_calls(labs: Lab) -> None:
    """use_context(timeout=...) limits every call in the block."""
    client = labs.open()
    assert client.add(a=1) == 2  # else it would be the time of connecting, too

    async def limited_in_loop() -> None:
        with use_context(timeout=0.2):
            await client._thing.nap(seconds=20.0)

    def nap() -> None:
        if labs.worlds.client_world == "asyncio":
            labs.worlds.loop.run(limited_in_loop())  # the context is set where the call is made
        else:
            with use_context(timeout=0.2):
                client.nap(seconds=20.0)

    def limited() -> None:
        with pytest.raises(DeadlineExceeded):
            nap()

    assert quickest(limited, 0.8) < 0.8


@pytest.mark.native
def test_cancelling_a_task_cancels_the_handler(labs: Lab) -> None:
    """A cancelled asyncio call frees its caller within 50 ms, and the handler hears of it within a second."""
    if labs.worlds.client_world != "asyncio":
        pytest.skip("a blocking call has no task to cancel")
    client = labs.open()

    async def cancel_one() -> float:
        labs.bench.started.clear()
        task = asyncio.ensure_future(client._thing.nap(seconds=20.0))
        while not labs.bench.started.is_set():
            await asyncio.sleep(0.005)
        begun = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return time.monotonic() - begun

    assert min(labs.worlds.loop.run(cancel_one()) for _ in range(3)) < 0.05
    assert labs.bench.cancelled.wait(1.0)
    assert client.add(a=1) == 2


def test_more_than_the_queue_holds_is_refused(labs: Lab) -> None:
    """Beyond the concurrency limit and the queue a call is Overloaded at once; the accepted ones finish."""
    client = labs.open(concurrency=1, queue=1)
    with ThreadPoolExecutor(2) as pool:
        running = pool.submit(lambda: client.nap(seconds=20.0))
        assert labs.bench.started.wait(5.0)
        waiting = pool.submit(lambda: client.add(a=1))
        eventually(lambda: labs.servers[0].serving.work.queued == 1)
        took: list[float] = []
        for _ in range(3):
            begun = time.monotonic()
            with pytest.raises(Overloaded) as caught:
                client.greet(name="a")  # which is not idempotent, so nobody tries again
            took.append(time.monotonic() - begun)
            assert caught.value.retry_after is not None
        assert min(took) < 0.2
        labs.bench.release.set()
        assert running.result(5.0) is True
        assert waiting.result(5.0) == 2
    assert labs.servers[0].serving.counters.overloaded == len(took)


def without_room(labs: Lab, *full: int) -> Any:
    """A client that knows two servers, of which these have room for no call."""
    client = labs.open(servers=2, queue=0)
    if labs.urls[0].startswith(("amqp", "kombu")):
        pytest.skip("the broker chooses the server")
    for name in ("s1", "s2"):
        client.prepare(server=name).report()
    for number in full:
        labs.servers[number].serving.work._concurrency = 0
    return client


@pytest.mark.parametrize("method", ["greet", "add"])  # the second is idempotent
def test_a_server_without_room_costs_no_call_while_another_has_some(labs: Lab, method: str) -> None:
    """Who chooses the server himself sends a call that one had no room for to another, at once, and spares the first."""
    client = without_room(labs, 0)
    arguments: dict[str, Any] = {"greet": {"name": "a"}, "add": {"a": 1}}[method]
    begun = time.monotonic()
    for _ in range(100):
        getattr(client, method)(**arguments)
    took = time.monotonic() - begun
    refused = labs.servers[0].serving.counters.overloaded
    assert 1 <= refused <= 2 + 10 * took  # it asks to be spared for a tenth of a second
    counters = getattr(client, "_thing", client)._transport.counters
    assert (counters.moved, counters.retried) == (refused, 0)


def test_servers_without_room_are_asked_once_each(labs: Lab) -> None:
    """A call does not go round: it is refused as soon as nobody is left who may have room."""
    client = without_room(labs, 0, 1)

    def asked() -> tuple[float, list[int]]:
        threading.Event().wait(2 * SPARED)  # for both to be asked again
        counters = [server.serving.counters for server in labs.servers]
        before, begun = [each.overloaded for each in counters], time.monotonic()
        with pytest.raises(Overloaded):
            client.greet(name="a")
        took = time.monotonic() - begun
        return took, [now.overloaded - old for now, old in zip(counters, before, strict=True)]

    # The first is asked once more if it takes the second longer to answer than the first is to be spared.
    tries = (asked() for _ in range(5))
    assert next((each for took, each in tries if took < SPARED), None) == [1, 1]


def test_an_idempotent_call_is_tried_again(labs: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """A server that was too busy is asked again after a pause; the caller only sees that it took longer."""
    client = labs.open(concurrency=1, queue=0)
    count = Serving._count

    def count_and_let_go(serving: Serving, error: Rejected) -> None:
        count(serving, error)
        labs.bench.release.set()

    monkeypatch.setattr(Serving, "_count", count_and_let_go)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(lambda: client.nap(seconds=20.0))
        assert labs.bench.started.wait(5.0)
        assert client.add(a=1) == 2
        assert running.result(5.0) is True
    assert 1 <= labs.servers[0].serving.counters.overloaded <= 2


@pytest.mark.native("amqp")  # a hand-written caller cannot be asked whether it still waits
def test_a_request_that_expired_while_nobody_read_is_not_run(labs: Lab) -> None:
    """A server whose only thread was busy cannot know how old a request is; a caller that still waits notices nothing."""
    if labs.worlds.client_world != "blocking":
        pytest.skip("an asyncio client would wait for the server's loop itself")
    client = labs.open(servers=0)
    served = endpoint(labs.package, labs.bench, "s1")
    server = labs.worlds.server(labs.urls[0], server="s1", endpoints=[served], executor="inline")
    assert client.add(a=1) == 2
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(lambda: client.nap(seconds=1.2))
        assert labs.bench.started.wait(5.0)
        with pytest.raises(DeadlineExceeded):
            client.prepare(timeout=0.2).both(text="late")
        assert running.result(5.0) is True
    client.prepare(timeout=0.9).both(text="in time")
    assert labs.bench.notes == ["in time"]
    counters = server.serving.counters
    assert counters.stale + counters.expired >= 1


@pytest.mark.native("memory")  # it is the broker that tells of deadlines
def test_a_request_that_expired_in_the_queue_is_not_run(labs: Lab) -> None:
    """A request whose time ended while it waited never reaches its handler."""
    client = labs.open(concurrency=1)
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(lambda: client.nap(seconds=20.0))
        assert labs.bench.started.wait(5.0)
        with pytest.raises(DeadlineExceeded):
            client.prepare(timeout=0.5).both(text="late")
        # Its time is over there, too, when it has been told so, or has noticed: the way there takes its own time.
        held = labs.servers[0].serving.work._jobs
        eventually(lambda: all(job.started or job.context.cancelled for job in [*held.values()]))
        labs.bench.release.set()
        assert running.result(5.0) is True
    client.both(text="in time")
    assert labs.bench.wait_for_notes(1) == ["in time"]


def test_a_busy_server_beats_for_long_calls(labs: Lab) -> None:
    """A long call outlives its silence limit, because the server says that it is at work."""
    client = labs.open(client={"profiles": {"long": Profile(timeout=20.0, silence=1.0)}})
    with ThreadPoolExecutor(1) as pool:
        napping = pool.submit(client.long_nap, seconds=1.7)
        with pytest.raises(DeadlineExceeded):
            client.prepare(timeout=1.2).long_nap(seconds=20.0)
        assert napping.result(5.0) is None


@pytest.mark.native
def test_a_silent_server_ends_a_long_call(labs: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without signs of life a long call ends as ConnectionLost long before its deadline."""
    client = labs.open(client={"profiles": {"long": Profile(timeout=20.0, silence=0.4)}})
    monkeypatch.setattr(Work, "beats", lambda work, now: [])
    assert client.add(a=1) == 2  # else it would be the time of connecting, too

    def ask() -> None:
        with pytest.raises(ConnectionLost, match="silent"):
            client.long_nap(seconds=20.0)

    assert 0.4 <= quickest(ask, 1.0) < 1.0


@pytest.mark.native(
    "amqp"
)  # what comes late waits for another server, as it does for a hand-written one
def test_stopping_finishes_what_runs(labs: Lab) -> None:
    """stop() lets a running call end and answers it."""
    client = labs.open()
    with ThreadPoolExecutor(2) as pool:
        running = pool.submit(lambda: client.nap(seconds=20.0))
        assert labs.bench.started.wait(5.0)
        stopping = pool.submit(lambda: labs.servers[0].stop(10.0))
        eventually(lambda: labs.servers[0].serving.work.state.value != "open")
        with pytest.raises((Rejected, NotSent)):
            client.add(a=1)
        labs.bench.release.set()
        assert running.result(5.0) is True
        stopping.result(5.0)
    with pytest.raises(NotSent):
        client.add(a=1)


def test_stopping_gives_up_on_handlers_that_take_too_long(labs: Lab) -> None:
    """After the drain timeout the caller gets a clear error, and stop() returns."""
    client = labs.open()
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(lambda: client.nap(seconds=20.0))
        assert labs.bench.started.wait(5.0)
        begun = time.monotonic()
        labs.servers[0].stop(0.2)
        assert time.monotonic() - begun < 2.5
        with pytest.raises(ConnectionLost, match=r"stopped|gone|lost"):
            running.result(5.0)


def test_what_has_not_begun_when_the_drain_is_over_goes_to_another_server(labs: Lab) -> None:
    """The caller of what runs learns that nobody knows what became of it; what waits behind it is given back."""
    client = labs.open(servers=2, concurrency=1)
    one, other = (server.serving.work for server in labs.servers)
    with ThreadPoolExecutor(14) as pool:
        busy = pool.submit(lambda: client.prepare(server="s1").nap(seconds=20.0))
        kept = pool.submit(lambda: client.prepare(server="s2").nap(seconds=20.0))
        eventually(lambda: one.running == other.running == 1)
        reports = [pool.submit(client.report) for _ in range(12)]
        eventually(lambda: one.queued >= 1)
        labs.servers[0].stop(0.2)
        with pytest.raises(ConnectionLost, match=r"stopped|gone|lost"):
            busy.result(5.0)
        labs.bench.release.set()
        assert {report.result(5.0).server for report in reports} == {"s2"}
        assert kept.result(5.0) is True


def test_a_drained_server_costs_no_call_while_another_lives(labs: Lab) -> None:
    """While one of two servers stops, every call succeeds."""
    client = labs.open(servers=2)
    ended = threading.Event()
    results: list[int] = []

    def load() -> None:
        while not ended.is_set():
            results.append(client.add(a=1))

    with ThreadPoolExecutor(4) as pool:
        loads = [pool.submit(load) for _ in range(4)]
        eventually(lambda: len(results) > 50)
        labs.servers[0].stop(5.0)
        before = len(results)
        eventually(lambda: len(results) > before + 50)
        ended.set()
        for one in loads:
            one.result(5.0)
    assert set(results) == {2}


def test_calls_that_wait_end_when_the_client_is_closed(labs: Lab) -> None:
    """close() frees every thread and task that waits."""
    client = labs.open()
    with ThreadPoolExecutor(3) as pool:
        waiting = [pool.submit(lambda: client.nap(seconds=20.0)) for _ in range(3)]
        eventually(lambda: labs.servers[0].serving.work.running == 3)
        client.close()
        for one in waiting:
            with pytest.raises(ConnectionLost):  # not NotSent: they may be running
                one.result(2.0)
