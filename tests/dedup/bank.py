"""A bank: endpoints of both worlds whose handlers book in a store, and write down beside it that they ran."""

from __future__ import annotations

import asyncio
import os
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from rpcgen.runtime import AsyncSqliteStore, SqliteStore, dedup

SCHEMA = ["CREATE TABLE IF NOT EXISTS booked (ticket TEXT NOT NULL, server TEXT NOT NULL)"]


def book(db: sqlite3.Connection, ticket: str, server: str) -> int:
    """The effect: a row; how many there are now."""
    db.execute("INSERT INTO booked VALUES (?, ?)", (ticket, server))
    count: int = db.execute("SELECT count(*) FROM booked").fetchone()[0]
    return count


def query(path: Path, statement: str) -> list[tuple[Any, ...]]:
    """What is in a store's file, seen from outside."""
    database = sqlite3.connect(path)
    try:
        return database.execute(statement).fetchall()
    finally:
        database.close()


def booked(path: Path) -> list[str]:
    """The tickets whose effects are there."""
    return [row[0] for row in query(path, "SELECT ticket FROM booked ORDER BY rowid")]


class Runs:
    """Which handlers began: whole lines at the end of a file, which outlive the process that wrote them."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def write(self, server: str, ticket: str, attempt: int) -> None:
        with open(self._path, "ab", buffering=0) as file:
            file.write(f"{server} {ticket} {attempt}\n".encode())

    @property
    def _released(self) -> Path:
        return self._path.with_name("released")

    def release(self) -> None:
        """Let all handlers end that take their time."""
        self._released.touch()

    def pauses(self, seconds: float) -> Iterator[float]:
        """What a handler sleeps for that takes so long, or until it is released."""
        end = time.monotonic() + seconds
        while time.monotonic() < end and not self._released.exists():
            yield 0.01

    def read(self) -> list[tuple[str, str, int]]:
        if not self._path.exists():
            return []
        lines = (line.split() for line in self._path.read_text().splitlines())
        return [(server, ticket, int(attempt)) for server, ticket, attempt in lines]


class Unlucky(RuntimeError):
    """What a handler raises that is to fail."""


def endpoint(bank: Any, store: SqliteStore, runs: Runs, server: str) -> Any:
    """The blocking one."""

    @dedup
    def pay(_: object, ctx: Any, *, ticket: str, seconds: float, fails: int) -> None:
        runs.write(server, ticket, ctx.attempt)
        book(store.connection(ctx), ticket, server)
        for pause in runs.pauses(seconds):
            time.sleep(pause)
        if ctx.attempt <= fails:
            raise Unlucky(ticket)

    @dedup
    def balance(_: object, ctx: Any, *, ticket: str, seconds: float) -> int:
        runs.write(server, ticket, ctx.attempt)
        for pause in runs.pauses(seconds):
            time.sleep(pause)
        return book(store.connection(ctx), ticket, server)

    def tell(_: object, ctx: Any, *, ticket: str) -> None:
        runs.write(server, ticket, ctx.attempt)

    methods = {"pay": pay, "balance": balance, "tell": tell}
    return type("Bank", (bank.BankEndpoint,), methods)()


def async_endpoint(bank: Any, store: AsyncSqliteStore, runs: Runs, server: str) -> Any:
    """The asyncio one."""

    @dedup
    async def pay(_: object, ctx: Any, *, ticket: str, seconds: float, fails: int) -> None:
        runs.write(server, ticket, ctx.attempt)
        await store.connection(ctx).run(book, ticket, server)
        for pause in runs.pauses(seconds):
            await asyncio.sleep(pause)
        if ctx.attempt <= fails:
            raise Unlucky(ticket)

    @dedup
    async def balance(_: object, ctx: Any, *, ticket: str, seconds: float) -> int:
        runs.write(server, ticket, ctx.attempt)
        for pause in runs.pauses(seconds):
            await asyncio.sleep(pause)
        return await store.connection(ctx).run(book, ticket, server)

    async def tell(_: object, ctx: Any, *, ticket: str) -> None:
        runs.write(server, ticket, ctx.attempt)

    methods = {"pay": pay, "balance": balance, "tell": tell}
    return type("AsyncBank", (bank.AsyncBankEndpoint,), methods)()


def die(*, after: bool) -> None:
    """Let this process be killed at its next commit: just before, or when it is durable and nobody knows."""
    commit = SqliteStore.commit

    def deadly(store: SqliteStore, key: bytes, answer: bytes) -> None:
        if after:
            commit(store, key, answer)
        os.kill(os.getpid(), 9)

    SqliteStore.commit = deadly  # type: ignore[method-assign]
