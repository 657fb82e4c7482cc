"""One interface twice, without and with a past: both served by one process and called from one process.

Not an adapter of a library: what is compared are three clients that share everything but their versions. `plain_bench`
and `dated_bench` are generated from `interfaces/` when the benchmark starts.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

import dated_bench  # type: ignore[import-not-found]
import msgspec
import plain_bench  # type: ignore[import-not-found]
from rpcgen.runtime import AsyncServer, Server

from tests.bench import sample
from tests.bench.adapter import Calls, Done, Spot, Tally
from tests.bench.adapters._rpcgen import url
from tests.bench.load import AsyncioLoad, BlockingLoad

#: What is compared: the package, and the pin.
VARIANTS: dict[str, tuple[ModuleType, str | None]] = {
    "plain": (plain_bench, None),
    "dated": (dated_bench, None),
    "pinned": (dated_bench, "1.4"),
}


def _add(self: object, ctx: object, *, a: int, b: int, carry: int, base: int) -> int:
    return a + b + carry


def _echo(self: object, ctx: object, *, instance: Any, reason: str, hints: object) -> Any:
    return instance


async def _add_async(self: object, ctx: object, *, a: int, b: int, carry: int, base: int) -> int:
    return a + b + carry


async def _echo_async(
    self: object, ctx: object, *, instance: Any, reason: str, hints: object
) -> Any:
    return instance


def endpoints(*, world: str) -> list[Any]:
    """One endpoint of each interface, with the same handlers."""
    blocking = world == "blocking"
    handlers = (
        {"add": _add, "echo": _echo} if blocking else {"add": _add_async, "echo": _echo_async}
    )
    base = "BenchEndpoint" if blocking else "AsyncBenchEndpoint"
    return [
        type("Bench", (getattr(package, base),), handlers)()
        for package in (plain_bench, dated_bench)
    ]


def serve_blocking(spot: Spot, tally: Tally) -> None:
    with Server(url(spot), server="bench", endpoints=endpoints(world="blocking")) as server:
        tally.ready()
        server.wait()


def serve_aio(spot: Spot, tally: Tally) -> None:
    async def serve() -> None:
        made = endpoints(world="asyncio")
        async with AsyncServer(url(spot), server="bench", endpoints=made) as server:
            tally.ready()
            await server.wait()

    asyncio.run(serve())


class VersionsLoad:
    """The calls of all variants; a workload is `small dated` or `objects pinned`."""

    def __init__(self, loads: dict[str, BlockingLoad] | dict[str, AsyncioLoad]) -> None:
        self._loads = loads
        self.workloads = tuple(f"{size} {name}" for size in ("small", "objects") for name in loads)

    def check(self) -> None:
        """See `Load.check`."""
        for load in self._loads.values():
            load.check()

    def run(self, workload: str, seconds: float) -> Done:
        """64 outstanding calls of one variant for so long."""
        size, _, name = workload.partition(" ")
        load = self._loads[name]
        return load.small(seconds) if size == "small" else load.objects(seconds)

    def close(self) -> None:
        """See `Load.close`."""
        for load in self._loads.values():
            load.close()


def load_blocking(spot: Spot) -> VersionsLoad:
    """Blocking clients, each shared by 64 threads."""
    loads: dict[str, BlockingLoad] = {}
    for name, (package, pin) in VARIANTS.items():
        client = package.BenchClient(url(spot), pin=pin)
        calls: Calls[Any] = _calls(client, package)
        loads[name] = BlockingLoad(
            lambda calls=calls: calls,  # type: ignore[misc]
            expected_echo=_instance(package),
            on_close=client.close,
        )
    return VersionsLoad(loads)


def load_aio(spot: Spot) -> VersionsLoad:
    """Asyncio clients, each on a loop of its own; those that are not measured wait."""
    loads = {
        name: AsyncioLoad(_connect(spot, package, pin), expected_echo=_instance(package))
        for name, (package, pin) in VARIANTS.items()
    }
    return VersionsLoad(loads)


def _connect(
    spot: Spot, package: ModuleType, pin: str | None
) -> Callable[[], Awaitable[Calls[Awaitable[Any]]]]:
    async def connect() -> Calls[Awaitable[Any]]:
        return _calls(package.AsyncBenchClient(url(spot), pin=pin), package)

    return connect


def _calls(client: Any, package: ModuleType) -> Calls[Any]:
    """Both calls, with everything set that can be."""
    instance, hints = _instance(package), dict(sample.HINTS)
    return Calls(
        small=lambda: client.add(a=1, b=1, carry=1, base=16),
        echo=lambda: client.echo(instance=instance, reason=sample.REASON, hints=hints),
    )


def _instance(package: ModuleType) -> Any:
    return msgspec.convert(sample.full_instance(), package.Instance)


def cold(spot: Spot) -> str:
    """Have no cold start to compare."""
    return ""
