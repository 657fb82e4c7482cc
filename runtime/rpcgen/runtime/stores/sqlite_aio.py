"""The store of `sqlite.py` for coroutine handlers: SQLite waits for disks, so it does that on a thread of its own."""

from __future__ import annotations

import asyncio
import os
import sqlite3
from collections.abc import Callable, Sequence
from concurrent.futures import Future
from contextlib import suppress
from typing import Concatenate, ParamSpec, TypeVar

from rpcgen.runtime.aio.handler_threads import HandlerThreads, ended
from rpcgen.runtime.errors import ConfigurationError
from rpcgen.runtime.store import AsyncStore, AsyncTransaction, Transaction
from rpcgen.runtime.stores.sqlite import SqliteStore

P = ParamSpec("P")
R = TypeVar("R")


class SqliteWork:
    """What a coroutine handler works with."""

    def __init__(self, connection: sqlite3.Connection, thread: HandlerThreads) -> None:
        self._connection = connection
        self._thread = thread

    async def run(
        self,
        work: Callable[Concatenate[sqlite3.Connection, P], R],
        *args: P.args,
        **kwargs: P.kwargs,
    ) -> R:
        """Run a function in the transaction, on the store's thread: it gets the connection, then the arguments."""
        return await ended(self._thread.submit(work, self._connection, *args, **kwargs))


class AsyncSqliteStore(AsyncStore[SqliteWork]):
    """See `SqliteStore`, whose files it may share. Opening it takes a moment, so do it before the loop has work to do."""

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        schema: Sequence[str] = (),
        window: float = 600.0,
        newest: int = 100_000,
        patience: float = 30.0,
    ) -> None:
        self._store = SqliteStore(
            path, schema=schema, window=window, newest=newest, patience=patience
        )
        self._thread = HandlerThreads(1)
        #: Held from `begin` until the transaction has ended: its thread must not wait for another one.
        self._turn = asyncio.Lock()
        self._closed = False

    async def begin(self, key: bytes) -> AsyncTransaction[SqliteWork] | bytes:
        """See `Store.begin`."""
        self._store.check_process()  # whose thread there is not, either
        await self._turn.acquire()
        if self._closed:
            self._turn.release()
            raise ConfigurationError(f"the store {self._store.path} is closed")
        begun = _submit(self._thread, self._turn, self._store.begin, key)
        try:
            transaction = await ended(begun)
        except asyncio.CancelledError:
            with suppress(RuntimeError):  # it was closed meanwhile, with the transaction
                ending = _submit(self._thread, self._turn, _undo, begun)
                asyncio.wrap_future(ending).add_done_callback(lambda _: self._turn.release())
            raise
        except BaseException:
            self._turn.release()
            raise
        if isinstance(transaction, bytes):
            self._turn.release()
            return transaction
        return _Transaction(transaction, self._thread, self._turn)

    def close(self) -> None:
        """Close the file, when no server uses it any more. Idempotent."""
        if self._closed or self._store.is_the_parents:
            return
        self._closed = True
        self._thread.submit(self._store.close).result()
        self._thread.shutdown(wait=False)


class _Transaction(AsyncTransaction[SqliteWork]):
    """That of one message."""

    def __init__(
        self,
        transaction: Transaction[sqlite3.Connection],
        thread: HandlerThreads,
        turn: asyncio.Lock,
    ) -> None:
        self.connection = SqliteWork(transaction.connection, thread)
        self._transaction = transaction
        self._thread = thread
        self._turn = turn

    async def commit(self, answer: bytes) -> None:
        """See `Transaction.commit`."""
        await self._end(self._transaction.commit, answer)

    async def rollback(self) -> None:
        """See `Transaction.rollback`."""
        await self._end(self._transaction.rollback)

    async def _end(self, end: Callable[P, None], *args: P.args, **kwargs: P.kwargs) -> None:
        """Let the thread end it, behind all else that it has to do; the next one may begin when it has."""
        ending = asyncio.wrap_future(_submit(self._thread, self._turn, end, *args, **kwargs))
        ending.add_done_callback(lambda _: self._turn.release())
        await asyncio.shield(ending)


def _submit(
    thread: HandlerThreads,
    turn: asyncio.Lock,
    function: Callable[P, R],
    *args: P.args,
    **kwargs: P.kwargs,
) -> Future[R]:
    """For whoever has the turn, which is the next one's if that cannot be: the store was closed, or there is no thread."""
    try:
        return thread.submit(function, *args, **kwargs)
    except BaseException:
        turn.release()
        raise


def _undo(begun: Future[Transaction[sqlite3.Connection] | bytes]) -> None:
    """On the thread, which has made it by now: nobody waits for it any more."""
    if begun.exception() is None and not isinstance(transaction := begun.result(), bytes):
        transaction.rollback()
