"""Servers that write down what they got: one for each release, on a memory transport of its own.

One message is under way at a time, so there is one journal, in which the handlers, the log of the servers and the
client's hooks write what became of it.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Callable, Generator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING, Any

from rpcgen.cli._matrix.releases import Release
from rpcgen.cli._matrix.stubs import converters
from rpcgen.idl.version import Version
from rpcgen.runtime import Interceptor, Rejected, Server

if TYPE_CHECKING:
    from rpcgen.runtime.core.call import Call

#: What the servers are called.
SERVER = "server-1"


@dataclass(frozen=True, slots=True)
class Taken:
    """A message reached a handler: of this method (by its newest name there), with these keyword arguments."""

    method: str
    needs: Version
    reader: int
    keywords: dict[str, Any]


class Journal(logging.Handler, Interceptor):
    """What became of the message that is under way.

    Attributes:
        answer: what the handler returns, or raises.
        needs: the version that the message names; None if it did not leave.
    """

    def __init__(self) -> None:
        super().__init__()
        self.answer: Any = None
        self.needs: Version | None = None
        self._events: SimpleQueue[Taken | BaseException] = SimpleQueue()

    def begin(self, answer: Any) -> None:
        """Forget the message before."""
        self.answer = answer
        self.needs = None
        while not self._events.empty():
            self._events.get_nowait()

    def event(self, timeout: float) -> Taken | BaseException | None:
        """What the server did with the message; None if it did nothing in time."""
        try:
            return self._events.get(timeout=timeout) if timeout else self._events.get_nowait()
        except Empty:
            return None

    def take(self, taken: Taken) -> Any:
        """Write down what a handler got, and return what it answers."""
        self._events.put(taken)
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer

    def emit(self, record: logging.LogRecord) -> None:
        """Write down what a server logs of a message that it refused, or that it failed with."""
        told = record.args if isinstance(record.args, tuple) else ()
        reasons = [each for each in told if isinstance(each, Rejected)]
        failed = record.exc_info[1] if record.exc_info else None
        for reason in (*reasons, failed):
            if reason is not None:
                self._events.put(reason)

    def before_send(self, call: Call) -> None:
        """Write down which version the message names."""
        self.needs = Version(*call.version)


def url_of(number: int) -> str:
    """Where the server of a release listens."""
    return f"memory://rpcgen-matrix-{os.getpid()}-{number}"


@contextmanager
def served(releases: Sequence[Release], journal: Journal) -> Generator[None, None, None]:
    """Serve every release, and keep what the servers log for the journal."""
    log = logging.getLogger("rpcgen.server")
    level, propagate = log.level, log.propagate
    log.addHandler(journal)
    log.setLevel(logging.DEBUG)  # where every refused cast is told
    log.propagate = False
    try:
        with ExitStack() as stack:
            for number, release in enumerate(releases):
                server = _server(release, url_of(number), journal)
                stack.callback(server.stop, 0.0)
                server.start()
            yield
    finally:
        log.removeHandler(journal)
        log.setLevel(level)
        log.propagate = propagate


def _server(release: Release, url: str, journal: Journal) -> Server:
    made = {method.attribute: _handler(journal, method.name) for method in release.table.methods}
    base: Any = getattr(release.package, release.names.endpoint)
    endpoint = type("StubEndpoint", (base,), made)()
    stubs = converters(release, "server")
    return Server(
        url,
        endpoints=[endpoint],
        server=SERVER,
        executor="inline",
        converters=[] if stubs is None else [stubs],
    )


def _handler(journal: Journal, method: str) -> Callable[..., Any]:
    def handle(self: object, ctx: Any, **keywords: Any) -> Any:
        return journal.take(Taken(method, Version(*ctx.needs), ctx.reader, keywords))

    return handle
