"""The tasks of an asyncio server: they run handlers one after the other, as threads of a pool do.

Most handlers end without ever waiting, and a task for each would cost more than they do. A task whose handler waits is
that handler's until it ends, and another goes on with what is ready. Each handler has context variables of its own.
Knows nothing of frames or answers.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from contextvars import Context as Variables
from contextvars import copy_context
from time import monotonic
from types import coroutine as coroutine_steps
from typing import Any, Final

from rpcgen.runtime.context import set_context
from rpcgen.runtime.core.envelope import CALL
from rpcgen.runtime.core.job import Job
from rpcgen.runtime.core.serving import Serving
from rpcgen.runtime.core.work import Work

#: Stands for what a coroutine waits for that has ended.
_ENDED: Final = object()


class Runners:
    """A pool of tasks in one loop.

    Args:
        loop: where they run.
        begin: takes the first step of one job, and answers it if that was all; else what runs the rest. Both raise only
            what ends the loop.
        work: is told of each job that has ended, in whatever way.
        start: takes what may run then.
        rested: is told when a task has ended.

    Attributes:
        tasks: those that there are.
        variables: what context variables each job begins with: those that there were when this was made. Which callback
            of the loop brings a job is chance, and says nothing of it.
    """

    __slots__ = (
        "_begin",
        "_finish",
        "_loop",
        "_pumping",
        "_ready",
        "_rested",
        "_start",
        "tasks",
        "variables",
    )

    def __init__(
        self,
        loop: asyncio.AbstractEventLoop,
        begin: Callable[[Job], Awaitable[None] | None],
        work: Work,
        start: Callable[[Job], None],
        rested: Callable[[], None],
    ) -> None:
        self._loop = loop
        self._begin = begin
        self._finish = work.finish
        self._start = start
        self._rested = rested
        self._ready: deque[Job] = deque()
        self._pumping = False
        self.tasks: set[asyncio.Task[None]] = set()
        self.variables = copy_context()

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
            # Not by `context=`, which a factory of tasks that a program has set may not know.
            task = self.variables.copy().run(self._loop.create_task, self._work())
            self.tasks.add(task)
            task.add_done_callback(self.tasks.discard)
            self._loop.call_soon(self._pump)

    async def _work(self) -> None:
        ready, begin, finish, task = self._ready, self._begin, self._finish, asyncio.current_task()
        assert task is not None
        try:
            while ready:
                job = ready.popleft()
                try:
                    if not job.context.cancelled:  # else its caller gave up before it began
                        rest = begin(job)
                        if rest is not None:
                            job.task = task
                            await rest
                finally:
                    following = finish(job)
                    if following is not None:
                        self._start(following)
                if task.cancelling():  # meant for the handler that has ended, not for the next
                    return
        finally:
            self._rested()


def begin(serving: Serving, job: Job) -> tuple[Coroutine[Any, Any, Any] | None, Any]:
    """Take a coroutine handler's first step, in the job's variables.

    The handler and what it waits for, to be awaited as `rest`; or None and its result, if it never waited. A cast has none.
    """
    set_context(job.context)
    arguments = serving.arguments(job, monotonic())
    call = job.entry.call
    coroutine: Coroutine[Any, Any, Any] = call(job.context, arguments)
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
