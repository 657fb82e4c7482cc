"""grpcio with its blocking API: one channel for 64 threads, a thread pool in the server."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

# Made at run time, so unknown to a type checker.
import bench_pb2  # type: ignore[import-not-found]
import bench_pb2_grpc  # type: ignore[import-not-found]

# Has no types.
import grpc  # type: ignore[import-untyped]

from tests.bench.adapter import OUTSTANDING, Calls, Spot, Tally
from tests.bench.adapters import _grpc
from tests.bench.load import BlockingLoad


class Servicer(bench_pb2_grpc.BenchServicer):  # type: ignore[misc]
    """Adds and echoes."""

    def Add(self, request: Any, context: Any) -> Any:  # noqa: N802 - the name is the service's
        return bench_pb2.AddReply(sum=request.a + request.b)

    def Echo(self, request: Any, context: Any) -> Any:  # noqa: N802 - the name is the service's
        return request


def serve(spot: Spot, tally: Tally) -> None:
    server = grpc.server(ThreadPoolExecutor(max_workers=OUTSTANDING), options=_grpc.SERVER_OPTIONS)
    bench_pb2_grpc.add_BenchServicer_to_server(Servicer(), server)
    server.add_insecure_port(_grpc.address(spot))
    server.start()
    tally.ready()
    server.wait_for_termination()


def load(spot: Spot) -> BlockingLoad:
    channel = grpc.insecure_channel(_grpc.address(spot))
    stub = bench_pb2_grpc.BenchStub(channel)
    add, echo, instance = stub.Add, stub.Echo, _grpc.instance()
    return BlockingLoad(
        lambda: Calls(
            small=lambda: add(bench_pb2.AddRequest(a=1, b=2)).sum,
            echo=lambda: echo(instance),
        ),
        expected_echo=instance,
        on_close=channel.close,
    )


def cold(spot: Spot) -> str:
    return _grpc.COLD.format(stubs=str(spot.stubs), address=_grpc.address(spot))
