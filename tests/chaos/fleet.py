"""Servers of errands and their clients as processes, the faults that hit them, and the verdict.

Knows no row: what is done to whom, and what must come of it, is in the tests.
"""

from __future__ import annotations

import math
import os
import secrets
import signal
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
from rpcgen.runtime.rpcgen_meta import Health, MetaClient

from tests.chaos import errands
from tests.chaos.asking import Asker
from tests.chaos.campaign import urls
from tests.chaos.journal import (
    Checker,
    Ended,
    Entry,
    Facts,
    Journal,
    Killed,
    Ran,
    Reading,
    Saw,
    Violation,
)
from tests.chaos.process import LIMIT, Process
from tests.chaos.remote import RemoteAsker
from tests.chaos.surroundings import HERE, Surroundings
from tests.conformance.waiting import eventually
from tests.measured import MEASURED
from tests.rabbitd import RabbitServer

#: Whether a run is the long one.
LONG = os.environ.get("RPCGEN_CHAOS") == "long"
#: Seconds of `drain_timeout` where a row says nothing.
DRAIN = 2.0

#: The worlds of servers and clients, on each transport.
PLACES = [
    ("zmq+ipc", "blocking"),
    ("zmq+tcp", "asyncio"),
    ("amqp", "asyncio"),
    *([("zmq+ipc", "asyncio"), ("zmq+tcp", "blocking"), ("amqp", "blocking")] if LONG else []),
]
#: What `transport` begins with where clients and servers need no broker.
DIRECT = "zmq"


def keeps(transport: str) -> bool:
    """Whether there are casts that are kept until they have run."""
    return not transport.startswith(DIRECT)


def in_turn(transport: str) -> str:
    """The option by which calls go to one server after the other; a broker needs none."""
    return "choice=round_robin" if transport.startswith(DIRECT) else ""


def silence(transport: str, seconds: float) -> tuple[str, float]:
    """The options by which a connection may be silent for about so long, and how long that is."""
    if transport.startswith(DIRECT):
        return f"heartbeat={seconds / 3:g}&heartbeat_timeout={seconds:g}", seconds
    beat = math.ceil(seconds / 2)  # two may be missed
    return f"heartbeat={beat}", 2.0 * beat


