"""One server of a campaign, as a process: `python -m tests.chaos.serve ORDERS`, until SIGTERM.

The orders are JSON. Says `ready` on stdout when it serves and listens for the signal.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from rpcgen.runtime import AsyncServer, Server

from tests.chaos.asks import SCENARIOS, Scenario, state_of
from tests.chaos.journal import Journal, Ran
from tests.conformance.serve_lab import announce
from tests.packages import import_from

DRAIN = 5.0
#: Seconds that one handler in four takes, so that every server that is stopped has some of them running.
WORK = 0.02


class Orders(Struct, frozen=True):
    """What a server is told."""

    scenario: str
    release: str
    directory: str
    url: str
    server: str
    world: str
    journal: str


class Handlers:
    """What the handlers of both worlds do."""

    def __init__(self, orders: Orders, package: Any) -> None:
        self._orders = orders
        self._scenario = SCENARIOS[orders.scenario]
        self._package = package
        self._journal = Journal(Path(orders.journal))

    def run(self, method: str, ctx: Any, arguments: dict[str, Any]) -> tuple[Any, float]:
        """Write down what is seen; the result, and the seconds that the handler is to take."""
        seen = self._scenario.canonical(arguments)
        ticket = seen["ticket"]
        result = self._result(method, ticket, arguments)
        answer = {} if result is None else self._scenario.canonical(result)
        orders = self._orders
        self._journal.write(
            Ran(
                ticket,
                orders.server,
                orders.release,
                seen,
                answer,
                ctx.needs,
                ctx.reader,
                time.monotonic(),
            )
        )
        return result, 0.0 if zlib.crc32(ticket.encode()[::-1]) % 4 else WORK

    def _result(self, method: str, ticket: str, arguments: dict[str, Any]) -> Any:
        match method:
            case "place":
                placed = self._package.Placed
                by = {"by": self._orders.server} if "by" in placed.__struct_fields__ else {}
                return placed(ticket=ticket, state=state_of(self._package, ticket), **by)
            case "host":
                return arguments["host"]
            case "state":
                return state_of(self._package, ticket)
            case "shelve" | "release":
                return ticket
            case _:
                return None


def _handler(handlers: Handlers, method: str, world: str) -> Callable[..., Any]:
    def handle(_: object, ctx: Any, **arguments: Any) -> Any:
        result, work = handlers.run(method, ctx, arguments)
        threading.Event().wait(work)
        return result

    async def handle_async(_: object, ctx: Any, **arguments: Any) -> Any:
        result, work = handlers.run(method, ctx, arguments)
        await asyncio.sleep(work)
        return result

    return handle if world == "blocking" else handle_async


def main(text: str) -> None:
    """Serve."""
    orders = msgspec.json.decode(text, type=Orders)
    scenario, world = SCENARIOS[orders.scenario], orders.world
    package: Any = import_from(Path(orders.directory) / orders.release, scenario.package)
    prefix = "" if world == "blocking" else "Async"
    base: Any = getattr(package, f"{prefix}{scenario.stem}Endpoint")
    handlers = Handlers(orders, package)
    methods = {name: _handler(handlers, name, world) for name in base.__abstractmethods__}
    options: dict[str, Any] = {
        "server": orders.server,
        "endpoints": [type("Served", (base,), methods)()],
        "converters": _converters(scenario, package),
        "drain_timeout": DRAIN,
    }
    if world == "blocking":
        with Server(orders.url, **options) as server:
            announce()
            server.wait()
    else:
        asyncio.run(_serve(orders.url, options))


async def _serve(url: str, options: dict[str, Any]) -> None:
    async with AsyncServer(url, **options) as server:
        announce()
        await server.wait()


def _converters(scenario: Scenario, package: Any) -> list[Any]:
    base = getattr(package, f"{scenario.stem}ServerConverters", None)
    return [] if base is None else [type("Converters", (base,), dict(scenario.converters))()]


if __name__ == "__main__":
    main(*sys.argv[1:])
