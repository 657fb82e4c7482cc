"""Coroutine handlers on a pool of tasks: how they are cancelled, and how they end with their loop."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import AsyncServer, Context
from rpcgen.runtime.core.codec import MSGPACK
from rpcgen.runtime.core.envelope import Cancel, Fault

from tests.conformance.lab import Bench, async_endpoint
from tests.conformance.raw import Asking, request
from tests.conformance.waiting import eventually
from tests.ports import free_port
from tests.runtime.aio.stage import Handler, Stage

MARK: contextvars.ContextVar[str] = contextvars.ContextVar("MARK", default="unset")


def waiting(stage: Stage) -> Handler:
    """A handler that waits for `proceed`, and notes what becomes of it."""

    async def handler(ctx: Context, name: str) -> str:
        stage.notes.append(f"{name} began")
        try:
            await stage.proceed.wait()
        except asyncio.CancelledError:
            stage.notes.append(f"{name} was cancelled")
            raise
        stage.notes.append(f"{name} went on")
        return name

    return handler


def test_cancelling_a_call_cancels_its_handler_alone(stage: Stage) -> None:
    """Whether the others began before or after it."""
    stage.play(waiting(stage))
    first, second, third = asked = stage.ask("a", "b", "c")
    stage.noted("c began")
    stage.cancel(second)
    stage.noted("b was cancelled")
    stage.release()
    assert stage.answers([first, third]) == ["a", "c"]
    assert sorted(stage.notes[3:]) == ["a went on", "b was cancelled", "c went on"]
    assert len(asked) == 3
    stage.idle()


def test_a_call_that_is_cancelled_before_it_begins_never_runs(stage: Stage) -> None:
    """The request and its cancellation come in one message; those round it run."""

    async def handler(ctx: Context, name: str) -> str:
        stage.notes.append(name)
        return name

    stage.play(handler)
    before, never, behind = (request("greet", {"name": name}) for name in ("a", "b", "c"))
    frames = [MSGPACK.encode(each) for each in (before, never, Cancel(never.id), behind)]
    stage.client.say_together(*frames)
    assert stage.answers([before, behind]) == ["a", "c"]
    assert stage.notes == ["a", "c"]
    stage.idle()
    assert stage.answers(stage.ask("d")) == ["d"]


def test_a_handler_that_swallows_its_cancellation_spoils_nothing(stage: Stage) -> None:
    """It may go on; whatever runs on its task later does not find itself cancelled."""

    async def handler(ctx: Context, name: str) -> str:
        if name != "stubborn":
            await asyncio.sleep(0)
            return name
        try:
            await stage.proceed.wait()
        except asyncio.CancelledError:
            stage.notes.append("swallowed")
        await asyncio.sleep(0)
        return name

    stage.play(handler)
    stubborn = stage.ask("stubborn")
    eventually(lambda: stage.server.serving.work.running == 1)
    stage.cancel(*stubborn)
    names = [str(number) for number in range(20)]
    assert stage.answers(stage.ask(*names)) == names
    stage.noted("swallowed")
    stage.idle()


@pytest.mark.parametrize("then", ["waits", "returns", "swallows"])
def test_a_handler_that_cancels_itself_is_alone_in_that(stage: Stage, then: str) -> None:
    """Its caller hears what became of it, and those behind it are answered."""

    async def handler(ctx: Context, name: str) -> str:
        if name != "self":
            await asyncio.sleep(0)
            return name
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        if then == "waits":
            await asyncio.sleep(0)
        elif then == "swallows":
            with contextlib.suppress(asyncio.CancelledError):
                await asyncio.sleep(0)
        return name

    stage.play(handler)
    own, *others = stage.answers(stage.ask("self", "a", "b", "c"))
    if then == "waits":
        assert isinstance(own, Fault)
    else:
        assert own == "self"
    assert others == ["a", "b", "c"]
    assert stage.answers(stage.ask("d", "e")) == ["d", "e"]
    stage.idle()


def test_stopping_cancels_what_runs(stage: Stage) -> None:
    """Every handler that waits is cancelled when the time to drain is over, and its caller hears so."""
    stage.play(waiting(stage))
    names = [str(number) for number in range(10)]
    asked = stage.ask(*names)
    stage.noted("9 began")
    stage.loop.run(stage.server.stop(0.0))
    assert all(isinstance(each, Fault) for each in stage.answers(asked))
    assert sorted(stage.notes[10:]) == [f"{name} was cancelled" for name in names]
    assert not stage.server._runners.tasks


# --- the end of the loop ------------------------------------------------------------------------------------------


async def leave_running(lab: ModuleType, notes: list[str]) -> None:
    """Begin a handler that waits, with another request behind it, and leave without stopping its server."""
    began = asyncio.Event()

    async def greet(self: Any, ctx: Context, *, name: Any, greeting: Any, from_: Any) -> None:
        MARK.set(name)
        notes.append(f"{name} began")
        began.set()
        try:
            await asyncio.Event().wait()
        finally:
            notes.append(f"{MARK.get()} ended")

    base = type(async_endpoint(lab, Bench(), "s1"))
    url = f"zmq+tcp://127.0.0.1:{free_port()}"
    endpoints = [type("Lab", (base,), {"greet": greet})()]
    server = AsyncServer(url, server="s1", endpoints=endpoints, concurrency=1)
    await server.start()
    with await asyncio.to_thread(Asking, server.addresses[0]) as client:
        client.ask(*(request("greet", {"name": name}) for name in ("a", "b")))
        await began.wait()
    for listener in server._listeners:
        await listener.close()


def test_a_loop_that_ends_lets_handlers_clean_up(lab: ModuleType) -> None:
    """`asyncio.run` cancels what still runs."""
    notes: list[str] = []
    asyncio.run(leave_running(lab, notes))
    assert notes[:2] == ["a began", "a ended"]


def test_a_handler_that_is_thrown_away_is_closed(lab: ModuleType) -> None:
    """Where a loop is closed and nobody cancels, what is left ends when it is collected, each with its own variables."""
    notes: list[str] = []
    loop = asyncio.new_event_loop()
    loop.run_until_complete(leave_running(lab, notes))
    loop.close()
    del loop
    gc.collect()
    assert notes == ["a began", "a ended"]
