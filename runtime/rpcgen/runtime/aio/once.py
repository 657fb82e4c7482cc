"""Runs handlers in transactions of the server's store, without ever waiting for it in the loop.

A coroutine handler's is an `AsyncStore`. A plain handler's is a `Store`, which is used on the threads of such handlers.
"""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import Future
from contextvars import copy_context
from typing import Any, TypeVar

from rpcgen.runtime.aio.handler_threads import HandlerThreads
from rpcgen.runtime.context import set_context
from rpcgen.runtime.core.job import Job
from rpcgen.runtime.core.once import enter, handle, leave, written
from rpcgen.runtime.core.serving import Serving
from rpcgen.runtime.store import AsyncStore, AsyncTransaction, Store, Transaction

T = TypeVar("T")


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
    begun = threads.submit(store.begin, serving.key(job))
    try:
        transaction = await _ended(begun)
    except asyncio.CancelledError:
        begun.add_done_callback(_undo)
        raise
    except Exception as error:
        raise serving.no_store(job, error) from error
    if isinstance(transaction, bytes):
        serving.again(job, transaction)
        return
    try:
        arguments = serving.arguments(job, time.monotonic())
        enter(job, store, transaction)
    except BaseException:
        await _ended(threads.submit(transaction.rollback))
        raise
    running = threads.submit(copy_context().run, handle, job, arguments, transaction)
    answer = await _ended(running)
    serving.committed(job, answer)


async def _ended(future: Future[T]) -> T:
    """What a thread made; it is not kept from making it."""
    return await asyncio.shield(asyncio.wrap_future(future))


def _undo(begun: Future[Transaction[Any] | bytes]) -> None:
    """Nobody waits for a transaction any more."""
    if begun.exception() is None and not isinstance(transaction := begun.result(), bytes):
        transaction.rollback()


#: Where coroutine handlers run that are marked.
RUNNER = _handle.__code__
