"""A server of errands, as a process: `python -m tests.chaos.errands ORDERS`, until SIGTERM.

The orders are JSON. Says `ready` on stdout when it serves and listens for the signal. Every handler writes down that it
runs before it does anything.
"""

from __future__ import annotations

import asyncio
import sys
import threading
import time
from pathlib import Path
from typing import Any

import msgspec
from msgspec import Struct
from rpcgen.runtime import AsyncServer, Server

from tests.chaos import clocks
from tests.chaos.journal import Journal, Ran, Saw
from tests.chaos.payloads import digest
from tests.chaos.poisons import POISONS
from tests.conformance.serve_lab import announce
from tests.packages import import_from

PACKAGE = "test_errand"


class Orders(Struct, frozen=True):
    """What a server is told; `options` are the keywords of `Server`."""

    directory: str
    url: str
    server: str
    world: str
    journal: str
    options: dict[str, Any]


class Handlers:
    """What the handlers of both worlds write down and answer."""

    def __init__(self, orders: Orders, package: Any) -> None:
        self._server = orders.server
        self._journal = Journal(Path(orders.journal))
        self._done = package.Done
        self._carried = package.Carried

    def ran(self, ctx: Any, ticket: str, *, answers: bool = True) -> Any:
        """Write a run down; the result."""
        answer = {"ticket": ticket, "server": self._server} if answers else {}
        self._write(ctx, ticket, {"ticket": ticket}, answer)
        return self._done(**answer) if answers else None

    def carried(self, ctx: Any, ticket: str, data: bytes) -> Any:
        """Write down what came; it goes back."""
        luggage = digest(data)
        answer = {"ticket": ticket, "server": self._server, "luggage": luggage}
        self._write(ctx, ticket, {"ticket": ticket, "luggage": luggage}, answer)
        return self._carried(ticket=ticket, server=self._server, data=data)

    def _write(self, ctx: Any, ticket: str, seen: dict[str, Any], answer: dict[str, Any]) -> None:
        now = time.monotonic()
        told = (ctx.needs, ctx.reader, now, ctx.attempt, ctx.request_id)
        self._journal.write(Ran(ticket, self._server, "", seen, answer, *told))

    def saw(self, ticket: str, how: str) -> None:
        """Write down that nobody waits any more."""
        self._journal.write(Saw(ticket, self._server, how, time.monotonic()))

    def takes(self, seconds: float, only: str) -> float:
        """How long an errand takes here."""
        return seconds if only in ("", self._server) else 0.0


def blocking_methods(handlers: Handlers) -> dict[str, Any]:
    """The methods of an endpoint whose handlers do not care whether anybody still waits."""

    def work(_: object, ctx: Any, *, ticket: str, seconds: float, only: str) -> Any:
        done = handlers.ran(ctx, ticket)
        threading.Event().wait(handlers.takes(seconds, only))
        return done

    def hog(_: object, ctx: Any, *, ticket: str, seconds: float) -> Any:
        done = handlers.ran(ctx, ticket)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            pass
        return done

    def carry(_: object, ctx: Any, *, ticket: str, data: bytes) -> Any:
        return handlers.carried(ctx, ticket, data)

    def note(_: object, ctx: Any, *, ticket: str, filler: str) -> None:
        handlers.ran(ctx, ticket, answers=False)

    def poison(_: object, ctx: Any, *, ticket: str, how: str) -> Any:
        done = handlers.ran(ctx, ticket)
        POISONS[how]()
        return done

    def poison_cast(_: object, ctx: Any, *, ticket: str, how: str) -> None:
        handlers.ran(ctx, ticket, answers=False)
        POISONS[how]()

    def keep(_: object, ctx: Any, *, ticket: str, how: str, seconds: float, only: str) -> None:
        handlers.ran(ctx, ticket, answers=False)
        threading.Event().wait(handlers.takes(seconds, only))
        if how:
            POISONS[how]()

    bad = {"poison": poison, "poison_cast": poison_cast, "keep": keep}
    calls = dict.fromkeys(("work", "again", "watch"), work)
    rest = {"hog": hog, "carry": carry, "note": note, "linger": _lingering(handlers)}
    return {**calls, **rest, **bad}


