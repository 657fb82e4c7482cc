"""Coroutine handlers on a pool of tasks: what a handler may do as if it had a task of its own, and what it costs others."""

from __future__ import annotations

import asyncio
import contextlib
import contextvars
import logging
import types
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest
from rpcgen.runtime import Context, Interceptor
from rpcgen.runtime.context import current_context
from rpcgen.runtime.core.envelope import Fault

from tests.conformance.waiting import eventually
from tests.runtime.aio.stage import Stage

MARK: contextvars.ContextVar[str] = contextvars.ContextVar("MARK", default="unset")


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


class Marking(Interceptor):
    """Sets a variable before each handler, as one does that begins a span."""

    def before_handle(self, context: Context, arguments: Any) -> None:
        MARK.set(context.request_id)


def test_handlers_see_what_interceptors_have_set(stage: Stage) -> None:
    """Each what was set for itself, whoever ran on the same task before."""

    async def handler(ctx: Context, name: str) -> str:
        before = MARK.get() == ctx.request_id
        await asyncio.sleep(0)
        return f"{before} {MARK.get() == ctx.request_id}"

    stage.play(handler, interceptors=[Marking()])
    assert stage.answers(stage.ask("a", "b")) == ["True True"] * 2
    assert stage.answers(stage.ask("c")) == ["True True"]


class MarkingSome(Interceptor):
    """Sets it before some."""

    def before_handle(self, context: Context, arguments: Any) -> None:
        if arguments.name == "a":
            MARK.set("for a")


def test_what_interceptors_set_is_one_requests_own(stage: Stage) -> None:
    """Whoever runs on the same task after it finds nothing."""

    async def handler(ctx: Context, name: str) -> str:
        return MARK.get()

    stage.play(handler, interceptors=[MarkingSome()])
    assert stage.answers(stage.ask("a", "b", "a", "b")) == ["for a", "unset"] * 2


@pytest.mark.parametrize("waits", [False, True])
def test_the_log_of_a_failure_is_written_in_the_requests_variables(
    stage: Stage, waits: bool
) -> None:
    """Where filters find what an interceptor has set, a name of a trace, say."""
    found: list[str] = []

    def note(record: logging.LogRecord) -> bool:
        found.append(MARK.get())
        return True

    async def handler(ctx: Context, name: str) -> str:
        if waits:
            await asyncio.sleep(0)
        raise ValueError(name)

    stage.play(handler, interceptors=[MarkingSome()])
    logger = logging.getLogger("rpcgen.server")
    logger.addFilter(note)
    try:
        stage.answers(stage.ask("a", "b"))
    finally:
        logger.removeFilter(note)
    assert sorted(found) == ["for a", "unset"]


def test_a_programs_own_factory_of_tasks_may_know_no_context(stage: Stage) -> None:
    """As those that were written for older Pythons."""

    async def use(factory: Callable[..., Any]) -> None:
        asyncio.get_running_loop().set_task_factory(factory)

    async def handler(ctx: Context, name: str) -> str:
        await asyncio.sleep(0)
        return name

    stage.loop.run(use(lambda loop, coroutine: asyncio.Task(coroutine, loop=loop)))
    stage.play(handler)
    assert stage.answers(stage.ask("a", "b")) == ["a", "b"]


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


def test_casts_run_as_calls_do(stage: Stage) -> None:
    """With variables of their own, whether they wait or not, and whatever they raise."""

    async def handler(ctx: Context, name: str) -> str:
        how, _, waits = name.partition(" ")
        found = MARK.get()
        MARK.set(name)
        for _ in range(int(waits)):
            await asyncio.sleep(0)
        if how == "bad":
            raise StopIteration(name)
        assert current_context() is ctx
        stage.notes.append(f"{found} {MARK.get()}")
        return name

    stage.play(handler)
    names = [f"{how} {waits}" for how in ("good", "bad") for waits in (0, 1, 2)]
    stage.cast(*names)
    stage.cast(*names)
    assert stage.answers(stage.ask("good 5")) == ["good 5"]
    counters = stage.server.serving.counters
    eventually(lambda: (counters.handled, counters.failed) == (7, 6))
    assert sorted(stage.notes) == sorted(
        ["unset good 5", *(2 * [f"unset good {waits}" for waits in (0, 1, 2)])]
    )
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
