"""The server's side for asyncio: everything in one loop, coroutine handlers on a pool of tasks (`runners.py`)."""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager, suppress
from contextvars import Context as Variables
from contextvars import copy_context
from types import TracebackType
from typing import Any, Self

import msgspec
from rpcgen.runtime import forks
from rpcgen.runtime.aio.handler_threads import HandlerThreads
from rpcgen.runtime.aio.once import RUNNER, run_once, run_once_on_thread
from rpcgen.runtime.aio.runners import Runners, begin, rest
from rpcgen.runtime.aio.watchdog import WATCHDOG, Watched
from rpcgen.runtime.context import set_context
from rpcgen.runtime.core.answering import Source
from rpcgen.runtime.core.job import Job
from rpcgen.runtime.core.serving import GRACE, LOOP_ENDS, TICK, Serving
from rpcgen.runtime.core.work import State
from rpcgen.runtime.deliveries import Caller
from rpcgen.runtime.driver import AsyncListener
from rpcgen.runtime.endpoint import AnyEndpoint, AsyncEndpoint, Endpoint
from rpcgen.runtime.errors import ConfigurationError
from rpcgen.runtime.life import CANNOT_WITHDRAW, Life
from rpcgen.runtime.server import BaseServer
from rpcgen.runtime.transport import Opened

log = logging.getLogger("rpcgen.server")


