"""Who is named when an event loop is blocked."""

from __future__ import annotations

import asyncio
import logging
import secrets
import threading
import time
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import AsyncServer
from rpcgen.runtime.aio import watchdog

from tests.conformance.lab import Bench, async_endpoint, endpoint
from tests.conformance.waiting import eventually

BLOCKED = 0.4


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A loop counts as blocked sooner, nothing was said before, and no thread is left."""
    watchdog.WATCHDOG.begin_anew()
    monkeypatch.setattr(watchdog, "BLOCKED", BLOCKED)
    monkeypatch.setattr(watchdog, "PERIOD", BLOCKED / 8)
    yield
    eventually(lambda: "rpcgen-watchdog" not in {each.name for each in threading.enumerate()})


def block(caplog: pytest.LogCaptureFixture) -> None:
    """Sleep where one should wait, until it was said: a thread that could not look blames nobody."""
    said, began = caplog.records, time.monotonic()
    while time.monotonic() < began + (2 * BLOCKED if said else 10.0):
        time.sleep(BLOCKED / 8)  # that it blocks is the fault itself


def blocking(base: Any, caplog: pytest.LogCaptureFixture) -> Any:
    """An endpoint one of whose handlers sleeps where it should wait."""

    async def both(self: Any, ctx: Any, *, text: str) -> None:
        await asyncio.sleep(0)
        block(caplog)

    def both_plain(self: Any, ctx: Any, *, text: str) -> None:
        block(caplog)

    is_async = asyncio.iscoroutinefunction(type(base).both)
    return type("Blocking", (type(base),), {"both": both if is_async else both_plain})()


def warnings(caplog: pytest.LogCaptureFixture) -> list[str]:
    return [record.getMessage() for record in caplog.records if record.levelno == logging.WARNING]


@pytest.mark.parametrize("kind", [endpoint, async_endpoint])
def test_the_handler_and_its_line_are_named(
    lab: ModuleType, kind: Any, caplog: pytest.LogCaptureFixture
) -> None:
    """A coroutine that does not await, and a plain handler that runs in the loop; once, however often it looks."""

    async def run() -> None:
        url = f"memory://{secrets.token_hex(6)}"
        served = blocking(kind(lab, Bench(), "s1"), caplog)
        async with (
            AsyncServer(url, endpoints=[served], server="s1", executor="inline"),
            lab.AsyncLabClient(url) as client,
        ):
            await client.both(text="x")
            await client.both(text="x")

    asyncio.run(run())
    (said,) = warnings(caplog)
    assert said.startswith("test.lab.both has blocked the event loop of 's1' for ")
    assert "test_watchdog.py:" in said
    assert "(blocking.<locals>.both" in said


def test_a_handler_that_waits_well_is_not(
    lab: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    """It may take as long as it likes; so may a plain one on a thread."""

    async def run(kind: Any) -> None:
        url = f"memory://{secrets.token_hex(6)}"
        async with (
            AsyncServer(url, endpoints=[kind(lab, Bench(), "s1")], server="s1"),
            lab.AsyncLabClient(url) as client,
        ):
            assert await client.nap(seconds=2 * BLOCKED)

    asyncio.run(run(endpoint))
    asyncio.run(run(async_endpoint))
    assert not warnings(caplog)


def test_what_is_no_handler_is_shown_by_its_place(
    lab: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    """Whatever else runs in the loop of a server."""

    async def run() -> None:
        url = f"memory://{secrets.token_hex(6)}"
        async with AsyncServer(url, endpoints=[async_endpoint(lab, Bench(), "s1")], server="s1"):
            await asyncio.sleep(0)
            block(caplog)

    asyncio.run(run())
    (said,) = warnings(caplog)
    assert said.startswith("something that is no handler has blocked the event loop of 's1'")
    assert "test_watchdog.py:" in said


def test_a_loop_that_ended_without_its_server_is_forgotten(
    lab: ModuleType, caplog: pytest.LogCaptureFixture
) -> None:
    """It is not blocked: nobody runs it."""

    async def run() -> None:
        url = f"memory://{secrets.token_hex(6)}"
        await AsyncServer(url, endpoints=[async_endpoint(lab, Bench(), "s1")]).start()

    asyncio.run(run())
    eventually(lambda: "rpcgen-watchdog" not in {each.name for each in threading.enumerate()})
    assert not warnings(caplog)
