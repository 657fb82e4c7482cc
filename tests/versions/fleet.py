"""One real server for each release of a history, and the wire between them and the clients, on which a test listens."""

from __future__ import annotations

import itertools
import queue
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from msgspec import Raw
from rpcgen.runtime import Server
from rpcgen.runtime.blocking.transport import Transport
from rpcgen.runtime.core.call import Call
from rpcgen.runtime.core.codec import MSGPACK
from rpcgen.runtime.core.envelope import Request
from rpcgen.runtime.core.wires.native import NATIVE
from rpcgen.runtime.proxy import Sent

from tests.versions.histories import History
from tests.versions.product import Package, Plain, compile_release, forget, plain

_NUMBERS = itertools.count()
#: Seconds after which something that must happen is missing.
LIMIT = 10.0


class Nobody(Exception):
    """The message was meant for no server."""


@dataclass
class Handled:
    """One run of a handler."""

    method: str
    arguments: dict[str, Plain]
    needs: tuple[int, int]
    reader: int


@dataclass
class Served:
    """A server of one release: what its handlers were given, and what they answer."""

    package: Package
    url: str
    handled: queue.SimpleQueue[Handled] = field(default_factory=queue.SimpleQueue)
    answer: Any = None
    server: Any = None
    transport: Any = None

    def start(self) -> None:
        """Begin to serve."""
        converters = self.package.converters("server")
        self.server = Server(
            self.url,
            endpoints=[self._endpoint()],
            server="host",
            executor="inline",
            introspection=False,
            converters=[] if converters is None else [converters],
        )
        self.server.start()
        self.transport = Transport(self.url)

    def stop(self) -> None:
        """End."""
        if self.server is not None:
            self.transport.close()
            self.server.stop()

    def forget(self) -> None:
        """Begin anew: nothing was handled."""
        while not self.handled.empty():
            self.handled.get_nowait()

    def _endpoint(self) -> Any:
        base: Any = self.package.module.HistoryEndpoint
        handlers = {
            each.attribute: _handler(self, each.name) for each in self.package.table.methods
        }
        return type("Handlers", (base,), handlers)()

    @property
    def topics(self) -> set[str]:
        """Where it listens."""
        table = self.package.table
        own = {each.topic.name for each in table.methods if each.topic is not None}
        return {table.topic.name, *table.also, *own}

    def outcome_of_cast(self, refused_before: int) -> Handled | None:
        """What became of a cast: the handler's run, or None if it was refused."""
        end = time.monotonic() + LIMIT
        while time.monotonic() < end:
            try:
                return self.handled.get(timeout=0.001)
            except queue.Empty:
                if self.refused > refused_before:
                    return None
        raise AssertionError("a cast was neither handled nor refused")

    @property
    def refused(self) -> int:
        """How many messages were refused."""
        count: int = self.server.serving.counters.rejected
        return count


def _handler(served: Served, method: str) -> Callable[..., Any]:
    def handle(_: object, ctx: Any, **arguments: Any) -> Any:
        given = {name: plain(value) for name, value in arguments.items()}
        served.handled.put(Handled(method, given, tuple(ctx.needs), ctx.reader))
        if isinstance(served.answer, Exception):
            raise served.answer
        return served.answer

    return handle


class Wire:
    """A client's transport that tells what left, and hands it to one server or to nobody."""

    wire = NATIVE

    def __init__(self) -> None:
        self.sent: list[tuple[Request, Plain, str]] = []
        self.to: Served | None = None

    def call(self, call: Call) -> None:
        """Pass a call on."""
        self._note(call)
        if self.to is None:
            raise Nobody
        self.to.transport.call(call)

    def cast(self, call: Call) -> Sent:
        """Pass a cast on."""
        self._note(call)
        if self.to is None:
            raise Nobody
        sent: Sent = self.to.transport.cast(call)
        return sent

    def close(self) -> None:
        """Nothing is open."""

    def _note(self, call: Call) -> None:
        frame: Any = MSGPACK.to_server(call_frame(call))
        self.sent.append((frame, MSGPACK.untyped(Raw(frame.body)), call.target.topic))


def call_frame(call: Call) -> bytes:
    """The bytes of a call, as if it left now."""
    before, call.id = call.id, call.id or bytes(16)
    try:
        return call.frame(time.monotonic())
    finally:
        call.id = before


class Fleet:
    """All releases of a history, compiled; servers start when they are first used."""

    def __init__(self, history: History, directory: Path) -> None:
        self.history = history
        self.number = next(_NUMBERS)
        self.unique = [f"history_{self.number}_{n}" for n in range(len(history.releases))]
        self.packages = [
            compile_release(release, directory, unique)
            for release, unique in zip(history.releases, self.unique, strict=True)
        ]
        self._served: dict[int, Served] = {}

    def served(self, index: int) -> Served:
        """The server of a release."""
        if index not in self._served:
            url = f"memory://versions-{self.number}-{index}"
            served = Served(self.packages[index], url)
            served.start()
            self._served[index] = served
        return self._served[index]

    def client(self, index: int, pin: tuple[int, int] | None, wire: Wire) -> Any:
        """A client of a release."""
        package = self.packages[index]
        converters = package.converters("client")
        return package.module.HistoryClient(wire, pin=pin, converters=converters)

    def close(self) -> None:
        """Stop everything."""
        with ThreadPoolExecutor() as threads:  # each waits a moment for messages on their way
            list(threads.map(Served.stop, self._served.values()))
        for unique in self.unique:
            forget(unique)
