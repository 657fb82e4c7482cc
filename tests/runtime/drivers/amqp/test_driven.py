"""Connections that an event loop drives: whatever the network does to them, the loop goes on and calls end in time."""

from __future__ import annotations

import asyncio
import os
import secrets
import threading
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import AsyncServer, DeadlineExceeded, NotSent, Server

from tests.chaos.proxy import Chunks, Proxy, Toxic, blackhole, slices, stalled
from tests.conformance.lab import Bench, async_endpoint, endpoint
from tests.conformance.waiting import eventually
from tests.rabbitd import RabbitServer

#: Seconds for which a loop may be kept from running here; what blocks it would do so until a deadline.
STILL = 1.5


@asynccontextmanager
async def ticking() -> AsyncIterator[list[float]]:
    """How long the loop was kept from running, each time."""
    gaps: list[float] = []

    async def tick() -> None:
        last = time.monotonic()
        while True:
            await asyncio.sleep(0.02)
            now = time.monotonic()
            gaps.append(now - last - 0.02)
            last = now

    task = asyncio.create_task(tick())
    try:
        yield gaps
    finally:
        task.cancel()


def serve(lab: ModuleType, url: str) -> AsyncServer:
    return AsyncServer(url, server="s1", endpoints=[async_endpoint(lab, Bench(), "s1")])


def through(rabbit: RabbitServer, proxy: Proxy, url: str) -> str:
    """The same URL by way of the proxy."""
    return url.replace(f"127.0.0.1:{rabbit.port}", f"127.0.0.1:{proxy.port}")


