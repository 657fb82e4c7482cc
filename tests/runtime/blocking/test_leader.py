"""A crowd of threads on one transport: one thread leads them, nobody waits too long, and nothing is left afterwards."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import ConnectionLost, DeadlineExceeded, NotSent, RpcgenError, Server

from tests.conformance.lab import Bench, endpoint
from tests.conformance.waiting import eventually
from tests.ports import free_port

#: Threads of the crowd.
CROWD = 64


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def client(lab: ModuleType, bench: Bench) -> Iterator[Any]:
    """A client of a server that can run what the whole crowd asks for."""
    url = f"zmq+tcp://127.0.0.1:{free_port()}"
    server = Server(url, server="s1", endpoints=[endpoint(lab, bench, "s1")], concurrency=2 * CROWD)
    server.start()
    with lab.LabClient(url, timeout=30.0) as made:
        yield made
    bench.release.set()
    server.stop(5.0)


@pytest.fixture
def pool() -> Iterator[ThreadPoolExecutor]:
    """The crowd."""
    with ThreadPoolExecutor(CROWD) as made:
        yield made


def leaders() -> int:
    return [thread.name for thread in threading.enumerate()].count("rpcgen-leader")


def pending(client: Any) -> int:
    return len(client._transport._calls.pending)


def left_to_send(client: Any) -> bool:
    return bool(client._transport._driver._mail.lies)


def crowd_of(pool: ThreadPoolExecutor, client: Any, count: int = CROWD) -> list[Future[Any]]:
    """So many calls that are not answered before `bench.release` is set."""
    calls = [pool.submit(client.nap, seconds=30.0) for _ in range(count)]
    eventually(lambda: pending(client) == count)
    eventually(lambda: leaders() == 1)
    return calls


def test_one_thread_leads_a_crowd_and_leaves_with_it(
    client: Any, bench: Bench, pool: ThreadPoolExecutor
) -> None:
    """It is there while many wait, alone, and ends soon after; then a single caller leads as before."""
    assert leaders() == 0
    for _ in range(2):
        bench.release.clear()
        calls = crowd_of(pool, client)
        bench.release.set()
        assert [call.result(10.0) for call in calls] == [True] * CROWD
        eventually(lambda: leaders() == 0)
        assert not left_to_send(client)
        assert client.add(a=1) == 2
        assert leaders() == 0


def test_whoever_still_waits_when_the_crowd_is_gone_leads(
    client: Any, lab: ModuleType, bench: Bench, pool: ThreadPoolExecutor
) -> None:
    """A few calls that outlast the crowd are answered although no thread of the transport's leads any more."""
    assert client.add(a=1) == 2  # else some may be over before all have begun
    crowd = [pool.submit(client.prepare(timeout=1.5).nap, seconds=30.0) for _ in range(CROWD - 3)]
    lasting = [pool.submit(client.nap, seconds=30.0) for _ in range(3)]
    eventually(lambda: leaders() == 1)
    for call in crowd:
        assert isinstance(call.exception(10.0), DeadlineExceeded)
    eventually(lambda: leaders() == 0)
    assert pending(client) == 3
    bench.release.set()
    assert [call.result(5.0) for call in lasting] == [True] * 3


def test_deadlines_are_kept_in_a_crowd(client: Any, pool: ThreadPoolExecutor) -> None:
    """Each call ends when its own time is over, whoever leads and however many wait."""
    assert client.add(a=1) == 2  # else some may be over before all have begun

    def late(number: int) -> float:
        limit = 0.6 + 0.2 * (number % 4)
        began = time.monotonic()
        with pytest.raises(DeadlineExceeded):
            client.prepare(timeout=limit).nap(seconds=30.0)
        return time.monotonic() - began - limit

    def latest() -> float:
        calls = [pool.submit(late, number) for number in range(CROWD)]
        eventually(lambda: leaders() == 1)
        behind = [call.result(10.0) for call in calls]
        assert min(behind) >= 0.0
        assert pending(client) == 0
        eventually(lambda: leaders() == 0)
        return max(behind)

    assert any(latest() < 0.4 for _ in range(3))


def test_nothing_that_a_crowd_sends_is_lost(
    client: Any, bench: Bench, pool: ThreadPoolExecutor
) -> None:
    """Casts between calls all arrive, those that are sent last without anybody waiting too."""
    rounds = 20

    def work(number: int) -> list[int]:
        sums = []
        for count in range(rounds):
            client.note(text=f"{number}.{count}")
            sums.append(client.add(a=number, b=count))
        client.note(text=f"{number}.last")
        return sums

    results = list(pool.map(work, range(CROWD)))
    assert results == [[number + count for count in range(rounds)] for number in range(CROWD)]
    expected = {f"s1:{n}.{c}" for n in range(CROWD) for c in (*range(rounds), "last")}
    assert set(bench.wait_for_notes(len(expected))) == expected
    eventually(lambda: leaders() == 0)
    assert not left_to_send(client)


def test_closing_ends_a_crowd_that_waits(client: Any, pool: ThreadPoolExecutor) -> None:
    """Every call ends as lost, at once, and so does the thread that leads."""
    calls = crowd_of(pool, client)
    began = time.monotonic()
    client.close()
    for call in calls:
        assert isinstance(call.exception(5.0), ConnectionLost)
    assert time.monotonic() - began < 2.0
    eventually(lambda: leaders() == 0)
    assert not left_to_send(client)


def test_closing_ends_a_crowd_that_calls(client: Any, pool: ThreadPoolExecutor) -> None:
    """Threads in all states of a call end with an error of ours, and none hangs."""
    begun = threading.Semaphore(0)

    def work(number: int) -> RpcgenError:
        for count in range(100_000):
            if count == 3:
                begun.release()
            try:
                assert client.add(a=number, b=count) == number + count
            except RpcgenError as error:
                return error
        raise AssertionError("the client was not closed")

    calls = [pool.submit(work, number) for number in range(CROWD)]
    for _ in calls:
        assert begun.acquire(timeout=10.0)
    client.close()
    began = time.monotonic()
    for call in calls:
        assert isinstance(call.result(5.0), RpcgenError)
    assert time.monotonic() - began < 2.0
    eventually(lambda: leaders() == 0)


def test_a_call_that_is_sent_while_closing_ends(
    client: Any, pool: ThreadPoolExecutor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It chose its server before, was sent after all others had ended, and found the lead taken by who closes."""
    assert client.add(a=1) == 2
    driver = client._transport._driver
    peer, close = driver.peer, driver.close
    routing, closing = threading.Event(), threading.Event()

    def choose(target: Any) -> Any:
        routing.set()
        assert closing.wait(10.0)
        return peer(target)

    def close_behind_it() -> None:
        closing.set()
        eventually(lambda: pending(client) == 1)
        close()

    monkeypatch.setattr(driver, "peer", choose)
    monkeypatch.setattr(driver, "close", close_behind_it)
    call = pool.submit(client.nap, seconds=30.0)
    assert routing.wait(10.0)
    client.close()
    assert isinstance(call.exception(5.0), ConnectionLost | NotSent)