class AsyncLife(Life[AsyncListener]):
    """The life of a server, and of an event server."""

    def _prepare(self) -> None:
        self._pool: HandlerThreads | None = None
        self._tasks: dict[asyncio.Task[None], Job] = {}  # of handlers on threads
        self._runners: Runners | None = None
        self._variables: Variables = copy_context()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._ticker: asyncio.TimerHandle | None = None
        self._watched: Watched | None = None
        self._idle: asyncio.Event = asyncio.Event()
        self._done: asyncio.Event = asyncio.Event()
        self._stopped = False

    # --- life -----------------------------------------------------------------------------------------------------

    async def start(self) -> None:
        """Listen, and begin to serve.

        Raises:
            ConfigurationError: an address cannot be bound.
        """
        if self._loop is not None or self._stopped:
            raise ConfigurationError("this server was started before")
        self._born = forks.generation()
        self._loop = asyncio.get_running_loop()
        self._begin_ticking()
        work = self._serving.work
        self._runners = Runners(self._loop, self._begin_handler, work, self._start, self._rested)
        self._variables = self._runners.variables
        try:
            for opened in self._opened:
                listener = self._listen(opened)
                listener.arrived = self._receiver(Source(listener, self._wire(opened)))
                listener.unsent = self._serving.count_unsent
                self._listeners.append(listener)
                await listener.start()
        except BaseException:
            self._end_ticking()
            for listener in self._listeners:
                await listener.close()
            raise
        log.info("%s %s at %s", self.server, self._summary, ", ".join(self.addresses))

    async def stop(self, drain_timeout: float | None = None) -> None:
        """Take no new work, finish what runs, and close. Idempotent: a second caller waits for the first.

        A fork's child stops nothing: the server is its parent's.

        Args:
            drain_timeout: seconds to wait for running handlers; the constructor's by default. Handlers that still
                run then are cancelled, and their callers get ConnectionLost; calls that wait behind them go to another
                server.
        """
        if self._is_the_parents:
            return
        if self._stopped:
            await self._done.wait()
            return
        self._stopped = True
        limit = self._serving.settings.drain_timeout if drain_timeout is None else drain_timeout
        try:
            await self._drain(limit)
        finally:  # also when whoever stops us is cancelled: the next one must not wait for ever
            try:
                await self._end()
            finally:
                self._done.set()

    async def _drain(self, limit: float) -> None:
        work = self._serving.work
        # Work is taken until no transport sends any more: what is refused before would be sent here again.
        for listener in self._listeners:
            try:
                await listener.withdraw()
            except Exception:
                log.exception(CANNOT_WITHDRAW, self.server, ", ".join(listener.addresses))
        work.drain()
        await asyncio.sleep(GRACE)
        with suppress(TimeoutError):
            async with asyncio.timeout(limit):
                # More than once: a cast may have come since it was idle.
                while work.held and work.state is not State.CLOSED:
                    self._idle.clear()
                    await self._idle.wait()

    async def _end(self) -> None:
        abandoned = self._serving.abandon()
        if abandoned:
            log.warning("%s stopped with %d requests unfinished", self.server, abandoned)
        tasks = [*self._tasks, *(self._runners.tasks if self._runners else ())]
        if tasks:
            await asyncio.wait(tasks, timeout=1.0)
        for listener in self._listeners:
            await listener.close()
        if self._pool is not None:
            self._pool.shutdown(wait=False)
        self._end_ticking()

    async def wait(self) -> None:
        """Serve until SIGTERM or SIGINT, or until `stop()` is called elsewhere; then drain.

        A second signal ends the drain at once.
        """
        loop = asyncio.get_running_loop()
        asked = asyncio.Event()

        def on_signal() -> None:
            if asked.is_set():
                self._serving.abandon()
                self._idle.set()
            asked.set()

        with _loop_signals(loop, on_signal):
            waits = [asyncio.ensure_future(asked.wait()), asyncio.ensure_future(self._done.wait())]
            try:
                await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for wait in waits:
                    wait.cancel()
            await self.stop()

    async def __aenter__(self) -> Self:
        await self.start()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.stop()

    # --- requests -------------------------------------------------------------------------------------------------

    def _receiver(self, source: Source) -> Any:
        accept, start, monotonic = self._serving.accept, self._start, time.monotonic
        assert self._runners is not None
        put = self._runners.put

        def arrived(caller: Caller, frame: bytes) -> None:
            job = accept(source, caller, frame, monotonic())
            if job is None:
                return
            if job.entry.is_async:  # without a look at what is rare
                put(job)
            else:
                start(job)

        return arrived

    def _start(self, job: Job | None) -> None:
        while job is not None:
            if job.entry.is_async:
                assert self._runners is not None
                self._runners.put(job)
                return
            if not self._inline:
                self._run_in_task(job)
                return
            job = self._run_inline(job)
        self._rested()

    def _rested(self) -> None:
        if not self._serving.work.running:  # nor does any wait, then
            self._idle.set()

    def _begin_handler(self, job: Job) -> Awaitable[None] | None:
        """Take a coroutine handler's first step, which is nearly always the last; else what is to be awaited."""
        serving, variables = self._serving, self._variables.copy()
        if job.entry.once:
            return self._begin_once(job, variables)
        job.variables = variables
        try:
            coroutine, value = variables.run(begin, serving, job)
        except LOOP_ENDS:
            raise
        except BaseException as error:
            self._broke(job, error)
            return None
        if coroutine is not None:
            return self._go_on(job, rest(variables, coroutine, value))
        serving.done(job, value)
        return None

    async def _go_on(self, job: Job, waiting: Awaitable[Any]) -> None:
        try:
            value = await waiting
        except LOOP_ENDS:
            raise
        except BaseException as error:
            self._broke(job, error)
        else:
            self._serving.done(job, value)

    def _begin_once(self, job: Job, variables: Variables) -> Awaitable[None] | None:
        """The same of what runs in a transaction: all of that is in the job's variables, which stores may use, too."""
        running = self._once(job, run_once(self._serving, job))
        try:
            awaited = variables.run(running.send, None)
        except StopIteration:
            return None
        return rest(variables, running, awaited)

    async def _once(self, job: Job, running: Awaitable[None]) -> None:
        """What runs in a transaction answers by itself, unless it fails."""
        try:
            await running
        except LOOP_ENDS:
            raise
        except BaseException as error:
            self._broke(job, error)

    def _broke(self, job: Job, error: BaseException) -> None:
        if not isinstance(error, asyncio.CancelledError):
            self._serving.failed(job, error)
        elif not job.context.cancelled:  # the handler cancelled itself: its caller still waits
            self._serving.failed(job, RuntimeError("the handler was cancelled"))

    def _run_in_task(self, job: Job) -> None:
        assert self._loop is not None
        create, running = self._loop.create_task, self._run_on_thread(job)
        task = job.task = self._variables.copy().run(create, running)
        self._tasks[task] = job
        # Not at the end of the coroutine: one that is cancelled before its first step never runs at all.
        task.add_done_callback(self._finish)

    async def _run_on_thread(self, job: Job) -> None:
        assert self._loop is not None
        if self._pool is None:
            self._pool = HandlerThreads(min(self._serving.settings.concurrency, 64))
        serving = self._serving
        set_context(job.context)  # the task is the job's own
        try:
            if job.entry.once:
                await run_once_on_thread(serving, job, self._pool)
                return
            arguments = serving.arguments(job, time.monotonic())
            job.started = False  # until a thread has it
            variables = copy_context()
            value = await self._loop.run_in_executor(
                self._pool, lambda: variables.run(_handle_beside, serving, job, arguments)
            )
        except asyncio.CancelledError as error:
            # Else the thread sees ctx.cancelled, and nobody waits for its result.
            if not job.context.cancelled:
                serving.failed(job, error)
        except BaseException as error:
            if self._loop.is_closed():  # its task is thrown away, and there is nobody to tell
                raise
            serving.failed(job, error)
        else:
            serving.done(job, value)

    def _run_inline(self, job: Job) -> Job | None:
        serving = self._serving
        variables = job.variables = self._variables.copy()
        try:
            value = variables.run(_handle_inline, serving, job)
        except LOOP_ENDS:
            serving.work.finish(job)
            raise
        except BaseException as error:
            serving.failed(job, error)
        else:
            serving.done(job, value)
        return serving.work.finish(job)

    def _finish(self, task: asyncio.Task[None]) -> None:
        self._start(self._serving.work.finish(self._tasks.pop(task)))

    # --- clock ----------------------------------------------------------------------------------------------------

    def _begin_ticking(self) -> None:
        self._watched = Watched(self.server, self._serving.presence, _RUNNERS)
        WATCHDOG.watch(self._watched)
        self._tick()

    def _tick(self) -> None:
        assert self._loop is not None
        pause = TICK
        try:
            pause = self._serving.tick(time.monotonic())
        finally:
            self._ticker = self._loop.call_later(pause, self._tick)

    def _end_ticking(self) -> None:
        if self._ticker is not None:
            self._ticker.cancel()
        if self._watched is not None:
            WATCHDOG.unwatch(self._watched)


