"""The tasks of an asyncio server: they run handlers one after the other, as threads of a pool do.

Most handlers end without ever waiting, and a task for each would cost more than they do. A task whose handler waits is
that handler's until it ends, and another goes on with what is ready. Each handler has context variables of its own.
Knows nothing of frames or outcomes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextvars import Context as Variables
from types import coroutine as coroutine_steps
from typing import Any, Final

import msgspec
from msgspec.structs import asdict
from rpcgen.runtime.context import set_context
from rpcgen.runtime.core.dispatch import Job
from rpcgen.runtime.core.envelope import CALL

#: Stands for what a coroutine waits for that has ended.
_ENDED: Final = object()


class Runners:
    """A pool of tasks in one loop.

    Args:
        loop: where they run.
        begin: takes the first step of one job, and answers it if that was all; else what runs the rest. Both raise only
            what ends the loop.
        end: is told of each job that has ended, in whatever way; may `put` another.

    Attributes:
        tasks: those that there are.
    """

    __slots__ = ("_begin", "_end", "_loop", "_pumping", "_ready", "tasks")

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        begin: Callable[[Job], Awaitable[None] | None],
        end: Callable[[Job], None],
    ) -> None:
        self._loop = loop
        self._begin = begin
        self._end = end
        self._ready: deque[Job] = deque()
        self._pumping = False
        self.tasks: set[asyncio.Task[None]] = set()

    def put(self, job: Job) -> None:
        """Run a job soon."""
        self._ready.append(job)
        if not self._pumping:
            self._pump()

    def _pump(self) -> None:
        """Begin a task if there is something to run; after its first step, see whether it was kept from the rest."""
        # A task that is thrown away with its loop ends its job, and nothing can follow in that loop.
        self._pumping = bool(self._ready) and not self._loop.is_closed()
        if self._pumping:
            task = self._loop.create_task(self._work())
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
            self._loop.call_soon(self._pump)

    async def _work(self) -> None:
        ready, task = self._ready, asyncio.current_task()
        assert task is not None
        while ready:
            job = ready.popleft()
            job.task = task
            try:
                if not job.context.cancelled:  # else its caller gave up before it began
                    rest = self._begin(job)
                    if rest is not None:
                        await rest
            finally:
                self._end(job)
            if task.cancelling():  # meant for the handler that has ended, not for the next
                return


def begin(job: Job, arguments: msgspec.Struct) -> tuple[Coroutine[Any, Any, Any] | None, Any]:
    """Take a coroutine handler's first step, in context variables of its own: `copy_context().run(begin, ...)`.

    The handler and what it waits for, to be awaited as `rest`; or None and its result, if it never waited. A cast has none.
    """
    set_context(job.context)
    coroutine: Coroutine[Any, Any, Any] = job.entry.handler(job.context, **asdict(arguments))
    if job.request.how != CALL:  # what it returns is nobody's, so no exception has to bring it
        awaited = next(coroutine.__await__(), _ENDED)
        return (None, None) if awaited is _ENDED else (coroutine, awaited)
    try:
        return coroutine, coroutine.send(None)
    except StopIteration as returned:  # caught this early because each frame that it passes costs
        return None, returned.value


@coroutine_steps
def rest(
    variables: Variables, coroutine: Coroutine[Any, Any, Any], awaited: Any
) -> Generator[Any, Any, Any]:
    """Await the rest of a coroutine, each step within its variables: what a task of its own would do."""
    step: Callable[[Any], Any]
    while True:
        try:
            given = yield awaited
            step = coroutine.send
        except GeneratorExit:
            variables.run(coroutine.close)
            raise
        except BaseException as error:
            given, step = error, coroutine.throw
        try:
            awaited = variables.run(step, given)
        except StopIteration as returned:
            return returned.value
