"""Marked plain handlers on the threads of an asyncio server."""

from __future__ import annotations

import asyncio
import gc
import threading
from pathlib import Path
from typing import Any

import pytest
from rpcgen.runtime import (
    AsyncServer,
    RemoteError,
    SqliteStore,
    Store,
    Transaction,
    dedup,
)
from rpcgen.runtime.drivers.memory.hub import HUBS

from tests.conformance.waiting import eventually
from tests.dedup.bank import booked
from tests.dedup.test_marks import nothing

URL = "memory://threads"


async def test_more_calls_than_threads_take_turns(
    bank: Any, served: Any, store: SqliteStore, folder: Path
) -> None:
    """An asyncio server has threads for 64 plain handlers; all of them may be waiting to begin."""
    async with (
        AsyncServer(URL, endpoints=[served], store=store),
        bank.AsyncBankClient(URL) as client,
    ):
        ready = client.prepare(timeout=20.0)
        calls = [ready.balance(ticket=f"{number}") for number in range(150)]
        assert sorted(await asyncio.gather(*calls)) == list(range(1, 151))
    assert len(booked(folder / "s.db")) == 150


def threads_of_handlers() -> set[threading.Thread]:
    return {each for each in threading.enumerate() if each.name.startswith("rpcgen-work-")}


class Threads(Store[int]):
    """Notes the threads of each transaction; `begin` waits until as many have come as there are to be."""

    def __init__(self, together: int) -> None:
        self._all_there = threading.Barrier(together)
        self.ended: list[tuple[int, int]] = []

    def begin(self, key: bytes) -> Transaction[int] | bytes:
        self._all_there.wait(20.0)
        return Thread(self)


class Thread(Transaction[int]):
    def __init__(self, store: Threads) -> None:
        self.connection = threading.get_ident()
        self._store = store

    def commit(self, answer: bytes) -> None:
        self._store.ended.append((self.connection, threading.get_ident()))

    def rollback(self) -> None:
        raise AssertionError


async def test_a_transaction_stays_on_its_thread(bank: Any) -> None:
    """Connections of many databases, SQLite's among them, are of no use to another one."""
    store = Threads(8)

    @dedup
    def balance(_: object, ctx: Any, *, ticket: str, seconds: float) -> int:
        return int(store.connection(ctx) == threading.get_ident())

    methods: dict[str, Any] = dict.fromkeys(("pay", "tell"), nothing)
    served = type("Own", (bank.BankEndpoint,), {**methods, "balance": balance})()
    async with (
        AsyncServer(URL, endpoints=[served], store=store),
        bank.AsyncBankClient(URL) as client,
    ):
        answers = await asyncio.gather(*(client.balance(ticket=f"{n}") for n in range(8)))
    assert answers == [1] * 8
    assert len(store.ended) == 8
    assert all(begun == ended for begun, ended in store.ended)


async def test_who_gives_up_while_a_transaction_begins_leaves_none_open(
    bank: Any, served: Any, store: SqliteStore, folder: Path
) -> None:
    """Its thread ends it, as soon as it has begun."""
    other = SqliteStore(folder / "s.db")
    in_the_way = other.begin(b"0")
    assert not isinstance(in_the_way, bytes)
    async with (
        AsyncServer(URL, endpoints=[served], store=store, concurrency=2),
        bank.AsyncBankClient(URL) as client,
    ):
        calls = [client.prepare(timeout=0.1).balance(ticket=f"{n}") for n in range(8)]
        await asyncio.gather(*calls, return_exceptions=True)
        in_the_way.rollback()
        assert await client.prepare(timeout=20.0).balance(ticket="last") == 1
    assert booked(folder / "s.db") == ["last"]


def test_a_loop_that_is_closed_meanwhile_leaves_none_open(
    bank: Any, served: Any, store: SqliteStore, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """In a program that goes on: other processes would wait for the file for ever. Nor does a thread stay."""
    url, before = "memory://forgetful", threads_of_handlers()
    other = SqliteStore(folder / "s.db", patience=10.0)
    in_the_way = other.begin(b"0")
    assert not isinstance(in_the_way, bytes)
    begins, begin = threading.Event(), store.begin

    def noted(key: bytes) -> Transaction[Any] | bytes:
        begins.set()
        return begin(key)

    store.begin = noted  # type: ignore[method-assign]

    async def forgetful() -> list[object]:
        server, client = (
            AsyncServer(url, endpoints=[served], store=store),
            bank.AsyncBankClient(url),
        )
        await server.start()
        call = asyncio.ensure_future(client.balance(ticket="1"))
        assert await asyncio.to_thread(begins.wait, 10.0)
        return [server, client, call]

    loop = asyncio.new_event_loop()
    left = loop.run_until_complete(forgetful())
    loop.close()
    in_the_way.rollback()
    store.begin(b"1").rollback()  # type: ignore[union-attr]
    other.begin(b"2").rollback()  # type: ignore[union-attr]
    assert booked(folder / "s.db") == []
    assert threads_of_handlers() - before
    del left, HUBS["forgetful"]  # as if its driver were one that forgets a server
    gc.collect()
    eventually(lambda: not threads_of_handlers() - before)
    assert not [each for each in caplog.records if each.name == "rpcgen.server"]  # none failed


@pytest.mark.parametrize("error", [KeyboardInterrupt(), GeneratorExit(), StopIteration()])
async def test_what_one_raises_is_its_own(
    bank: Any, store: SqliteStore, folder: Path, error: BaseException
) -> None:
    """Nothing of it remains, its caller is told, and the server goes on."""

    @dedup
    def balance(_: object, ctx: Any, *, ticket: str, seconds: float) -> int:
        store.connection(ctx).execute("INSERT INTO booked VALUES (?, '')", (ticket,))
        if ticket == "bad":
            raise error
        return 1

    methods: dict[str, Any] = dict.fromkeys(("pay", "tell"), nothing)
    raises = type("Raises", (bank.BankEndpoint,), {**methods, "balance": balance})()
    async with (
        AsyncServer(URL, endpoints=[raises], store=store),
        bank.AsyncBankClient(URL) as client,
    ):
        with pytest.raises(RemoteError):
            await client.prepare(timeout=5.0).balance(ticket="bad")
        assert await client.prepare(timeout=5.0).balance(ticket="good") == 1
    assert booked(folder / "s.db") == ["good"]
