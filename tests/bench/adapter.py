"""What an adapter is: how one library serves and makes the calls of the benchmark.

Knows no library and no process; `worker.py` runs both sides of an adapter, `load.py` drives its calls.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Generic, Literal, Protocol, TypeVar, runtime_checkable

Transport = Literal["tcp", "ipc", "amqp"]
Reply = TypeVar("Reply")

#: The workloads that `Load` runs; W5 and W6 are processes of their own.
WORKLOADS = ("W1", "W2", "W3", "W4")
OUTSTANDING = 64


@dataclass(frozen=True, slots=True)
class Spot:
    """Where the two sides of one adapter meet.

    Attributes:
        port: a free one; with `amqp` that of the broker.
        directory: the adapter's own, for sockets.
        stubs: where the compiled interfaces lie.
    """

    transport: Transport
    port: int
    directory: Path
    stubs: Path

    @property
    def socket_path(self) -> str:
        return str(self.directory / "socket")

    @property
    def vhost(self) -> str:
        """The adapter's own part of the broker."""
        return self.directory.name

    @property
    def zmq(self) -> str:
        """The endpoint in libzmq's spelling."""
        if self.transport == "ipc":
            return f"ipc://{self.socket_path}"
        return f"tcp://127.0.0.1:{self.port}"


@dataclass(slots=True)
class Tally:
    """The server's side of the harness: how many casts were handled, and the moment when it serves."""

    ready: Callable[[], None] = field(default=lambda: None)
    handled: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def add(self) -> None:
        """Count one handled cast; from any thread."""
        with self._lock:
            self.handled += 1


@dataclass(frozen=True, slots=True)
class Calls(Generic[Reply]):
    """One client's calls, made ready: `Reply` is a value, or for asyncio an awaitable.

    Attributes:
        small: add 1 and 2.
        echo: send the `Instance` there and back.
        cast: send one note; False (or an awaitable of it) if the transport cannot take it now. None: has no casts.
        handled: ask the server how many notes it has handled.
        casting: casts under way at the same time; more than 1 where a cast returns when the broker has it.
    """

    small: Callable[[], Reply]
    echo: Callable[[], Reply]
    cast: Callable[[], Reply] | None = None
    handled: Callable[[], Reply] | None = None
    casting: int = 1


@dataclass(frozen=True, slots=True)
class Done:
    """So many calls were answered (or casts handled) in so many seconds.

    Attributes:
        figures: what else a load of its own workloads has found.
    """

    calls: int
    seconds: float
    figures: dict[str, float] = field(default_factory=dict[str, float])


class Connected(Protocol):
    """A connected client that is going to be measured."""

    workloads: tuple[str, ...]

    def check(self) -> None:
        """Raise AssertionError unless the server answers correctly."""
        ...

    def close(self) -> None:
        """Disconnect."""
        ...


class Load(Connected, Protocol):
    """The client's side of an adapter. Each method here runs for about `seconds`."""

    def unary(self, seconds: float) -> list[int]:
        """One call at a time; the nanoseconds that each took."""
        ...

    def small(self, seconds: float) -> Done:
        """64 outstanding small calls."""
        ...

    def objects(self, seconds: float) -> Done:
        """64 outstanding echoes of the `Instance`."""
        ...

    def casts(self, seconds: float) -> Done:
        """Casts until all are handled."""
        ...


@runtime_checkable
class NamedLoad(Connected, Protocol):
    """A client's side whose workloads are its own."""

    def run(self, workload: str, seconds: float) -> Done:
        """Run one of `workloads` for about `seconds`."""
        ...


class AdapterModule(Protocol):
    """The functions of a file in `adapters/`."""

    def serve(self, spot: Spot, tally: Tally) -> None:
        """Serve until the process is ended; call `tally.ready()` once clients may connect."""
        ...

    def load(self, spot: Spot) -> Load | NamedLoad:
        """Connect a client."""
        ...

    def cold(self, spot: Spot) -> str:
        """Write the program of a user who imports, connects and makes one small call; empty if it has no meaning."""
        ...
