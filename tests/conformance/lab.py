"""The endpoints that the conformance suite serves, in both worlds, from one set of handlers."""

from __future__ import annotations

import asyncio
import threading
import time
from types import ModuleType
from typing import Any

from rpcgen.runtime import Context, Draining


class End(BaseException):
    """As test frameworks and task libraries raise, past `except Exception`."""


class Bench:
    """What the handlers share: what they saw, and events that tests wait for."""

    def __init__(self) -> None:
        self.notes: list[str] = []
        self.noted = threading.Condition()
        self.started = threading.Event()
        self.cancelled = threading.Event()
        self.release = threading.Event()

    def note(self, text: str) -> None:
        with self.noted:
            self.notes.append(text)
            self.noted.notify_all()

    def wait_for_notes(self, count: int, limit: float = 5.0) -> list[str]:
        with self.noted:
            assert self.noted.wait_for(lambda: len(self.notes) >= count, limit), self.notes
            return sorted(self.notes)


def report(lab: ModuleType, server: str, ctx: Context) -> Any:
    return lab.Report(
        server=server,
        method=ctx.method,
        request_id=ctx.request_id,
        remaining=ctx.remaining(),
        fields=dict(ctx.fields),
        needs=f"{ctx.needs[0]}.{ctx.needs[1]}",
        reader=ctx.reader,
        trace=None if ctx.trace is None else list(ctx.trace),
    )


def handlers(lab: ModuleType, bench: Bench, server: str) -> dict[str, Any]:
    """The handlers that never wait, as plain functions."""

    def fail(ctx: Context, *, how: str) -> None:
        endless: list[Any] = []
        endless.append(endless)
        errors = {
            "declared": lab.Broken("a part broke", part="wheel", times=3),
            "extended": lab.Shattered("in pieces", part="glass", pieces=7),
            "undeclared": lab.Undeclared("not said"),
            "bug": KeyError("a bug"),
            "exit": SystemExit(3),
            "end": End("not an Exception"),
            "refused": Draining("another server, which the handler had asked, is stopping"),
            "endless field": lab.Broken("endless", part=endless),
            "bad fields": lab.Broken("odd", part=object()),
        }
        raise errors[how]

    def to_host(ctx: Context, *, first: Any, rest: Any) -> str:
        return server

    return {
        "echo": lambda ctx, *, everything: everything,
        "add": lambda ctx, *, a, b: a + b,
        "greet": lambda ctx, *, name, greeting, from_: f"{greeting} {name} {from_}",
        "pick": lambda ctx, *, mode, shape, signal: signal,
        "fail": fail,
        "report": lambda ctx: report(lab, server, ctx),
        "bad_result": lambda ctx: 11,
        "note": lambda ctx, *, text: bench.note(f"{server}:{text}"),
        "both": lambda ctx, *, text: bench.note(text),
        "to_host": to_host,
        "newer": lambda ctx: "new",
        "keep": lambda ctx, *, blob, more: blob,
        "bounded": lambda ctx, *, words, text: len(words),
        "old_one": lambda ctx: 1,
    }


def endpoint(lab: ModuleType, bench: Bench, server: str, client: Any = None) -> Any:
    """A blocking endpoint."""

    def nap(self: Any, ctx: Context, *, seconds: float) -> bool:
        bench.started.set()
        until = time.monotonic() + seconds
        while time.monotonic() < until and not bench.release.is_set():
            if ctx.cancelled:
                bench.cancelled.set()
                return False
            bench.release.wait(0.01)
        return True

    def long_nap(self: Any, ctx: Context, *, seconds: float) -> None:
        nap(self, ctx, seconds=seconds)

    def relay(self: Any, ctx: Context, *, seconds: float) -> Any:
        bench.release.wait(seconds)
        return client.report()

    plain = {name: _bound(function) for name, function in handlers(lab, bench, server).items()}
    waiting = {"nap": nap, "long_nap": long_nap, "relay": relay}
    return type("Lab", (lab.LabEndpoint,), plain | waiting)()


def async_endpoint(lab: ModuleType, bench: Bench, server: str, client: Any = None) -> Any:
    """An asyncio endpoint."""

    async def nap(self: Any, ctx: Context, *, seconds: float) -> bool:
        bench.started.set()
        until = time.monotonic() + seconds
        try:
            while time.monotonic() < until and not bench.release.is_set():
                await asyncio.sleep(0.01)
        except asyncio.CancelledError:
            bench.cancelled.set()
            raise
        return True

    async def long_nap(self: Any, ctx: Context, *, seconds: float) -> None:
        await nap(self, ctx, seconds=seconds)

    async def relay(self: Any, ctx: Context, *, seconds: float) -> Any:
        await asyncio.sleep(seconds)
        return await client.report()

    plain = {name: _coroutine(function) for name, function in handlers(lab, bench, server).items()}
    waiting = {"nap": nap, "long_nap": long_nap, "relay": relay}
    return type("AsyncLab", (lab.AsyncLabEndpoint,), plain | waiting)()


def _bound(function: Any) -> Any:
    return lambda self, ctx, **arguments: function(ctx, **arguments)


def _coroutine(function: Any) -> Any:
    async def handler(self: Any, ctx: Context, **arguments: Any) -> Any:
        return function(ctx, **arguments)

    return handler
