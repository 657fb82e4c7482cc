"""aio-pika's RPC pattern as it comes: publications are confirmed and waited for, messages acknowledged, bodies pickled.

Its casts are another pattern, so W4 is left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

import aio_pika
from aio_pika.patterns import RPC

from tests.bench import sample
from tests.bench.adapter import Calls, Spot, Tally
from tests.bench.load import AsyncioLoad
from tests.rabbitd import PASSWORD, USER

COLD = """
import asyncio
import aio_pika
from aio_pika.patterns import RPC


async def main():
    connection = await aio_pika.connect_robust({url!r})
    async with connection:
        rpc = await RPC.create(await connection.channel())
        assert await rpc.call("add", {{"a": 1, "b": 2}}) == 3


asyncio.run(main())
"""


def url(spot: Spot) -> str:
    return f"amqp://{USER}:{PASSWORD}@127.0.0.1:{spot.port}/{spot.vhost}"


async def connected(spot: Spot) -> RPC:
    connection = await aio_pika.connect_robust(url(spot))
    return await RPC.create(await connection.channel())


async def add(*, a: int, b: int) -> int:
    return a + b


async def echo(*, instance: Any) -> Any:
    return instance


def serve(spot: Spot, tally: Tally) -> None:
    async def run() -> None:
        rpc = await connected(spot)
        for handler in (add, echo):
            await rpc.register(handler.__name__, handler, auto_delete=True)
        tally.ready()
        await asyncio.Event().wait()

    asyncio.run(run())


def load(spot: Spot) -> AsyncioLoad:
    instance = sample.instance()

    async def connect() -> Calls[Awaitable[Any]]:
        rpc = await connected(spot)
        return Calls(
            small=lambda: rpc.call("add", {"a": 1, "b": 2}),
            echo=lambda: rpc.call("echo", {"instance": instance}),
        )

    return AsyncioLoad(connect, expected_echo=instance)


def cold(spot: Spot) -> str:
    return COLD.format(url=url(spot))
