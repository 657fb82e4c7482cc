"""What the adapters of rpcgen share: addresses, endpoints, servers and clients, as a user would write them.

`small_bench` is generated from `interfaces/bench.yaml` when the benchmark starts. High-water marks, checks of arguments
and deadlines are as they come: 30 s a call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import msgspec
from rpcgen.runtime import AsyncServer, NotSent, Server

# Made at run time, so unknown to a type checker.
from small_bench import (  # type: ignore[import-not-found]
    AsyncBenchClient,
    AsyncBenchEndpoint,
    BenchClient,
    BenchEndpoint,
    Instance,
)

from tests.bench import sample
from tests.bench.adapter import OUTSTANDING, Calls, Spot, Tally
from tests.bench.load import AsyncioLoad, BlockingLoad
from tests.rabbitd import PASSWORD, USER

COLD = """
import sys

sys.path.insert(0, {stubs!r})
from small_bench import BenchClient

with BenchClient({url!r}) as client:
    assert client.add(a=1, b=2) == 3
"""

COLD_AIO = """
import asyncio
import sys

sys.path.insert(0, {stubs!r})
from small_bench import AsyncBenchClient


async def main():
    async with AsyncBenchClient({url!r}) as client:
        assert await client.add(a=1, b=2) == 3


asyncio.run(main())
"""

LoopFactory = Callable[[], asyncio.AbstractEventLoop]


def url(spot: Spot, options: str = "") -> str:
    """The transport's URL; the options are for a broker."""
    if spot.transport == "amqp":
        return f"amqp://{USER}:{PASSWORD}@127.0.0.1:{spot.port}/{spot.vhost}?{options}"
    if spot.transport == "ipc":
        return f"zmq+ipc://{spot.directory}"
    return f"zmq+tcp://127.0.0.1:{spot.port}"


class Bench(BenchEndpoint):  # type: ignore[misc]
    """Handlers that are plain functions."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    def add(self, ctx: Any, *, a: int, b: int) -> int:
        return a + b

    def echo(self, ctx: Any, *, instance: Any) -> Any:
        return instance

    def note(self, ctx: Any, *, number: int, word: str) -> None:
        self._tally.add()

    keep = note

    def handled(self, ctx: Any) -> int:
        return self._tally.handled


class AsyncBench(AsyncBenchEndpoint):  # type: ignore[misc]
    """Handlers that are coroutines."""

    def __init__(self, tally: Tally) -> None:
        self._tally = tally

    async def add(self, ctx: Any, *, a: int, b: int) -> int:
        return a + b

    async def echo(self, ctx: Any, *, instance: Any) -> Any:
        return instance

    async def note(self, ctx: Any, *, number: int, word: str) -> None:
        self._tally.add()

    keep = note

    async def handled(self, ctx: Any) -> int:
        return self._tally.handled


def serve_blocking(spot: Spot, tally: Tally, *, broker: str = "") -> None:
    with Server(url(spot, broker), server="bench", endpoints=[Bench(tally)]) as server:
        tally.ready()
        server.wait()


def serve_aio(
    spot: Spot,
    tally: Tally,
    *,
    loop_factory: LoopFactory = asyncio.new_event_loop,
    inline: bool = False,
    broker: str = "",
) -> None:
    """Serve coroutines as tasks, or plain functions inline by declaration."""

    async def serve() -> None:
        endpoint = Bench(tally) if inline else AsyncBench(tally)
        options: dict[str, Any] = {"executor": "inline"} if inline else {}
        async with AsyncServer(
            url(spot, broker), server="bench", endpoints=[endpoint], **options
        ) as server:
            tally.ready()
            await server.wait()

    with asyncio.Runner(loop_factory=loop_factory) as runner:
        runner.run(serve())


def load_blocking(spot: Spot, *, broker: str = "", kept: bool = False) -> BlockingLoad:
    """One client that all threads share."""
    client = BenchClient(url(spot, broker))
    note = client.keep if kept else client.note
    instance = msgspec.convert(sample.instance(), Instance)

    def cast() -> bool:
        try:
            note(number=sample.NOTE_NUMBER, word=sample.NOTE_WORD)
        except NotSent:
            return False
        return True

    calls: Calls[Any] = Calls(
        small=lambda: client.add(a=1, b=2),
        echo=lambda: client.echo(instance=instance),
        cast=cast,
        handled=client.handled,
        casting=OUTSTANDING if kept else 1,
    )
    return BlockingLoad(lambda: calls, expected_echo=instance, on_close=client.close)


def load_aio(
    spot: Spot,
    *,
    loop_factory: LoopFactory = asyncio.new_event_loop,
    broker: str = "",
    kept: bool = False,
) -> AsyncioLoad:
    """One client on one loop."""
    instance = msgspec.convert(sample.instance(), Instance)
    clients: list[Any] = []

    async def connect() -> Calls[Awaitable[Any]]:
        client = AsyncBenchClient(url(spot, broker))
        note = client.keep if kept else client.note
        clients.append(client)

        async def cast() -> bool:
            try:
                await note(number=sample.NOTE_NUMBER, word=sample.NOTE_WORD)
            except NotSent:
                return False
            return True

        return Calls(
            small=lambda: client.add(a=1, b=2),
            echo=lambda: client.echo(instance=instance),
            cast=cast,
            handled=client.handled,
            casting=OUTSTANDING if kept else 1,
        )

    async def close() -> None:
        await clients[0].close()

    return AsyncioLoad(connect, expected_echo=instance, loop_factory=loop_factory, on_close=close)


def cold_blocking(spot: Spot) -> str:
    return COLD.format(stubs=str(spot.stubs), url=url(spot))


def cold_aio(spot: Spot) -> str:
    return COLD_AIO.format(stubs=str(spot.stubs), url=url(spot))
