"""The two worlds behind one blocking face, so that each behaviour is tested once for both."""

from __future__ import annotations

import asyncio
import inspect
import threading
from collections.abc import Callable
from typing import Any

from rpcgen.runtime import AsyncServer, Server


class Loop:
    """An event loop on a thread of its own."""

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def run(self, coroutine: Any, limit: float = 30.0) -> Any:
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(limit)

    def make(self, factory: Callable[[], Any]) -> Any:
        async def inside() -> Any:
            return factory()

        return self.run(inside())

    def close(self) -> None:
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join(5.0)
        self.loop.close()


class Blocking:
    """A client, or a server, seen from a thread: coroutine methods are run in the loop."""

    def __init__(self, thing: Any, loop: Loop) -> None:
        self._thing = thing
        self._loop = loop

    def prepare(self, **options: Any) -> Blocking:
        return Blocking(self._thing.prepare(**options), self._loop)

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._thing, name)
        if not inspect.iscoroutinefunction(attribute):
            return attribute
        return lambda *args, **kwargs: self._loop.run(attribute(*args, **kwargs))


class Worlds:
    """Makes clients and servers of the chosen worlds, and closes them all."""

    def __init__(self, client: str, server: str) -> None:
        self.client_world = client
        self.server_world = server
        self.loop = Loop()
        self._open: list[Callable[[], Any]] = []

    def client(self, package: Any, name: str, url: Any, **options: Any) -> Any:
        if self.client_world == "blocking":
            client = getattr(package, f"{name}Client")(url, **options)
            self._open.append(client.close)
            return client
        raw = self.loop.make(lambda: getattr(package, f"Async{name}Client")(url, **options))
        client = Blocking(raw, self.loop)
        self._open.append(client.close)
        return client

    def raw_server(self, url: Any, **options: Any) -> Any:
        """A server that was not started."""
        if self.server_world == "blocking":
            return Server(url, **options)
        raw = self.loop.make(lambda: AsyncServer(url, **options))
        return Blocking(raw, self.loop)

    def server(self, url: Any, **options: Any) -> Any:
        server = self.raw_server(url, **options)
        server.start()
        self._open.append(lambda: server.stop(0.0))
        return server

    def on_close(self, close: Callable[[], Any]) -> None:
        self._open.append(close)

    def close(self) -> None:
        try:
            for close in reversed(self._open):
                close()
        finally:
            self.loop.close()
