"""The store in a file for coroutine handlers: who waits for whom, and who is told instead."""

from __future__ import annotations

import asyncio
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from rpcgen.runtime import AsyncSqliteStore, ConfigurationError, SqliteStore
from rpcgen.runtime.store import AsyncTransaction

from tests.dedup.test_sqlite import LIMIT, begun, commit, remembered


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s.db"


async def begun_async(store: AsyncSqliteStore, key: bytes) -> AsyncTransaction[object]:
    transaction = await store.begin(key)
    assert not isinstance(transaction, bytes)
    return transaction  # type: ignore[return-value]


async def test_whoever_is_cancelled_leaves_nothing_open(path: Path) -> None:
    """While it waits for its turn, while another process is in the way, and while it commits."""
    store, other = AsyncSqliteStore(path), SqliteStore(path)
    in_the_way = begun(other, b"0")
    waiting = [asyncio.ensure_future(store.begin(b"%d" % number)) for number in (1, 2)]
    await asyncio.sleep(0)  # both have begun
    for task in waiting:
        task.cancel()
    assert all(
        isinstance(each, asyncio.CancelledError)
        for each in await asyncio.gather(*waiting, return_exceptions=True)
    )
    in_the_way.rollback()
    transaction = await begun_async(store, b"3")
    committing = asyncio.ensure_future(transaction.commit(b"done"))
    await asyncio.sleep(0)
    committing.cancel()
    await (await begun_async(store, b"4")).rollback()
    assert await store.begin(b"3") == b"done"
    commit(other, b"5")


async def test_the_loop_never_waits(path: Path) -> None:
    """Another process is in the way for a while, and everything else goes on."""
    store, other = AsyncSqliteStore(path), SqliteStore(path)
    in_the_way = begun(other, b"0")
    waiting = asyncio.ensure_future(store.begin(b"1"))
    for _ in range(100):
        await asyncio.sleep(0.001)
    assert not waiting.done()
    in_the_way.rollback()
    transaction = await waiting
    assert not isinstance(transaction, bytes)
    await transaction.commit(b"")


async def test_a_store_that_is_closed_says_so(path: Path) -> None:
    """To whoever begins then, and to whoever had begun; closing it once more does nothing."""
    store = AsyncSqliteStore(path)
    transaction = await begun_async(store, b"1")
    waiting = asyncio.ensure_future(store.begin(b"2"))
    await asyncio.sleep(0)
    store.close()
    store.close()
    with pytest.raises(RuntimeError, match="after shutdown"):
        await transaction.commit(b"")
    for beginning in (waiting, store.begin(b"3")):
        with pytest.raises(ConfigurationError, match=r"the store .*s\.db is closed"):
            await beginning
    assert remembered(path) == []


async def test_who_is_cancelled_while_a_store_is_closed_keeps_nobody_waiting(path: Path) -> None:
    """The next one has its turn, and is told."""
    store = AsyncSqliteStore(path)
    beginning, waiting = (asyncio.ensure_future(store.begin(key)) for key in (b"1", b"2"))
    await asyncio.sleep(0)  # the first has its turn
    store.close()
    beginning.cancel()
    with pytest.raises(asyncio.CancelledError):
        await beginning
    with pytest.raises(ConfigurationError, match=r"the store .*s\.db is closed"):
        await asyncio.wait_for(waiting, 10.0)


async def test_who_finds_no_thread_keeps_nobody_waiting(
    path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The next one may find one."""

    def starve(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    store = AsyncSqliteStore(path)
    with monkeypatch.context() as starving:
        starving.setattr(threading.Thread, "start", starve)
        with pytest.raises(RuntimeError, match="can't start new thread"):
            await store.begin(b"1")
    await (await asyncio.wait_for(begun_async(store, b"2"), 10.0)).rollback()


async def test_what_ends_an_iteration_is_raised_as_an_error(path: Path) -> None:
    """Before Python 3.12 nobody would ever have been told."""
    store = AsyncSqliteStore(path)
    transaction = await begun_async(store, b"1")
    connection: Any = transaction.connection
    with pytest.raises(RuntimeError, match="raised StopIteration"):
        await connection.run(lambda database: next(iter(database.execute("SELECT 1 WHERE 0"))))
    await transaction.rollback()


def test_a_child_of_fork_opens_an_asyncio_one_of_its_own(path: Path) -> None:
    """The thread of its parent's is not there: it is told so, and waits for nobody."""
    program = (
        "import asyncio, os, sys\n"
        "from rpcgen.runtime import AsyncSqliteStore\n"
        "store = AsyncSqliteStore(sys.argv[1])\n"
        "async def commit(key):\n"
        "    await (await store.begin(key)).commit(b'')\n"
        "asyncio.run(commit(b'1'))\n"
        "if child := os.fork():\n"
        "    os.waitpid(child, 0)\n"
        "    asyncio.run(commit(b'2'))\n"
        "    store.close()\n"
        "else:\n"
        "    store.close()\n"
        "    asyncio.run(commit(b'3'))\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)],
        capture_output=True,
        text=True,
        check=True,
        timeout=LIMIT,
    )
    assert "was opened before a fork; open one in the child process" in done.stderr
    assert remembered(path) == [b"1", b"2"]
