"""Serve one of several schedulers, on asyncio: python server.py [URL] [NAME]."""

from __future__ import annotations

import asyncio
import sys
from typing import Any, cast
from uuid import UUID

import objects
from converters import OlderClients
from nova_scheduler import (
    Aggregate,
    AsyncSchedulerEndpoint,
    InstanceList,
    NoValidHost,
    RequestSpec,
)
from rpcgen.runtime import AsyncServer, Context

URL = "zmq+ipc:///tmp/rpcgen-scheduler"


class Scheduler(AsyncSchedulerEndpoint):
    """Every scheduler hears of every host, so any of them can answer."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._free_mb = {"host1": 8192, "host2": 4096}

    async def select_destinations(
        self,
        ctx: Context,
        *,
        spec_obj: RequestSpec,
        instance_uuids: list[UUID] | None,
        return_objects: bool,
        return_alternates: bool,
    ) -> list[Any]:
        """The host with the most memory, for each instance."""
        spec = cast("objects.RequestSpec", spec_obj)
        allowed = self._free_mb.keys() - spec.ignore_hosts
        chosen: list[Any] = []
        for _ in range(spec.num_instances):
            host = max(allowed, key=lambda name: self._free_mb[name], default=None)
            if host is None or self._free_mb[host] < spec.memory_mb:
                raise NoValidHost(reason=f"{spec.memory_mb} MB are free nowhere")
            self._free_mb[host] -= spec.memory_mb
            chosen.append({"service_host": host})
        return chosen

    async def update_aggregates(self, ctx: Context, *, aggregates: list[Aggregate]) -> None:
        """Every scheduler hears it."""
        names = ", ".join(cast("objects.Aggregate", each).name for each in aggregates)
        print(f"{self._name} heard of aggregates: {names}", flush=True)

    async def delete_aggregate(self, ctx: Context, *, aggregate: Aggregate) -> None:
        """Every scheduler hears it."""
        name = cast("objects.Aggregate", aggregate).name
        print(f"{self._name} forgot aggregate {name}", flush=True)

    async def update_instance_info(
        self, ctx: Context, *, host_name: str, instance_info: InstanceList
    ) -> None:
        """Every scheduler hears it."""
        used = sum(cast("objects.InstanceList", instance_info).memory_mb.values())
        print(f"{self._name} heard that {host_name} uses {used} MB", flush=True)

    async def delete_instance_info(
        self, ctx: Context, *, host_name: str, instance_uuid: UUID
    ) -> None:
        """Every scheduler hears it."""
        print(f"{self._name} heard that {instance_uuid} left {host_name}", flush=True)


async def main(url: str, name: str) -> None:
    """Serve until SIGTERM or Ctrl-C."""
    endpoint = Scheduler(name)
    async with AsyncServer(
        url,
        server=name,
        endpoints=[endpoint],
        codecs=objects.CODECS,
        converters=[OlderClients()],
    ) as server:
        print(f"{name} serves at {url}", flush=True)
        await server.wait()


if __name__ == "__main__":
    asyncio.run(
        main(
            sys.argv[1] if len(sys.argv) > 1 else URL,
            sys.argv[2] if len(sys.argv) > 2 else "scheduler-1",
        )
    )