def half(closed: threading.Event) -> Toxic:
    """Once the event is set, the first half of the next chunk arrives, and no more."""

    async def toxic(chunks: Chunks) -> Chunks:
        async for chunk in chunks:
            if not closed.is_set():
                yield chunk
                continue
            yield chunk[: len(chunk) // 2]
            await asyncio.Event().wait()

    return toxic


async def test_half_a_frame_stalls_no_loop(
    lab: ModuleType, rabbit: RabbitServer, amqp_url: str
) -> None:
    """The call whose answer it is ends at its deadline; others could run meanwhile."""
    closed = threading.Event()
    with Proxy(rabbit.port, down=[half(closed)]) as proxy:
        async with (
            serve(lab, amqp_url),
            lab.AsyncLabClient(through(rabbit, proxy, amqp_url)) as client,
        ):
            assert await client.add(a=1) == 2
            closed.set()
            async with ticking() as gaps:
                begun = time.monotonic()
                with pytest.raises(DeadlineExceeded):
                    await client.prepare(timeout=2.0).greet(name="x" * 10_000)
                assert time.monotonic() - begun < 2.0 + STILL
            assert max(gaps) < STILL


async def test_a_full_send_buffer_stalls_no_loop(
    lab: ModuleType, rabbit: RabbitServer, amqp_url: str
) -> None:
    """Nothing is read of what we send, 20 MB of it: calls end at their deadlines, and work again when it is."""
    closed = threading.Event()
    with Proxy(rabbit.port, up=[stalled(closed)]) as proxy:
        async with (
            serve(lab, amqp_url),
            lab.AsyncLabClient(through(rabbit, proxy, amqp_url)) as client,
        ):
            assert await client.add(a=1) == 2
            closed.set()
            large = client.prepare(timeout=2.0)
            async with ticking() as gaps:
                begun = time.monotonic()
                calls = [large.greet(name="x" * 1_000_000) for _ in range(20)]
                outcomes = await asyncio.gather(*calls, return_exceptions=True)
                assert time.monotonic() - begun < 2.0 + 2 * STILL
            assert {type(outcome) for outcome in outcomes} <= {DeadlineExceeded, NotSent}
            assert max(gaps) < STILL
            closed.clear()
            assert await client.prepare(timeout=20.0).add(a=2) == 3


async def test_frames_in_single_bytes_arrive(
    lab: ModuleType, rabbit: RabbitServer, amqp_url: str
) -> None:
    """Each byte wakes the loop, and no frame is taken for another."""
    with Proxy(rabbit.port, up=[slices()], down=[slices()]) as proxy:
        url = through(rabbit, proxy, amqp_url)
        async with serve(lab, url), lab.AsyncLabClient(url) as client:
            answers = await asyncio.gather(*(client.add(a=n) for n in range(20)))
            assert answers == [n + 1 for n in range(20)]


async def test_a_loop_that_does_not_run_keeps_its_connections(
    lab: ModuleType, rabbit: RabbitServer, amqp_url: str
) -> None:
    """For three times the silence after which the broker ends a connection; heartbeats come from a thread."""
    with Proxy(rabbit.port) as proxy:
        url = through(rabbit, proxy, amqp_url) + "&heartbeat=1"
        async with serve(lab, url), lab.AsyncLabClient(url) as client:
            assert await client.add(a=1) == 2
            connections = proxy.accepted
            time.sleep(6.0)
            assert await client.add(a=2) == 3
            assert proxy.accepted == connections


async def test_a_broker_that_falls_silent_is_noticed(
    lab: ModuleType, rabbit: RabbitServer, amqp_url: str
) -> None:
    """The thread counts its heartbeats; the next calls go by other connections."""
    closed = threading.Event()
    with Proxy(rabbit.port, up=[blackhole(closed)], down=[blackhole(closed)]) as proxy:
        url = through(rabbit, proxy, amqp_url) + "&heartbeat=1"
        async with serve(lab, amqp_url), lab.AsyncLabClient(url) as client:
            assert await client.add(a=1) == 2
            connections = proxy.accepted
            closed.set()
            while proxy.accepted == connections:
                await asyncio.sleep(0.05)
            closed.clear()
            assert await client.prepare(timeout=20.0).add(a=2) == 3


async def test_a_cut_connection_is_driven_again(
    lab: ModuleType, rabbit: RabbitServer, amqp_url: str
) -> None:
    """Ten times, with calls under way; no descriptor is left, and none is watched that is another's now."""
    with Proxy(rabbit.port) as proxy:
        url = through(rabbit, proxy, amqp_url)
        async with serve(lab, amqp_url), lab.AsyncLabClient(url) as client:
            assert await client.prepare(timeout=20.0).add(a=1) == 2
            counts: list[int] = []
            for n in range(10):
                calls = [client.prepare(timeout=20.0).add(a=each) for each in range(20)]
                under_way = asyncio.gather(*calls, return_exceptions=True)
                await asyncio.sleep(0)
                proxy.cut()
                await under_way
                assert await call_until_answered(client, n) == n + 1
                counts.append(len(list(Path("/proc/self/fd").iterdir())))
            assert counts[-1] <= counts[1] + 4


async def call_until_answered(client: Any, number: int) -> int:
    """A call that may be repeated when its connection breaks."""
    end = time.monotonic() + 20.0
    while True:
        try:
            answer: int = await client.prepare(timeout=20.0).add(a=number)
        except Exception:
            if time.monotonic() > end:
                raise
            await asyncio.sleep(0.05)
        else:
            return answer


def test_a_loop_that_is_closed_first_leaves_nothing(lab: ModuleType, amqp_url: str) -> None:
    """A program that forgets to close its client can still end: its threads stop nothing, and nothing is raised in them."""
    raised: list[object] = []
    before, hook = threading.excepthook, raised.append
    threading.excepthook = hook
    try:
        client: list[Any] = []

        async def forgetful() -> None:
            async with serve(lab, amqp_url):
                client.append(lab.AsyncLabClient(amqp_url))
                assert await client[0].add(a=1) == 2

        asyncio.run(forgetful())
        watched = os.listdir("/proc/self/fd")
        time.sleep(1.5)  # the thread looks at its connection once a second
        assert len(os.listdir("/proc/self/fd")) <= len(watched)
    finally:
        threading.excepthook = before
    assert raised == []


@pytest.mark.parametrize("transport", ["amqp", "kombu+memory"])
def test_a_server_whose_loop_is_closed_leaves_what_comes_to_others(
    lab: ModuleType, amqp_url: str, transport: str
) -> None:
    """A program that goes on without having stopped it takes nothing from them that nobody would handle."""
    url = amqp_url if transport == "amqp" else f"kombu+memory://{secrets.token_hex(4)}?poll=0.01"

    async def forgetful() -> Any:
        server = serve(lab, url)
        await server.start()
        return server

    before = set(threading.enumerate())
    forgotten = asyncio.run(forgetful())
    left = set(threading.enumerate()) - before
    with (
        Server(url, server="s2", endpoints=[endpoint(lab, Bench(), "s2")]),
        lab.LabClient(url) as client,
    ):

        def have_ended() -> bool:
            """A thread notices it when something comes to it, and which calls do is chance."""
            assert client.prepare(timeout=10.0).add(a=1) == 2
            return not any(thread.is_alive() for thread in left)

        for _ in range(6):
            have_ended()
        eventually(have_ended, 10.0)
    eventually(lambda: set(threading.enumerate()) <= before, 10.0)
    del forgotten
