"""Where the time of an asyncio call and of a cast goes: `python -m tests.bench.layers`.

Client and server share one process and one loop over `zmq+ipc`, under cProfile, which sees C functions too. What it costs
itself falls on Python functions more than on C, so each layer's share is applied to the CPU that the same load takes
without the profiler; read differences of a tenth as none. libzmq's I/O threads are in a row of their own: the CPU of the
process less that of the loop's thread.
"""

from __future__ import annotations

import asyncio
import cProfile
import pstats
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from importlib import import_module
from pathlib import Path
from typing import Any

from tests.bench import stubs
from tests.bench.adapter import OUTSTANDING
from tests.bench.table import markdown

#: What the names of our files begin with, and that says nothing.
ROOT = str(Path(__file__).parents[2])

CALLS, BURST = 20_000, 200
ROUNDS = 5

#: The first pattern that a function's file and name contain says its layer.
LAYERS = (
    ("small_bench", "client: generated method"),
    ("bench/layers.py", "handler and load"),
    ("zmq/sugar/socket.py", "send: pyzmq and libzmq, both sides"),
    ("zmq", "driver, with receive: choose, batch, both sides"),
    ("zeromq", "driver, with receive: choose, batch, both sides"),
    ("runtime/aio/client.py", "client: call and transport"),
    ("runtime/aio/transport.py", "client: call and transport"),
    ("core/call.py", "client: Call, plan, route"),
    ("core/plan.py", "client: Call, plan, route"),
    ("core/routes.py", "client: Call, plan, route"),
    ("runtime/proxy.py", "client: Call, plan, route"),
    ("runtime/ids.py", "client: Call, plan, route"),
    ("core/calls.py", "client: table of calls, matching"),
    ("core/answers.py", "client: read the answer"),
    ("core/arguments.py", "encode, and read back"),
    ("core/reading.py", "encode, and read back"),
    ("versions/results.py", "encode, and read back"),
    ("core/results.py", "encode, and read back"),
    ("msgspec", "encode, and read back"),
    ("core/dispatch.py", "server: gate, job, context"),
    ("core/entry.py", "server: gate, job, context"),
    ("core/job.py", "server: gate, job, context"),
    ("<call of a handler>", "server: accept, run, reply"),
    ("runtime/context.py", "server: gate, job, context"),
    ("core/serving.py", "server: accept, run, reply"),
    ("core/work.py", "server: accept, run, reply"),
    ("runtime/aio/server.py", "server: accept, run, reply"),
    ("runtime/aio/runners.py", "server: accept, run, reply"),
    ("core/seen.py", "server: accept, run, reply"),
    ("core/wires/", "encode, and read back"),
    ("core/codec.py", "encode, and read back"),
    ("asyncio", "loop: tasks, futures, callbacks, epoll"),
    ("select", "loop: tasks, futures, callbacks, epoll"),
    ("_contextvars", "loop: tasks, futures, callbacks, epoll"),
)
OTHER = "built-in functions"
THREADS = "libzmq's threads"

Load = Callable[[Any], Awaitable[None]]


async def calls(client: Any) -> None:
    """As W2: so many callers, each one call at a time."""

    async def caller() -> None:
        for _ in range(CALLS // OUTSTANDING):
            await client.add(a=1, b=2)

    await asyncio.gather(*(caller() for _ in range(OUTSTANDING)))


async def casts(client: Any) -> None:
    """As W4: bursts, and a call that waits for them."""
    for _ in range(CALLS // BURST):
        for _ in range(BURST):
            await client.note(number=7, word="instance-00000007")
        await client.handled()


async def run() -> None:
    """Measure both loads, plain and profiled in turn, and print the table."""
    from rpcgen.runtime import AsyncServer

    package = import_module("small_bench")

    class Bench(package.AsyncBenchEndpoint):  # type: ignore[misc, name-defined]
        async def add(self, ctx: Any, *, a: int, b: int) -> int:
            return a + b

        async def echo(self, ctx: Any, *, instance: Any) -> Any:
            return instance

        async def note(self, ctx: Any, *, number: int, word: str) -> None:
            pass

        keep = note

        async def handled(self, ctx: Any) -> int:
            return 0

    with tempfile.TemporaryDirectory(prefix="rpcgen-layers-") as directory:
        url = f"zmq+ipc://{directory}"
        async with (
            AsyncServer(url, server="layers", endpoints=[Bench()]),
            package.AsyncBenchClient(url) as client,
        ):
            print(table([await layers(load, client) for load in (calls, casts)]))


async def layers(load: Load, client: Any) -> dict[str, float]:
    """Microseconds of each layer for one call or cast."""
    await load(client)
    loop_us, all_us = min([await _plain(load, client) for _ in range(ROUNDS)])
    profile = cProfile.Profile()
    profile.enable()
    await load(client)
    profile.disable()
    found: dict[str, float] = {}
    stats: Any = pstats.Stats(profile)
    for (file, _, name), (_, _, own, _, _) in stats.stats.items():
        layer = _layer(f"{file.removeprefix(ROOT)} {name}")
        found[layer] = found.get(layer, 0.0) + own
    total = sum(found.values())
    return {
        **{layer: own / total * loop_us for layer, own in found.items()},
        THREADS: all_us - loop_us,
    }


async def _plain(load: Load, client: Any) -> tuple[float, float]:
    thread, process = time.thread_time(), time.process_time()
    await load(client)
    return (
        (time.thread_time() - thread) / CALLS * 1e6,
        (time.process_time() - process) / CALLS * 1e6,
    )


def _layer(function: str) -> str:
    return next((layer for pattern, layer in LAYERS if pattern in function), OTHER)


def table(found: list[dict[str, float]]) -> str:
    """Layers, the costly ones of a call first."""
    names = sorted({name for each in found for name in each}, key=lambda n: -found[0].get(n, 0.0))
    rows = [[name, *(f"{each.get(name, 0.0):.1f}" for each in found)] for name in names]
    rows.append(["all", *(f"{sum(each.values()):.1f}" for each in found)])
    return markdown(["us of CPU, both sides", "call", "cast"], rows)


def main() -> None:
    with tempfile.TemporaryDirectory(prefix="rpcgen-layers-") as directory:
        stubs.compile_interface(Path(directory))
        sys.path.insert(0, directory)
        asyncio.run(run())


if __name__ == "__main__":
    main()
