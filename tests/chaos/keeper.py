"""A server of what is kept, as a process: `python -m tests.chaos.keeper DIRECTORY URL NAME WORLD JOURNAL`.

Writes a line for every message before it does anything: ticket, attempt, server. Says `ready` on stdout when it serves.
"""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from pathlib import Path
from typing import Any

from rpcgen.runtime import AsyncServer, Server

from tests.compiled import import_from
from tests.conformance.serve_lab import announce


class Journal:
    """One file for all servers; a line is written at once, so a killed server loses none."""

    def __init__(self, path: str) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)

    def write(self, ticket: str, attempt: int, server: str) -> None:
        os.write(self._file, f"{ticket} {attempt} {server}\n".encode())


def endpoint(keep: Any, journal: Journal, server: str, world: str) -> Any:
    """Takes as long as it is told, but at the first attempt only."""

    def order(_: object, ctx: Any, *, ticket: str, seconds: float, fails: int) -> None:
        journal.write(ticket, ctx.attempt, server)
        if ctx.attempt == 1:
            threading.Event().wait(seconds)

    def tell(_: object, ctx: Any, *, ticket: str) -> None:
        journal.write(ticket, ctx.attempt, server)

    def ask(_: object, ctx: Any, *, ticket: str, seconds: float) -> str:
        journal.write(ticket, ctx.attempt, server)
        threading.Event().wait(seconds)
        return server

    async def order_async(_: object, ctx: Any, *, ticket: str, seconds: float, fails: int) -> None:
        journal.write(ticket, ctx.attempt, server)
        if ctx.attempt == 1:
            await asyncio.sleep(seconds)

    async def tell_async(_: object, ctx: Any, *, ticket: str) -> None:
        journal.write(ticket, ctx.attempt, server)

    async def ask_async(_: object, ctx: Any, *, ticket: str, seconds: float) -> str:
        journal.write(ticket, ctx.attempt, server)
        await asyncio.sleep(seconds)
        return server

    if world == "blocking":
        methods: dict[str, Any] = {"order": order, "tell": tell, "ask": ask}
        return type("Keep", (keep.KeepEndpoint,), methods)()
    methods = {"order": order_async, "tell": tell_async, "ask": ask_async}
    return type("AsyncKeep", (keep.AsyncKeepEndpoint,), methods)()


def main(directory: str, url: str, name: str, world: str, path: str) -> None:
    """Serve until SIGTERM."""
    keep: Any = import_from(Path(directory), "test_keep")
    served = endpoint(keep, Journal(path), name, world)
    if world == "blocking":
        with Server(url, server=name, endpoints=[served], drain_timeout=2.0) as server:
            announce()
            server.wait()
    else:
        asyncio.run(_serve(url, name, served))


async def _serve(url: str, name: str, served: Any) -> None:
    async with AsyncServer(url, server=name, endpoints=[served], drain_timeout=2.0) as server:
        announce()
        await server.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
