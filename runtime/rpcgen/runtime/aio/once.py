"""Runs handlers in transactions of the server's store, without ever waiting for it in the loop.

A coroutine handler's is an `AsyncStore`. A plain handler's is a `Store`, which is used on the threads of such handlers.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import Future
from contextvars import Context as Variables
from contextvars import copy_context
from functools import partial
from typing import Any

import msgspec
from rpcgen.runtime.aio.handler_threads import HandlerThreads, awaitable, ended
from rpcgen.runtime.context import set_context
from rpcgen.runtime.core.job import Job
from rpcgen.runtime.core.once import enter, handle, leave, written
from rpcgen.runtime.core.serving import Serving
from rpcgen.runtime.store import AsyncStore, AsyncTransaction, Store, Transaction

#: Seconds between two looks whether the loop is still there that is to say how a transaction goes on.
LOOK = 1.0


async def run_once(serving: Serving, job: Job) -> None:
    """Handle by a coroutine and commit, then answer; or only answer, if that was done before."""
    store = serving.settings.store
    assert isinstance(store, AsyncStore)
    set_context(job.context)  # all of this runs in the job's variables
    try:
        transaction = await store.begin(serving.key(job))
    except Exception as error:
        raise serving.no_store(job, error) from error
    if isinstance(transaction, bytes):
        serving.again(job, transaction)
        return
    try:
        answer = await _handle(serving, job, store, transaction)
    except GeneratorExit:  # the loop is thrown away, and nothing can be awaited any more
        raise
    except BaseException:
        await transaction.rollback()
        raise
    finally:
        leave(job)
    await transaction.commit(answer)
    serving.committed(job, answer)


async def _handle(
    serving: Serving, job: Job, store: AsyncStore[Any], transaction: AsyncTransaction[Any]
) -> bytes:
    arguments = serving.arguments(job, time.monotonic())  # which may be too late by now
    enter(job, store, transaction)
    return written(job, await job.entry.call(job.context, arguments))


async def run_once_on_thread(serving: Serving, job: Job, threads: HandlerThreads) -> None:
    """The same by a plain handler. Whoever is cancelled leaves it to its thread, which ends the transaction."""
    store = serving.settings.store
    assert isinstance(store, Store)
    visit = _Visit(store, serving.key(job), threads)
    try:
        transaction = await _begun(serving, job, visit)
        if isinstance(transaction, bytes):
            serving.again(job, transaction)
            return
        try:
            arguments = serving.arguments(job, time.monotonic())
            enter(job, store, transaction)
        except BaseException:
            visit.leave()
            await ended(visit.ended)
            raise
        variables = copy_context()
        visit.following.set_result(partial(_handle_within, variables, job, arguments))
        answer = await ended(visit.ended)
    finally:
        visit.leave()
    serving.committed(job, answer)


async def _begun(serving: Serving, job: Job, visit: _Visit) -> Transaction[Any] | bytes:
    try:
        return await ended(visit.begun)
    except Exception as error:
        raise serving.no_store(job, error) from error


class _Visit:
    """One transaction from its begin to its end, on one thread. The running loop says what to do in between.

    A thread of its own for each step would wait for ever where all of them wait to begin; and what a store opens in one
    thread may be of no use in another.

    Attributes:
        begun: what `Store.begin` returned or raised.
        following: what to do with the transaction; the thread waits for it.
        ended: what that returned or raised.
    """

    def __init__(self, store: Store[Any], key: bytes, threads: HandlerThreads) -> None:
        self._loop = asyncio.get_running_loop()
        self.begun: Future[Transaction[Any] | bytes] = Future()
        self.begun.set_running_or_notify_cancel()
        self.following: Future[Callable[[Transaction[Any]], bytes]] = Future()
        self.ended: Future[bytes] = threads.submit(self._stay, store, key)

    def _stay(self, store: Store[Any], key: bytes) -> bytes:
        try:
            transaction = store.begin(key)
        except BaseException as error:
            self.begun.set_exception(awaitable(error))
            return b""
        self.begun.set_result(transaction)
        return b"" if isinstance(transaction, bytes) else self._next()(transaction)

    def _next(self) -> Callable[[Transaction[Any]], bytes]:
        """What follows; to undo it if the loop was closed, which says nothing any more: the task is never cancelled then."""
        while True:
            try:
                return self.following.result(LOOK)
            except TimeoutError:
                if self._loop.is_closed():
                    return _undo

    def leave(self) -> None:
        """Undo it, unless the thread was told otherwise."""
        if not self.following.done():
            self.following.set_result(_undo)


def _handle_within(
    variables: Variables, job: Job, arguments: msgspec.Struct, transaction: Transaction[Any]
) -> bytes:
    return variables.run(handle, job, arguments, transaction)


def _undo(transaction: Transaction[Any]) -> bytes:
    transaction.rollback()
    return b""


#: Where coroutine handlers run that are marked.
RUNNER = _handle.__code__
