"""Coroutine handlers on a pool of tasks: what a handler may do as if it had a task of its own, and what it costs others."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import gc
import threading
import types
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import AsyncServer, Context
from rpcgen.runtime.context import current_context
from rpcgen.runtime.core.codec import MSGPACK
from rpcgen.runtime.core.envelope import Cancel, Fault
from rpcgen.runtime.core.envelope import Reply as Returned

from tests.conformance.lab import Bench, async_endpoint
from tests.conformance.raw import Asking, request, result_of
from tests.conformance.waiting import eventually
from tests.conformance.worlds import Loop
from tests.ports import free_port

Handler = Callable[[Context, str], Awaitable[Any]]
MARK: contextvars.ContextVar[str] = contextvars.ContextVar("MARK", default="unset")


class Stage:
    """A server on a loop of its own whose `greet` is the handler that a test gives, and a client of it."""

    def __init__(self, lab: ModuleType) -> None:
        self._lab = lab
        self.loop = Loop()
        self.server: Any = None
        self.client: Any = None
        self.notes: list[str] = []
        self.began: dict[str, threading.Event] = {}
        self.proceed: asyncio.Event = self.loop.make(asyncio.Event)

    def play(self, handler: Handler | Callable[[Context, str], Any], **options: Any) -> None:
        """Serve; the handler is given the name that it is to greet."""
        base = type(async_endpoint(self._lab, Bench(), "s1"))

        def greet(self: Any, ctx: Context, *, name: Any, greeting: Any, from_: Any) -> Any:
            return handler(ctx, name)

        async def greet_in_coroutine(
            self: Any, ctx: Context, *, name: Any, greeting: Any, from_: Any
        ) -> Any:
            return await handler(ctx, name)

        plain = not asyncio.iscoroutinefunction(handler)
        served = type("Stage", (base,), {"greet": greet if plain else greet_in_coroutine})()
        url = f"zmq+tcp://127.0.0.1:{free_port()}"
        self.server = self.loop.make(
            lambda: AsyncServer(url, server="s1", endpoints=[served], **options)
        )
        self.loop.run(self.server.start())
        self.client = Asking(self.server.addresses[0])

    def ask(self, *names: str) -> list[Any]:
        """Send one request for each name, all in one message."""
        asked = [request("greet", {"name": name}, remaining=30.0) for name in names]
        self.client.ask(*asked)
        return asked

    def answers(self, asked: list[Any]) -> list[Any]:
        """What they returned, or the fault."""
        found = self.client.answers(len(asked))
        said = [found[each.id] for each in asked]
        return [result_of(each) if isinstance(each, Returned) else each for each in said]

    def cancel(self, *asked: Any) -> None:
        self.client.say_together(*(MSGPACK.encode(Cancel(each.id)) for each in asked))

    def release(self) -> None:
        """Let those go on that wait for `proceed`."""
        self.loop.loop.call_soon_threadsafe(self.proceed.set)

    def noted(self, text: str) -> None:
        """Wait for a note."""
        eventually(lambda: text in self.notes)

    def idle(self) -> None:
        """Wait until no handler runs and no task of theirs is left."""
        eventually(lambda: self.server.serving.work.held == 0)
        eventually(lambda: not self.server._runners.tasks)

    def close(self) -> None:
        if self.client is not None:
            self.client.close()
        if self.server is not None:
            self.loop.run(self.server.stop(0.0))
        self.loop.close()


@pytest.fixture
def stage(lab: ModuleType) -> Iterator[Stage]:
    made = Stage(lab)
    yield made
    made.close()


# --- what is a handler's own --------------------------------------------------------------------------------------


def test_handlers_share_a_task_and_no_variables(stage: Stage) -> None:
    """Those that never wait run on one task, each with the variables of the server and none of another's."""
    tasks: set[Any] = set()

    async def handler(ctx: Context, name: str) -> str:
        tasks.add(asyncio.current_task())
        found = MARK.get()
        MARK.set(name)
        assert current_context() is ctx
        return f"{found} {MARK.get()}"

    stage.play(handler)
    names = [str(number) for number in range(40)]
    assert stage.answers(stage.ask(*names)) == [f"unset {name}" for name in names]
    assert len(tasks) == 1


def test_variables_stay_a_handlers_own_while_it_waits(stage: Stage) -> None:
    """Also in the tasks that it begins, and when others have run on meanwhile."""

    async def child() -> str:
        return MARK.get()

    async def handler(ctx: Context, name: str) -> str:
        found = MARK.get()
        MARK.set(name)
        for _ in range(3):
            await asyncio.sleep(0)
        inner = await asyncio.create_task(child())
        assert current_context() is ctx
        return f"{found} {MARK.get()} {inner}"

    stage.play(handler)
    names = [str(number) for number in range(40)]
    assert stage.answers(stage.ask(*names)) == [f"unset {name} {name}" for name in names]


def test_a_token_can_be_reset_after_waiting(stage: Stage) -> None:
    """Every step of a handler is in the same context."""

    async def handler(ctx: Context, name: str) -> str:
        token = MARK.set(name)
        await asyncio.sleep(0)
        MARK.reset(token)
        return MARK.get()

    stage.play(handler)
    assert stage.answers(stage.ask("a", "b", "c")) == ["unset"] * 3


