"""grpcio with its asyncio API: one channel, one server, both on the standard loop."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable
from typing import Any

# Made at run time, so unknown to a type checker.
import bench_pb2  # type: ignore[import-not-found]
import bench_pb2_grpc  # type: ignore[import-not-found]

# Has no types.
import grpc  # type: ignore[import-untyped]

from tests.bench.adapter import Calls, Spot, Tally
from tests.bench.adapters import _grpc
from tests.bench.load import AsyncioLoad


class Servicer(bench_pb2_grpc.BenchServicer):  # type: ignore[misc]
    """Adds and echoes."""

    async def Add(self, request: Any, context: Any) -> Any:  # noqa: N802 - the name is the service's
        return bench_pb2.AddReply(sum=request.a + request.b)

    async def Echo(self, request: Any, context: Any) -> Any:  # noqa: N802 - the name is the service's
        return request


async def _serve(spot: Spot, tally: Tally) -> None:
    server = grpc.aio.server(options=_grpc.SERVER_OPTIONS)
    bench_pb2_grpc.add_BenchServicer_to_server(Servicer(), server)
    server.add_insecure_port(_grpc.address(spot))
    await server.start()
    tally.ready()
    await server.wait_for_termination()


def serve(spot: Spot, tally: Tally) -> None:
    asyncio.run(_serve(spot, tally))


def load(spot: Spot) -> AsyncioLoad:
    instance = _grpc.instance()
    channels: list[Any] = []

    async def connect() -> Calls[Awaitable[Any]]:
        channels.append(grpc.aio.insecure_channel(_grpc.address(spot)))
        stub = bench_pb2_grpc.BenchStub(channels[0])
        add, echo = stub.Add, stub.Echo

        async def small() -> int:
            reply = await add(bench_pb2.AddRequest(a=1, b=2))
            return int(reply.sum)

        return Calls(small=small, echo=lambda: echo(instance))

    async def close() -> None:
        await channels[0].close()

    return AsyncioLoad(connect, expected_echo=instance, on_close=close)


def cold(spot: Spot) -> str:
    return _grpc.COLD_AIO.format(stubs=str(spot.stubs), address=_grpc.address(spot))
