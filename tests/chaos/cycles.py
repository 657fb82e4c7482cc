"""Programs that make many calls at once, and many clients and servers in turn; run by `programs.py`."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import wait
from typing import Any

import msgspec
import psutil
from rpcgen.runtime import Server

from tests.chaos.asking import Asker
from tests.conformance.waiting import eventually
from tests.memory import peak


def crowd(asker: Asker, *, count: int, seconds: float = 0.0) -> None:
    """Make so many calls at once; what it cost."""
    asker.ask()
    began = time.monotonic()
    calls = [asker.start(seconds=seconds, timeout=60.0) for _ in range(count)]
    fds = psutil.Process().num_fds()
    wait(calls)
    measured = {
        "took": time.monotonic() - began,
        "rss": peak(),
        "fds": fds,
    }
    print(msgspec.json.encode(measured).decode(), flush=True)


def cycle(
    package: Any, url: str, again: Callable[[str, str], Asker], *, clients: int, servers: int
) -> None:
    """Start and stop servers, and clients of each; what is left in the end."""

    def work(_: object, ctx: Any, **arguments: Any) -> Any:
        return package.Done(ticket=arguments["ticket"], server="s")

    base = package.ErrandEndpoint
    endpoint = type("Served", (base,), dict.fromkeys(base.__abstractmethods__, work))()

    def once(server: int) -> None:
        with Server(url, server=f"s{server}", endpoints=[endpoint]):
            for number in range(clients // servers + (server < clients % servers)):
                world = ("blocking", "asyncio")[number % 2]
                with again(world, f"c{server}-{number}") as asker:
                    asker.ask()

    once(-1)
    once(-1)
    process, began = psutil.Process(os.getpid()), time.monotonic()
    fds, threads = process.num_fds(), threading.active_count()
    for server in range(servers):
        once(server)
    took = time.monotonic() - began
    eventually(lambda: process.num_fds() <= fds and threading.active_count() <= threads, 5.0)
    measured = {
        "fds": process.num_fds() - fds,
        "threads": threading.active_count() - threads,
        "took": took,
    }
    print(msgspec.json.encode(measured).decode(), flush=True)
