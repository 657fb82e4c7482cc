"""Calls are not confirmed one by one: when the broker is asked how far it has come, and what becomes of calls by that."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from math import inf
from threading import Event
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import ConnectionLost, NotSent, Server
from rpcgen.runtime.drivers.amqp.marks import MOST, PERIOD, Marks

from tests.chaos.proxy import Chunks, Proxy
from tests.conformance.lab import Bench, endpoint
from tests.conformance.waiting import eventually, quickest
from tests.rabbitd import RabbitServer


def unique() -> str:
    return f"test-{time.monotonic_ns()}"


def serve(lab: ModuleType, bench: Bench, url: str) -> Server:
    return Server(url, server="s1", endpoints=[endpoint(lab, bench, "s1")])


def answers(client: Any) -> bool:
    """Whether a call succeeds; it may be on its way when the connection ends."""
    try:
        return bool(client.prepare(timeout=20.0).add(a=1) == 2)
    except (ConnectionLost, NotSent):
        return False


def test_a_mark_is_due_behind_the_first_message_and_then_at_times() -> None:
    """Never where nothing was published; at once for whom somebody waits, and when many wait to be known of."""
    marks = Marks()
    assert marks.wait(10.0) == inf
    marks.published(1, urgent=False)
    assert marks.wait(10.0) < 0.0
    marks.asked(10.0)
    assert marks.wait(10.0) == inf
    marks.published(2, urgent=False)
    assert marks.wait(10.0 + PERIOD / 2) == pytest.approx(PERIOD / 2)
    assert marks.wait(10.0 + PERIOD) <= 0.0
    marks.published(3, urgent=True)
    assert marks.wait(10.0) < 0.0
    marks.asked(10.0)
    marks.published(2 + MOST, urgent=False)
    assert marks.wait(10.0) > 0.0
    marks.published(3 + MOST, urgent=False)
    assert marks.wait(10.0) < 0.0


def test_each_answer_is_for_the_oldest_mark() -> None:
    """One that nobody asked for says nothing."""
    marks = Marks()
    assert marks.answered() == 0
    for number in (1, 5):
        marks.published(number, urgent=False)
        marks.asked(10.0)
    assert [marks.answered() for _ in range(3)] == [1, 5, 0]


def test_the_last_calls_before_a_silence_are_marked(lab: ModuleType, rabbit: RabbitServer) -> None:
    """Also those that come so soon behind a mark that they get none of their own: nothing else would make one."""
    url = rabbit.url(f"prefix={unique()}")
    with serve(lab, Bench(), url), lab.LabClient(url) as client:

        def calls_and_silence() -> None:
            for _ in range(5):
                assert client.add(a=1) == 2
            tracks = client._transport._driver._courier._publisher._tracks
            eventually(lambda: not any(track.open for track in tracks.values()), limit=5.0)

        calls_and_silence()  # and connecting
        assert quickest(calls_and_silence, 0.8) < 0.8  # the owner's thread looks up once a second


def test_a_call_that_the_broker_has_waits_for_its_answer(
    lab: ModuleType, rabbit: RabbitServer
) -> None:
    """Although the connection by which it was sent is gone, because the broker is known to have come past it."""
    name, bench = unique(), Bench()
    url = rabbit.url(f"prefix={name}", f"name={name}")
    with (
        serve(lab, bench, url),
        lab.LabClient(url) as client,
        ThreadPoolExecutor(1) as pool,
    ):
        called = pool.submit(client.prepare(timeout=100.0).nap, seconds=100.0)
        assert bench.started.wait(20.0)
        rows = rabbit.listed("connections", "pid", "client_properties")
        (pid,) = [pid for pid, said in rows if f"{name} requests" in said]
        rabbit.ctl("close_connection", pid, "a test")
        eventually(lambda: answers(client), limit=30.0)
        assert not called.done()
        bench.release.set()
        assert called.result(20.0) is True


def test_a_call_that_left_and_never_arrived_ends_as_unknown(
    lab: ModuleType, rabbit: RabbitServer
) -> None:
    """At once, and not as `NotSent`: the system had taken it, and the broker has not said that it came."""
    url, bench = rabbit.url(f"prefix={unique()}"), Bench()
    swallowing, swallowed = Event(), Event()

    async def swallow(chunks: Chunks) -> Chunks:
        async for chunk in chunks:
            if not swallowing.is_set():
                yield chunk
            elif b"nap" in chunk:
                swallowed.set()

    with Proxy(rabbit.port, up=[swallow]) as proxy:
        by_proxy = url.replace(f":{rabbit.port}/", f":{proxy.port}/")
        with (
            serve(lab, bench, url),
            lab.LabClient(by_proxy) as client,
            ThreadPoolExecutor(1) as pool,
        ):
            assert client.add(a=1) == 2
            swallowing.set()
            called = pool.submit(client.prepare(timeout=30.0).nap, seconds=0.0)
            assert swallowed.wait(20.0)
            begun = time.monotonic()
            proxy.cut()
            with pytest.raises(ConnectionLost):
                called.result(20.0)
            assert time.monotonic() - begun < 5.0
            swallowing.clear()
            assert client.prepare(timeout=30.0).add(a=2) == 3
            assert not bench.started.is_set()