def _lingering(handlers: Handlers) -> Any:
    def linger(_: object, ctx: Any, *, ticket: str, seconds: float) -> Any:
        done = handlers.ran(ctx, ticket)
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            if ctx.cancelled:
                handlers.saw(ticket, "flag")
                break
            threading.Event().wait(0.005)
        return done

    return linger


def async_methods(handlers: Handlers) -> dict[str, Any]:
    """The methods of an asyncio endpoint; `hog` blocks its loop."""

    async def work(_: object, ctx: Any, *, ticket: str, seconds: float, only: str) -> Any:
        done = handlers.ran(ctx, ticket)
        await asyncio.sleep(handlers.takes(seconds, only))
        return done

    async def hog(_: object, ctx: Any, *, ticket: str, seconds: float) -> Any:
        done = handlers.ran(ctx, ticket)
        threading.Event().wait(seconds)
        return done

    async def carry(_: object, ctx: Any, *, ticket: str, data: bytes) -> Any:
        return handlers.carried(ctx, ticket, data)

    async def note(_: object, ctx: Any, *, ticket: str, filler: str) -> None:
        handlers.ran(ctx, ticket, answers=False)

    async def poison(_: object, ctx: Any, *, ticket: str, how: str) -> Any:
        done = handlers.ran(ctx, ticket)
        await _poisoned(how)
        return done

    async def poison_cast(_: object, ctx: Any, *, ticket: str, how: str) -> None:
        handlers.ran(ctx, ticket, answers=False)
        await _poisoned(how)

    async def keep(
        _: object, ctx: Any, *, ticket: str, how: str, seconds: float, only: str
    ) -> None:
        handlers.ran(ctx, ticket, answers=False)
        await asyncio.sleep(handlers.takes(seconds, only))
        if how:
            await _poisoned(how)

    bad = {"poison": poison, "poison_cast": poison_cast, "keep": keep}
    calls = dict.fromkeys(("work", "again", "watch"), work)
    rest = {"hog": hog, "carry": carry, "note": note, "linger": _async_lingering(handlers)}
    return {**calls, **rest, **bad}


def _async_lingering(handlers: Handlers) -> Any:
    async def linger(_: object, ctx: Any, *, ticket: str, seconds: float) -> Any:
        done = handlers.ran(ctx, ticket)
        try:
            await asyncio.sleep(seconds)
        except asyncio.CancelledError:
            handlers.saw(ticket, "cancelled")
            raise
        return done

    return linger


async def _poisoned(how: str) -> None:
    if how == "hang":  # what blocks the loop is another row
        await asyncio.sleep(30.0)
    else:
        POISONS[how]()


def main(text: str) -> None:
    """Serve."""
    clocks.adjust()
    orders = msgspec.json.decode(text, type=Orders)
    package: Any = import_from(Path(orders.directory), PACKAGE)
    handlers = Handlers(orders, package)
    options = {"server": orders.server, **orders.options}
    if orders.world == "blocking":
        endpoint = type("Served", (package.ErrandEndpoint,), blocking_methods(handlers))()
        with Server(orders.url, endpoints=[endpoint], **options) as server:
            announce()
            server.wait()
    else:
        endpoint = type("Served", (package.AsyncErrandEndpoint,), async_methods(handlers))()
        asyncio.run(_serve(orders.url, endpoint, options))


async def _serve(url: str, endpoint: Any, options: dict[str, Any]) -> None:
    async with AsyncServer(url, endpoints=[endpoint], **options) as server:
        announce()
        await server.wait()


if __name__ == "__main__":
    main(*sys.argv[1:])
