"""A server whose handler a test gives, and a client of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable
from types import ModuleType
from typing import Any

from rpcgen.runtime import AsyncServer, Context
from rpcgen.runtime.core.codec import MSGPACK
from rpcgen.runtime.core.envelope import CAST, Cancel
from rpcgen.runtime.core.envelope import Reply as Returned

from tests.conformance.lab import Bench, async_endpoint
from tests.conformance.raw import Asking, request, result_of
from tests.conformance.waiting import eventually
from tests.conformance.worlds import Loop
from tests.ports import free_port

Handler = Callable[[Context, str], Awaitable[Any]]


class Stage:
    """A server on a loop of its own, and a client of it: `greet`, and `both` for casts, are the handler that a test gives."""

    def __init__(self, lab: ModuleType) -> None:
        self._lab = lab
        self.loop = Loop()
        self.server: Any = None
        self.client: Any = None
        self.notes: list[str] = []
        self.began: dict[str, threading.Event] = {}
        self.proceed: asyncio.Event = self.loop.make(asyncio.Event)

    def play(self, handler: Handler | Callable[[Context, str], Any], **options: Any) -> None:
        """Serve; the handler is given the name that it is to greet."""
        base = type(async_endpoint(self._lab, Bench(), "s1"))

        def greet(self: Any, ctx: Context, *, name: Any, greeting: Any, from_: Any) -> Any:
            return handler(ctx, name)

        async def greet_in_coroutine(
            self: Any, ctx: Context, *, name: Any, greeting: Any, from_: Any
        ) -> Any:
            return await handler(ctx, name)

        async def both(self: Any, ctx: Context, *, text: str) -> None:
            await handler(ctx, text)

        plain = not asyncio.iscoroutinefunction(handler)
        own = {"greet": greet if plain else greet_in_coroutine, "both": both}
        served = type("Stage", (base,), own)()
        url = f"zmq+tcp://127.0.0.1:{free_port()}"
        self.server = self.loop.make(
            lambda: AsyncServer(url, server="s1", endpoints=[served], **options)
        )
        self.loop.run(self.server.start())
        self.client = Asking(self.server.addresses[0])

    def ask(self, *names: str) -> list[Any]:
        """Send one request for each name, all in one message."""
        asked = [request("greet", {"name": name}, remaining=30.0) for name in names]
        self.client.ask(*asked)
        return asked

    def cast(self, *names: str) -> None:
        """The same without waiting for answers."""
        casts = [request("both", {"text": name}, how=CAST, remaining=30.0) for name in names]
        self.client.ask(*casts)

    def answers(self, asked: list[Any]) -> list[Any]:
        """What they returned, or the fault."""
        found = self.client.answers(len(asked))
        said = [found[each.id] for each in asked]
        return [result_of(each) if isinstance(each, Returned) else each for each in said]

    def cancel(self, *asked: Any) -> None:
        self.client.say_together(*(MSGPACK.encode(Cancel(each.id)) for each in asked))

    def release(self) -> None:
        """Let those go on that wait for `proceed`."""
        self.loop.loop.call_soon_threadsafe(self.proceed.set)

    def noted(self, text: str) -> None:
        """Wait for a note."""
        eventually(lambda: text in self.notes)

    def idle(self) -> None:
        """Wait until no handler runs and no task of theirs is left."""
        eventually(lambda: self.server.serving.work.held == 0)
        eventually(lambda: not self.server._runners.tasks)

    def close(self) -> None:
        if self.client is not None:
            self.client.close()
        if self.server is not None:
            self.loop.run(self.server.stop(0.0))
        self.loop.close()
