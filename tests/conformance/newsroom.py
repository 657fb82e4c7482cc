"""Publishers and subscribers of `interfaces/news.yaml`, of either world, and what the subscribers have heard."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from types import ModuleType
from typing import Any

from rpcgen.runtime import AsyncEventServer, EventServer

from tests.conformance.worlds import Blocking, Worlds


class Notes:
    """What one program heard; its handlers wait for `go`, if they are to be held."""

    def __init__(self) -> None:
        self.heard: list[tuple[Any, Any]] = []
        self.go = threading.Event()
        self.go.set()
        self.running: list[Any] = []
        self.most = 0
        self._lock = threading.Lock()

    def note(self, ctx: Any, payload: Any) -> None:
        with self._lock:
            self.heard.append((ctx, payload))
            self.running.append(payload)
            self.most = max(self.most, len(self.running))
        assert self.go.wait(20.0)
        with self._lock:
            self.running.remove(payload)
        if ctx.attempt <= getattr(payload, "fails", 0):
            raise RuntimeError(f"no luck at attempt {ctx.attempt}")

    @property
    def payloads(self) -> list[Any]:
        return [payload for _, payload in self.heard]

    def names(self) -> list[str]:
        return [payload.name for payload in self.payloads]


class Newsroom:
    """Everything of one test."""

    def __init__(
        self, news: ModuleType, worlds: Worlds, new_url: Callable[[int], list[str]]
    ) -> None:
        self.news = news
        self.worlds = worlds
        self.url = new_url(1)[-1]

    def publisher(self, news: ModuleType | None = None, **options: Any) -> Any:
        """A publisher of the clients' world."""
        package, loop = news or self.news, self.worlds.loop
        if self.worlds.client_world == "blocking":
            publisher = package.NewsPublisher(self.url, **options)
        else:
            raw = loop.make(lambda: package.AsyncNewsPublisher(self.url, **options))
            publisher = Blocking(raw, loop)
        self.worlds.on_close(publisher.close)
        return publisher

    def subscriber(self, notes: Notes, *events: str, news: ModuleType | None = None) -> Any:
        """A subscriber that hears some events."""
        package = news or self.news
        if self.worlds.server_world == "blocking":

            def heard(_: object, ctx: Any, payload: Any) -> None:
                notes.note(ctx, payload)

            return type("Hears", (package.NewsSubscriber,), dict.fromkeys(events, heard))()

        async def heard_async(_: object, ctx: Any, payload: Any) -> None:
            if notes.go.is_set():
                notes.note(ctx, payload)
            else:
                import asyncio

                await asyncio.to_thread(notes.note, ctx, payload)

        return type("Hears", (package.AsyncNewsSubscriber,), dict.fromkeys(events, heard_async))()

    def unstarted(self, *subscribers: Any, **options: Any) -> Any:
        """An event server that was not started."""
        if self.worlds.server_world == "blocking":
            return EventServer(self.url, subscribers=subscribers, **options)
        loop = self.worlds.loop
        raw = loop.make(lambda: AsyncEventServer(self.url, subscribers=subscribers, **options))
        return Blocking(raw, loop)

    def hear(self, *events: str, notes: Notes | None = None, **options: Any) -> tuple[Notes, Any]:
        """Start a program that hears some events, and what it writes down."""
        notes = notes or Notes()
        options.setdefault("group", "readers")
        server = self.unstarted(self.subscriber(notes, *events), **options)
        server.start()
        self.worlds.on_close(lambda: server.stop(0.0))
        self.worlds.on_close(notes.go.set)
        return notes, server


def spread(one: Notes, two: Notes, limit: float = 20.0) -> None:
    """Wait until both have something to do."""
    end = time.monotonic() + limit
    while not (one.heard and two.heard):
        assert time.monotonic() < end, "one of them has all of it"
        time.sleep(0.005)