class Fleet:
    """All processes of one row.

    Args:
        package: what the interface was compiled to.
        directory: for sockets, journals and logs.
        transport: `zmq+ipc`, `zmq+tcp` or `amqp`.
        servers: how many there may be; they are s1, s2...
        options: behind the `?` of all URLs.
        address: where servers listen.
        broker: for `amqp`.
    """

    def __init__(
        self,
        package: ModuleType,
        directory: Path,
        transport: str,
        servers: int = 2,
        options: str = "",
        address: str = "127.0.0.1",
        broker: RabbitServer | None = None,
    ) -> None:
        self.package: Any = package
        self._packages = str(Path(str(package.__file__)).parents[1])
        self.directory = directory
        self.prefix = f"test-{secrets.token_hex(6)}"
        self._broker = broker
        where = "" if broker is None else broker.url(f"prefix={self.prefix}")
        made = urls(transport, directory, servers, address, where)
        self.urls = [_with_options(url, options) for url in made]
        self.servers: dict[int, Process] = {}
        #: How often servers were asked about themselves.
        self.questions = 0
        self._programs: dict[str, Process] = {}
        self._all: list[Process] = []
        self._askers: list[tuple[Asker, Reading]] = []
        self._entries: list[Entry] = []
        self._stack = ExitStack()

    def __enter__(self) -> Fleet:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._all:
            process.close()
        self._stack.close()

    @property
    def url(self) -> str:
        """The clients'."""
        return self.urls[-1]

    @property
    def broker(self) -> RabbitServer:
        """The node, for `amqp`."""
        assert self._broker is not None
        return self._broker

    # --- starting -------------------------------------------------------------------------------------------------

    def serve(
        self,
        number: int,
        world: str,
        url: str = "",
        surroundings: Surroundings = HERE,
        *,
        wait: bool = True,
        **options: Any,
    ) -> Process:
        """Start a server, s1 for 1, and wait until it serves, unless it may not come so far."""
        path = self.directory / f"server-{len(self._all)}.jsonl"
        orders = errands.Orders(
            self._packages,
            url or self.urls[number - 1],
            f"s{number}",
            world,
            str(path),
            {"drain_timeout": DRAIN, **options},
        )
        process = self._process("tests.chaos.errands", orders, path, surroundings)
        self.servers[number] = process
        if wait:
            process.ready()
        return process

    def serve_all(self, numbers: Iterable[int], world: str, **options: Any) -> None:
        """Start some servers at once, and wait until all of them serve."""
        for process in [self.serve(number, world, wait=False, **options) for number in numbers]:
            process.ready()

    def asker(self, world: str, name: str = "a") -> Asker:
        """A client in this process."""
        path = self.directory / f"asker-{name}.jsonl"
        asker = Asker(self.package, self.url, name, world, Journal(path))
        self._stack.callback(asker.close)
        self._askers.append((asker, Reading(path)))
        return asker

    def remote(self, world: str, name: str = "r", surroundings: Surroundings = HERE) -> RemoteAsker:
        """A client in a process of its own."""
        process = self.program("asker", name, surroundings, world=world)
        process.ready()
        return RemoteAsker(process)

    def pid_of(self, client: str) -> int:
        """The process of a client program."""
        return self._programs[client].pid

    def program(
        self, name: str, client: str = "p", surroundings: Surroundings = HERE, **orders: Any
    ) -> Process:
        """Start a client program."""
        path = self.directory / f"program-{client}.jsonl"
        told = {
            "program": name,
            "directory": self._packages,
            "url": self.url,
            "client": client,
            "journal": str(path),
            **orders,
        }
        self._programs[client] = self._process("tests.chaos.programs", told, path, surroundings)
        return self._programs[client]

    def _process(self, module: str, orders: Any, path: Path, where: Surroundings) -> Process:
        process = Process(module, orders, path, path.with_suffix(".log"), where)
        self._all.append(process)
        return process

    # --- faults ---------------------------------------------------------------------------------------------------

    def kill(self, number: int) -> None:
        """SIGKILL a server."""
        self.servers.pop(number).close()

    def died(self, number: int) -> int:
        """Wait until a server has ended by itself, and badly; its exit code."""
        process = self.servers.pop(number)
        return process.died(LIMIT)

    def kill_program(self, process: Process, client: str) -> None:
        """SIGKILL a client."""
        process.close()
        self._entries.append(Killed(client, time.monotonic()))

    def freeze(self, number: int) -> None:
        """SIGSTOP a server."""
        self.servers[number].signal(signal.SIGSTOP)

    def thaw(self, number: int) -> None:
        """SIGCONT a server."""
        self.servers[number].signal(signal.SIGCONT)

    def stop(self, number: int, limit: float = DRAIN + 2.0) -> float:
        """SIGTERM a server and wait for its good end; the seconds that it took."""
        process = self.servers.pop(number)
        began = time.monotonic()
        process.ask_to_stop()
        process.ended(limit)
        return time.monotonic() - began

    # --- watching -------------------------------------------------------------------------------------------------

    def read(self) -> list[Entry]:
        """Everything that has been written down so far."""
        for process in self._all:
            self._entries += process.reading.news()
        for _, reading in self._askers:
            self._entries += reading.news()
        return self._entries

    def runs(self, count: int, which: Callable[[Ran], bool] = lambda _: True) -> None:
        """Wait until so many handlers have begun since the start."""
        eventually(lambda: self.count(which) >= count, LIMIT)

    def count(self, which: Callable[[Ran], bool] = lambda _: True) -> int:
        """How many handlers have begun."""
        return sum(which(run) for run in self.ran())

    def ran(self) -> list[Ran]:
        """The handlers that have begun so far."""
        return [entry for entry in self.read() if isinstance(entry, Ran)]

    def saw(self) -> list[Saw]:
        """The handlers that have seen so far that nobody waits for them."""
        return [entry for entry in self.read() if isinstance(entry, Saw)]

    def all_runs(self) -> list[Ran]:
        """Every handler that has begun."""
        return [entry for entry in self.read() if isinstance(entry, Ran)]

    def ended(self) -> list[Ended]:
        """How everything has ended so far."""
        return [entry for entry in self.read() if isinstance(entry, Ended)]

    def health(self, number: int) -> Health:
        """What a server says of itself."""
        with self._meta() as meta:
            found = meta.prepare(server=f"s{number}").health()
        self.questions += 1
        return found

    def counters(self, number: int) -> dict[str, int]:
        """What a server has counted; the answer to this is not among it."""
        with self._meta() as meta:
            found = meta.prepare(server=f"s{number}").stats().counters
        self.questions += 1
        return found

    def counted(self, number: int, name: str) -> int:
        """What a server has counted, without the questions that were asked here."""
        questions = self.questions
        return self.counters(number)[name] - questions

    def _meta(self) -> MetaClient:
        return MetaClient(self.url, exchange="test", topic="errand")

    def idle(self, number: int) -> None:
        """Wait until a server runs nothing but this question."""
        eventually(lambda: not (health := self.health(number)).running and not health.queued, LIMIT)

    # --- the end --------------------------------------------------------------------------------------------------

    def verdict(
        self, *, lost_casts: bool = False, held: bool = False, aside: Collection[str] = ()
    ) -> Checker:
        """Stop the servers that live, well; then compare the journals, and fail the test if anything is wrong.

        Args:
            lost_casts: a cast that never ran is no failure, unless it is kept: it was on a connection that was cut.
            held: the network may hold a request for longer than its caller waits, and its server does not see that: one
                that began too late is no failure.
            aside: tickets of what is kept, and was put aside; that it never ran is no failure, either.
        """
        for number in list(self.servers):
            self.stop(number)
        checker = Checker(self.read(), Facts(fallback={}, since={}))

        def excused(each: Violation) -> bool:
            if each.kind == "overdue":
                return held
            lost = lost_casts and checker.may_be_lost(each.ticket)
            return each.kind == "lost" and (lost or each.ticket in aside)

        violations = [each for each in checker.violations() if not excused(each)]
        assert not violations, "\n".join(map(str, violations[:20]))
        return checker


def _with_options(url: str, options: str) -> str:
    return f"{url}{'&' if '?' in url else '?'}{options}" if options else url


Fleets = Callable[..., Fleet]


def report(row: str, limit: str, measured: str) -> None:
    """Print a row at the end of the run."""
    MEASURED.append(f"{row}: limit {limit}; measured {measured}")


def said(process: Process, limit: float = 30.0) -> dict[str, Any]:
    """What a program measured: one line of JSON."""
    line = process.line(limit)
    assert line, f"it said nothing in {limit:g} s{process.complaints()}"
    result: dict[str, Any] = msgspec.json.decode(line)
    return result


def seconds(durations: Iterator[float] | list[float]) -> str:
    """The longest of some durations, for a row."""
    return f"{max(durations, default=0.0):.3f} s"
