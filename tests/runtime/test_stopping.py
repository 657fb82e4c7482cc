"""What becomes of what a server has and has not begun when it stops, beyond what the conformance suite asks of both worlds."""

from __future__ import annotations

import asyncio
import logging
import secrets
import time
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import AsyncServer, ConnectionLost, Interceptor, Server

from tests.conformance.lab import Bench, endpoint
from tests.conformance.waiting import eventually

#: As many handlers as an asyncio server runs on threads, and some more.
THREADS, MORE = 64, 6


@pytest.fixture
def url() -> str:
    return f"memory://{secrets.token_hex(6)}"


async def test_what_waits_for_a_thread_of_an_asyncio_server_has_not_begun(
    lab: ModuleType, url: str
) -> None:
    """It has a place among those that run; but another server may run it."""
    bench = Bench()
    one, other = (
        AsyncServer(url, server=name, endpoints=[endpoint(lab, bench, name)])
        for name in ("s1", "s2")
    )
    async with lab.AsyncLabClient(url) as client:
        await one.start()
        calls = [
            asyncio.ensure_future(client.prepare(timeout=20.0).nap(seconds=20.0))
            for _ in range(THREADS + MORE)
        ]
        while one.serving.work.running < THREADS + MORE:
            await asyncio.sleep(0.01)
        async with other:
            await one.stop(0.2)
            while other.serving.work.running < MORE:
                await asyncio.sleep(0.01)
            bench.release.set()
            ends = await asyncio.gather(*calls, return_exceptions=True)
    assert [end for end in ends if end is True] == [True] * MORE
    assert [type(end) for end in ends if end is not True] == [ConnectionLost] * THREADS


def test_a_cast_that_never_began_is_logged(
    lab: ModuleType, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    """Nobody else hears of it."""
    bench = Bench()
    server = Server(url, endpoints=[endpoint(lab, bench, "s1")], concurrency=1)
    with ThreadPoolExecutor(1) as pool, lab.LabClient(url) as client:
        server.start()
        running = pool.submit(lambda: client.nap(seconds=20.0))
        assert bench.started.wait(5.0)
        client.note(text="never")
        eventually(lambda: server.serving.work.queued == 1)
        server.stop(0.1)
        bench.release.set()
        with pytest.raises(ConnectionLost, match="stopped before this request was done"):
            running.result(5.0)
    assert any(
        "refused cast 'note': this server stopped" in each.getMessage() for each in caplog.records
    )
    assert bench.notes == []


class Slow(Interceptor):
    """Takes its time before a handler, and remembers what it heard after it."""

    def __init__(self) -> None:
        self.heard: list[str] = []

    def before_handle(self, ctx: Any, arguments: Any) -> None:
        time.sleep(0.5)

    def after_handle(self, ctx: Any, error: BaseException | None) -> None:
        self.heard.append(type(error).__name__)


def test_a_cast_whose_time_ends_before_its_handler_is_counted(lab: ModuleType, url: str) -> None:
    """An interceptor took it all; the clock, which looks meanwhile, makes it no other end."""
    bench, slow = Bench(), Slow()
    made = endpoint(lab, bench, "s1")
    with Server(url, endpoints=[made], interceptors=[slow]) as server, lab.LabClient(url) as client:
        client.prepare(timeout=0.2).note(text="late")
        eventually(lambda: slow.heard == ["Expired"])
        eventually(lambda: server.serving.work.held == 0)
        assert server.serving.counters.expired == 1
    assert bench.notes == []


@pytest.mark.parametrize("world", ["blocking", "asyncio"])
def test_a_transport_that_cannot_withdraw_keeps_no_server_from_ending(
    lab: ModuleType,
    url: str,
    world: str,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    """The log says which one; the others withdraw, what runs is finished, and all are closed."""
    caplog.set_level(logging.ERROR)

    def broken() -> None:
        raise OSError("the place is gone")

    async def broken_in_loop() -> None:
        broken()

    def check(server: Any) -> None:
        assert server.serving.work.state.value == "closed"
        [record] = [each for each in caplog.records if "cannot withdraw" in each.getMessage()]
        assert "memory" in record.getMessage()

    def blocking() -> None:
        server = Server(url, endpoints=[endpoint(lab, Bench(), "s1")])
        server.start()
        monkeypatch.setattr(server._listeners[0], "withdraw", broken)
        server.stop()
        check(server)

    async def in_loop() -> None:
        server = AsyncServer(url, endpoints=[endpoint(lab, Bench(), "s1")])
        await server.start()
        monkeypatch.setattr(server._listeners[0], "withdraw", broken_in_loop)
        await server.stop()
        check(server)

    if world == "blocking":
        blocking()
    else:
        asyncio.run(in_loop())
