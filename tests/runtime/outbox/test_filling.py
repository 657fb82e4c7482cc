"""Casts that an outbox takes, with no broker there: what has returned is on the disk."""

from __future__ import annotations

import asyncio
import contextlib
import resource
import sqlite3
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest
from rpcgen.runtime import ConfigurationError, NotSent, TooLarge, Unknown
from rpcgen.runtime.outbox.folder import FILE

from tests.runtime.outbox.parts import ask, status, waiting


def test_a_cast_returns_once_it_is_in_the_file(keep: Any, nowhere: str, folder: Path) -> None:
    """Its id is there before the next statement; calls and other casts do not go there."""
    with keep.KeepClient(nowhere) as client:
        ids: list[str] = []
        for number in range(5):
            ids.append(client.order(ticket=f"t{number}").id.hex())
            assert waiting(folder) == ids
        with pytest.raises(NotSent):
            client.prepare(timeout=0.1).tell(ticket="x")
        assert waiting(folder) == ids
        found = status(client)
    assert (found.depth, found.kept, found.sent, found.dead) == (5, 5, 0, 0)
    assert found.bytes > 0
    assert found.age > 0


async def test_many_casts_of_a_loop_are_written_together(
    keep: Any, nowhere: str, folder: Path
) -> None:
    """All of them, and the loop goes on meanwhile."""
    ticks = 0

    async def tick() -> None:
        nonlocal ticks
        while True:
            ticks += 1
            await asyncio.sleep(0)

    ticking = asyncio.create_task(tick())
    async with keep.AsyncKeepClient(nowhere) as client:
        sent = await asyncio.gather(*(client.order(ticket=f"t{n}") for n in range(500)))
        assert sorted(waiting(folder)) == sorted(each.id.hex() for each in sent)
    ticking.cancel()
    assert ticks > 10


def test_another_loop_puts_nothing_there(keep: Any, nowhere: str, folder: Path) -> None:
    """It is told so at once: it would be written, and nobody in that loop would hear of it."""
    client = keep.AsyncKeepClient(nowhere)
    first = asyncio.run(client.order(ticket="t0"))
    with pytest.raises(ConfigurationError, match="another event loop"):
        asyncio.run(client.order(ticket="t1"))
    assert waiting(folder) == [first.id.hex()]
    asyncio.run(client.close())


def test_what_is_larger_than_the_transport_takes_is_refused(keep: Any, nowhere: str) -> None:
    """At the cast, and not days later."""
    with keep.KeepClient(f"{nowhere}&max_message=1000") as client:
        client.order(ticket="x" * 100)
        with pytest.raises(TooLarge, match="max_message is 1000"):
            client.order(ticket="x" * 1000)


def fill(client: Any, ids: list[str], length: int = 3) -> None:
    """Cast more than may be there."""
    for number in range(20):
        ids.append(client.order(ticket=f"t{number}".ljust(length, "x")).id.hex())


@pytest.mark.parametrize(
    ("option", "said"),
    [("outbox_count=3", "outbox_count is 3"), ("outbox_bytes=600", "outbox_bytes is 600")],
)
def test_a_full_outbox_says_so(
    option: str, said: str, keep: Any, nowhere: str, folder: Path
) -> None:
    """As NotSent; what was there before stays."""
    with keep.KeepClient(f"{nowhere}&{option}") as client:
        ids: list[str] = []
        with pytest.raises(NotSent, match=said):
            fill(client, ids)
        assert 0 < len(ids) < 20
        found = status(client)
        assert (found.refused, found.depth) == (1, len(ids))
    assert waiting(folder) == ids


def test_a_transport_that_keeps_nothing_refuses_an_outbox(keep: Any, folder: Path) -> None:
    """At start; and nothing is made."""
    for url in (
        f"zmq+ipc:///run/none?outbox={folder}",
        f"memory://x?outbox={folder}",
        f"kombu+memory://x?outbox={folder}",
        f"amqp://h/?wire=oslo&outbox={folder}",
    ):
        with pytest.raises(ConfigurationError, match="no outbox for this transport"):
            keep.KeepClient(url)
    assert not folder.exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("outbox=", "expected the path of a folder"),
        ("outbox_count=5", "option 'outbox' is required"),
        ("outbox=/x&outbox_age=0", "option 'outbox_age' is 0, expected 1 to"),
        ("outbox=/x&outbox_bytes=many", "expected int"),
        (f"outbox=/x&outbox_count={'1' * 400}", f"option 'outbox_count' is {'1' * 64}, expected 1"),
        ("outbox=/x&outbox_size=5", "unknown option 'outbox_size'"),
    ],
)
def test_options_are_checked(options: str, said: str, keep: Any) -> None:
    """When the client is made."""
    with pytest.raises(ConfigurationError, match=said):
        keep.KeepClient(f"amqp://127.0.0.1/?{options}")


@contextlib.contextmanager
def failing_writes(size: int) -> Iterator[None]:
    """Writes beyond a size fail in this process, with an error that says nothing of a full disk (EFBIG)."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_disk_that_fails_is_told(keep: Any, nowhere: str, folder: Path) -> None:
    """F32: as Unknown, as it may be found there; what had returned stays, and it goes on when the disk does."""
    with keep.KeepClient(nowhere) as client:
        ids = [client.order(ticket="before").id.hex()]
        written = max(each.stat().st_size for each in folder.iterdir())
        with failing_writes(written + 2**20):
            with pytest.raises(Unknown, match="disk I/O error"):
                fill(client, ids, length=100_000)
            with pytest.raises(Unknown, match="disk I/O error"):
                client.order(ticket="x" * 100_000)
            assert len(ids) > 2
        found = status(client)
        assert (found.failed, found.trouble) == (2, "disk I/O error")
        ids.append(client.order(ticket="after").id.hex())
    kept = waiting(folder)
    assert [each for each in kept if each in ids] == ids
    assert len(kept) <= len(ids) + 2
    assert ask(folder, "PRAGMA integrity_check") == [("ok",)]


def test_a_disk_that_failed_costs_no_processor(keep: Any, nowhere: str, folder: Path) -> None:
    """The thread of the outbox sleeps until there is something to do again."""
    with keep.KeepClient(nowhere) as client:
        client.order(ticket="before")
        with failing_writes(0), pytest.raises(Unknown, match="disk I/O error"):
            client.order(ticket="x" * 100_000)
        threading.Event().wait(0.6)  # after this it would begin
        before = time.process_time()
        threading.Event().wait(0.5)
        assert time.process_time() - before < 0.25


def test_a_file_that_another_process_keeps_is_told_to_all_at_once(
    keep: Any, nowhere: str, folder: Path
) -> None:
    """Who waits behind others does not wait for each of them; nothing was written."""
    with keep.KeepClient(nowhere) as client:
        first = client.order(ticket="before").id.hex()
        with closing(sqlite3.connect(folder / FILE, isolation_level=None)) as other:
            other.execute("BEGIN IMMEDIATE")
            with ThreadPoolExecutor(20) as threads:
                began = time.monotonic()
                casts = [threads.submit(client.order, ticket=f"t{n}") for n in range(20)]
                for cast in casts:
                    with pytest.raises(NotSent, match="database is locked"):
                        cast.result()
            assert time.monotonic() - began < 10.0
            other.execute("ROLLBACK")
        after = client.order(ticket="after").id.hex()
        assert waiting(folder) == [first, after]
