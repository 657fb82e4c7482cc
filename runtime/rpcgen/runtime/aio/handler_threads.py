"""The threads for the plain handlers of an asyncio server. Knows nothing of requests.

No ThreadPoolExecutor: the interpreter waits at its end for the threads of those, so one handler that never returns
would keep a process alive whose server has long stopped.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Executor, Future
from queue import SimpleQueue
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class HandlerThreads(Executor):
    """At most `limit` daemon threads, each begun when all others are busy. Used from one thread, the loop's."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._threads = 0
        self._shut = False
        #: What was submitted and has not run yet: so many threads have something to do.
        self._held = 0
        self._lock = threading.Lock()
        self._queue: SimpleQueue[Callable[[], None] | None] = SimpleQueue()

    def submit(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """See `Executor.submit`."""
        if self._shut:  # nobody would ever run it
            raise RuntimeError("cannot schedule new futures after shutdown")
        future: Future[T] = Future()

        def work() -> None:
            if not future.set_running_or_notify_cancel():
                self._done()
                return
            try:
                try:
                    result = function(*args, **kwargs)
                finally:  # before anybody is told, who may submit more
                    self._done()
            except BaseException as error:  # the loop raises it again where it is awaited
                future.set_exception(awaitable(error))
            else:
                future.set_result(result)

        if self._threads <= self._held and self._threads < self._limit:
            self._begin_thread()
        with self._lock:
            self._held += 1
        self._queue.put(work)
        return future

    def _begin_thread(self) -> None:
        """One more. Raises RuntimeError if the system has none, unless others will take what comes."""
        name = f"rpcgen-work-{self._threads + 1}"
        try:
            threading.Thread(target=_work, args=(self._queue,), name=name, daemon=True).start()
        except RuntimeError:
            if not self._threads:
                raise
        else:
            self._threads += 1

    def _done(self) -> None:
        with self._lock:
            self._held -= 1

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Let the threads end when their work is done; never waits for it."""
        self._shut = True
        self._queue.put(None)

    def __del__(self) -> None:
        """Let them end, too, where nobody said so: their event loop was closed, and what it ran forgotten."""
        self._queue.put(None)


def _work(queue: SimpleQueue[Callable[[], None] | None]) -> None:
    """Do what comes, until None does. It holds no more than the queue, so that who submits can be forgotten."""
    while (work := queue.get()) is not None:
        work()
        del work  # which holds whoever submitted it
    queue.put(None)  # for the next thread


async def ended(future: Future[T]) -> T:
    """What a thread made; whoever stops waiting for it does not keep it from that."""
    return await asyncio.shield(asyncio.wrap_future(future))


def awaitable(error: BaseException) -> BaseException:
    """What to raise where an error of a thread is awaited: before Python 3.12, whoever awaits StopIteration waits for ever."""
    if not isinstance(error, StopIteration):
        return error
    told = RuntimeError("what ran on a thread raised StopIteration")
    told.__cause__ = error
    return told