def test_timeouts_and_groups_work_in_a_handler(stage: Stage) -> None:
    """They use the task that a handler runs on, which is its own until it ends."""

    async def handler(ctx: Context, name: str) -> str:
        task = asyncio.current_task()
        try:
            async with asyncio.timeout(0.01):
                await asyncio.Event().wait()
        except TimeoutError:
            pass
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(asyncio.Event().wait(), 0.01)
        async with asyncio.TaskGroup() as group:
            parts = [group.create_task(asyncio.sleep(0, f"{name}{part}")) for part in range(3)]
        with pytest.raises(ExceptionGroup):
            await _fail_together()
        assert task is asyncio.current_task()
        assert task is not None
        assert task.cancelling() == 0
        return " ".join(part.result() for part in parts)

    stage.play(handler)
    names = [str(number) for number in range(20)]
    expected = [f"{name}0 {name}1 {name}2" for name in names]
    assert stage.answers(stage.ask(*names)) == expected


async def _fail_together() -> None:
    async with asyncio.TaskGroup() as group:
        group.create_task(_fail())
        await asyncio.Event().wait()


async def _fail() -> None:
    raise ValueError("of a part")


def test_generators_and_managers_work_in_a_handler(stage: Stage) -> None:
    """Asynchronous ones, which end in the handler that began them."""

    @contextlib.asynccontextmanager
    async def lent(name: str) -> AsyncIterator[str]:
        stage.notes.append(f"+{name}")
        try:
            await asyncio.sleep(0)
            yield name
        finally:
            await asyncio.sleep(0)
            stage.notes.append(f"-{name}")

    async def counted() -> AsyncIterator[int]:
        for number in range(3):
            await asyncio.sleep(0)
            yield number

    async def handler(ctx: Context, name: str) -> str:
        async with lent(name) as thing:
            return thing + "".join([str(number) async for number in counted()])

    stage.play(handler)
    assert stage.answers(stage.ask("a", "b")) == ["a012", "b012"]
    assert sorted(stage.notes) == ["+a", "+b", "-a", "-b"]


@pytest.mark.parametrize("kind", ["coroutine", "future", "task", "object", "generator"])
def test_a_plain_handler_may_return_what_can_be_awaited(stage: Stage, kind: str) -> None:
    """A `def` handler is as good as an `async def` one, whatever it returns to wait for."""

    async def later(name: str) -> str:
        await asyncio.sleep(0)
        return name

    class Awaited:
        def __init__(self, name: str) -> None:
            self._name = name

        def __await__(self) -> Any:
            return later(self._name).__await__()

    @types.coroutine
    def generator(name: str) -> Any:
        yield
        return name

    def handler(ctx: Context, name: str) -> Any:
        if kind == "future":
            future = asyncio.get_running_loop().create_future()
            asyncio.get_running_loop().call_soon(future.set_result, name)
            return future
        makers: dict[str, Callable[[str], Any]] = {
            "coroutine": later,
            "task": lambda name: asyncio.ensure_future(later(name)),
            "object": Awaited,
            "generator": generator,
        }
        return makers[kind](name)

    stage.play(handler)
    assert stage.answers(stage.ask("a", "b", "c")) == ["a", "b", "c"]


# --- what one costs the others ------------------------------------------------------------------------------------


def test_a_handler_that_waits_holds_up_none_behind_it(stage: Stage) -> None:
    """Those of the same message are answered while it waits, wherever it stands."""

    async def handler(ctx: Context, name: str) -> str:
        if name == "slow":
            await stage.proceed.wait()
        return name

    stage.play(handler)
    names = ["a", "slow", "b", "slow", "slow", "c"]
    asked = stage.ask(*names)
    quick = [each for each, name in zip(asked, names, strict=True) if name != "slow"]
    slow = [each for each in asked if each not in quick]
    assert stage.answers(quick) == ["a", "b", "c"]
    assert stage.answers(stage.ask("d")) == ["d"]
    stage.release()
    assert stage.answers(slow) == ["slow"] * 3
    stage.idle()


class Odd(BaseException):
    """No Exception."""


def test_what_a_handler_raises_ends_nothing_else(stage: Stage) -> None:
    """Before and after it has waited; its caller hears of it, and those behind it are answered."""
    errors: dict[str, BaseException] = {
        "value": ValueError("no value"),
        "exit": SystemExit(3),
        "odd": Odd("odd"),
        "group": BaseExceptionGroup("many", [Odd("one")]),
        "stop": StopIteration("early"),
        "cancelled": asyncio.CancelledError(),
    }

    async def handler(ctx: Context, name: str) -> str:
        how, _, when = name.partition(" ")
        if when == "late":
            await asyncio.sleep(0)
        if how in errors:
            raise errors[how]
        return name

    stage.play(handler)
    names = [f"{how} {when}" for how in errors for when in ("early", "late")]
    for name in names:
        fault, good = stage.answers(stage.ask(name, "good"))
        assert isinstance(fault, Fault), name
        assert good == "good"
    results = stage.answers(stage.ask(*names, "good"))
    assert [isinstance(each, Fault) for each in results] == [True] * len(names) + [False]
    assert stage.server.serving.counters.failed == 2 * len(names)
    stage.idle()


@pytest.mark.parametrize("error", [ValueError("no"), StopIteration("early"), Odd("odd")])
def test_what_a_plain_handler_raises_is_a_failure(stage: Stage, error: BaseException) -> None:
    """Also the exception by which a coroutine says that it has ended."""

    def handler(ctx: Context, name: str) -> Any:
        if name == "bad":
            raise error
        return asyncio.sleep(0, name)

    stage.play(handler)
    fault, good = stage.answers(stage.ask("bad", "good"))
    assert isinstance(fault, Fault)
    assert good == "good"


def test_what_is_not_awaitable_is_a_failure(stage: Stage) -> None:
    """A plain handler of an async endpoint that returns its result at once has a mistake, and its caller hears so."""
    stage.play(lambda ctx, name: name)
    (fault,) = stage.answers(stage.ask("a"))
    assert isinstance(fault, Fault)


# --- cancelling ---------------------------------------------------------------------------------------------------


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
