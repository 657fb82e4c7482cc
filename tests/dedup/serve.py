"""A bank in a process of its own: `python -m tests.dedup.serve WORLD DIRECTORY URL NAME WHEN`, until SIGTERM.

DIRECTORY holds the generated package, the store and what ran. WHEN says at which end of its first commit it is killed:
`before` or `after`; or `never`.
"""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path
from typing import Any

from rpcgen.runtime import AsyncServer, AsyncSqliteStore, Server, SqliteStore

from tests.conformance.serve_lab import announce
from tests.dedup.bank import SCHEMA, Runs, async_endpoint, die, endpoint
from tests.packages import import_from


def main(world: str, directory: str, url: str, name: str, when: str) -> None:
    folder = Path(directory)
    bank, runs = import_from(folder, "test_bank"), Runs(folder / "runs")
    if world == "asyncio":
        asyncio.run(
            serve(bank, runs, url, name, AsyncSqliteStore(folder / "s.db", schema=SCHEMA), when)
        )
        return
    store = SqliteStore(folder / "s.db", schema=SCHEMA)
    mind(when)
    with Server(
        url, server=name, store=store, endpoints=[endpoint(bank, store, runs, name)]
    ) as server:
        announce()
        server.wait()


async def serve(
    bank: Any, runs: Runs, url: str, name: str, store: AsyncSqliteStore, when: str
) -> None:
    mind(when)
    served = async_endpoint(bank, store, runs, name)
    async with AsyncServer(url, server=name, store=store, endpoints=[served]) as server:
        announce()
        await server.wait()


def mind(when: str) -> None:
    """Die when it was asked for."""
    if when != "never":
        die(after=when == "after")


if __name__ == "__main__":
    main(*sys.argv[1:])
