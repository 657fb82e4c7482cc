"""A lab server in a process of its own: `python -m tests.conformance.serve_lab WORLD DIRECTORY URL NAME`."""

from __future__ import annotations

import asyncio
import signal
import sys
import threading
from pathlib import Path

from rpcgen.runtime import AsyncServer, Server

from tests.conformance.lab import Bench, async_endpoint, endpoint
from tests.conformance.waiting import eventually
from tests.packages import import_from


def main(world: str, directory: str, url: str, name: str) -> None:
    lab = import_from(Path(directory), "test_lab")
    if world == "blocking":
        with Server(
            url, server=name, endpoints=[endpoint(lab, Bench(), name)], drain_timeout=2.0
        ) as server:
            announce()
            server.wait()
    else:
        asyncio.run(serve(url, name, async_endpoint(lab, Bench(), name)))
    print("ended", flush=True)


def announce() -> None:
    """Say that we are ready as soon as wait() listens for signals: before, one would end us on the spot."""
    before = signal.getsignal(signal.SIGTERM)

    def watch() -> None:
        eventually(lambda: signal.getsignal(signal.SIGTERM) is not before)
        print("ready", flush=True)

    threading.Thread(target=watch, daemon=True).start()


async def serve(url: str, name: str, served: object) -> None:
    async with AsyncServer(url, server=name, endpoints=[served], drain_timeout=2.0) as server:  # type: ignore[list-item]
        announce()
        await server.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
