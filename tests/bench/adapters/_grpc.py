"""What the two gRPC adapters share: addresses, options, and the sample as its message.

The stubs are protoc's (`bench_pb2`, `bench_pb2_grpc`), compiled by `stubs.py` when the benchmark starts.
"""

from __future__ import annotations

from typing import Any

# Made at run time, so unknown to a type checker.
import bench_pb2  # type: ignore[import-not-found]

from tests.bench import sample
from tests.bench.adapter import Spot

#: One service on one port; the default would let two servers share it in silence.
SERVER_OPTIONS = (("grpc.so_reuseport", 0),)

COLD = """
import sys

sys.path.insert(0, {stubs!r})
import bench_pb2
import bench_pb2_grpc
import grpc

with grpc.insecure_channel({address!r}) as channel:
    assert bench_pb2_grpc.BenchStub(channel).Add(bench_pb2.AddRequest(a=1, b=2)).sum == 3
"""

COLD_AIO = """
import asyncio
import sys

sys.path.insert(0, {stubs!r})
import bench_pb2
import bench_pb2_grpc
import grpc


async def main():
    async with grpc.aio.insecure_channel({address!r}) as channel:
        reply = await bench_pb2_grpc.BenchStub(channel).Add(bench_pb2.AddRequest(a=1, b=2))
        assert reply.sum == 3


asyncio.run(main())
"""


def address(spot: Spot) -> str:
    return f"unix:{spot.socket_path}" if spot.transport == "ipc" else f"127.0.0.1:{spot.port}"


def instance() -> Any:
    """The sample as a `bench.Instance`."""
    values = {name: value for name, value in sample.instance().items() if value is not None}
    values["state"] = values["state"].upper()
    return bench_pb2.Instance(**values)