class AsyncServer(AsyncLife, BaseServer[AnyEndpoint, AsyncListener]):
    """Serves async endpoints on a pool of tasks, and blocking endpoints on threads or inline.

    As a thread of a pool does, a task runs one handler after the other, so `asyncio.current_task()` is a handler's own
    only as long as it runs. Context variables that a handler or an interceptor sets are that request's own.

    `start()` begins, `stop()` drains and ends, `wait()` does the latter on SIGTERM or SIGINT; as an async context
    manager it starts on entry and stops on exit.
    """

    WORLD = (AsyncEndpoint, Endpoint)
    CONCURRENCY = 1024

    def _listen(self, opened: Opened) -> AsyncListener:
        plan = self._plan
        room = self._serving.room(plan.kept, plan.ordered)
        return opened.driver.listen_async(opened.url, plan.targets, self.server, room)


def _handle_inline(serving: Serving, job: Job) -> Any:
    set_context(job.context)
    return _call_handler(job, serving.arguments(job, time.monotonic()))


def _handle_beside(serving: Serving, job: Job, arguments: msgspec.Struct) -> Any:
    serving.begin_beside(job, time.monotonic)
    return _call_handler(job, arguments)


def _call_handler(job: Job, arguments: msgspec.Struct) -> Any:
    return job.entry.call(job.context, arguments)


#: Where a handler runs in the loop's thread.
_RUNNERS = frozenset(
    each.__code__
    for each in (AsyncLife._begin_handler, AsyncLife._go_on, _call_handler)  # pyright: ignore[reportPrivateUsage]
) | {RUNNER}


@contextmanager
def _loop_signals(loop: asyncio.AbstractEventLoop, handler: Callable[[], None]) -> Generator[None]:
    """Handle SIGTERM and SIGINT in a loop for a `with` block; where the loop cannot, leave them alone."""
    taken: list[signal.Signals] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        with suppress(
            NotImplementedError, RuntimeError, ValueError
        ):  # not the main thread, or not on this system
            loop.add_signal_handler(number, handler)
            taken.append(number)
    try:
        yield
    finally:
        for number in taken:
            loop.remove_signal_handler(number)
