"""Many servers of one topic in one process and loop: `python -m tests.bench.crowd STUBS URL COUNT`.

Prints their addresses as one JSON line when all serve. Then each line on stdin is answered by how many casts arrived so
far and the CPU seconds of this process; the end of stdin ends it.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import sys
import threading
import time
from contextlib import AsyncExitStack
from importlib import import_module
from typing import Any


def endpoint() -> Any:
    """An endpoint that counts casts, and holds calls of `meet` until all are there."""
    base: Any = import_module("bench_scale").AsyncScaleEndpoint

    class Scale(base):  # type: ignore[misc]
        told = 0
        present = 0
        everybody: asyncio.Event | None = None

        async def work(self, ctx: Any, *, slow: bool) -> int:
            return int(slow)

        async def meet(self, ctx: Any, *, number: int, expected: int) -> int:
            everybody = self.everybody = self.everybody or asyncio.Event()
            self.present += 1
            if self.present == expected:
                self.present, self.everybody = 0, None
                everybody.set()
            await everybody.wait()
            return 2 * number + 1

        async def tell(self, ctx: Any, *, number: int) -> None:
            self.told += 1

    return Scale()


def main(stubs: str, url: str, count: str) -> None:
    sys.path.insert(0, stubs)
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    asyncio.run(serve(url, int(count)))


async def serve(url: str, count: int) -> None:
    """Serve until the process ends."""
    from rpcgen.runtime import AsyncServer

    scale = endpoint()
    async with AsyncExitStack() as stack:
        addresses: list[str] = []
        for number in range(count):
            server = AsyncServer(
                url,
                server=f"crowd-{os.getpid()}-{number}",
                endpoints=[scale],
                concurrency=100_000,
                queue=100_000,
            )
            await stack.enter_async_context(server)
            addresses += server.addresses
        print(json.dumps(addresses), flush=True)
        threading.Thread(target=_answer, args=(scale,), daemon=True).start()
        await asyncio.Event().wait()


def _answer(scale: Any) -> None:
    for _ in sys.stdin:
        print(json.dumps({"told": scale.told, "cpu": time.process_time()}), flush=True)
    os._exit(0)


if __name__ == "__main__":
    main(*sys.argv[1:])
