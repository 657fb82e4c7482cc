"""Running the matrix: every cell is one message, from a real client through a real transport to a real server."""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from rpcgen.cli._matrix.cells import Cell, Done
from rpcgen.cli._matrix.payloads import Answered, Asked, Payloads
from rpcgen.cli._matrix.pins import Pins, counterpart
from rpcgen.cli._matrix.releases import Release
from rpcgen.cli._matrix.sending import Sender
from rpcgen.cli._matrix.servers import Journal, served, url_of
from rpcgen.cli._matrix.stubs import converters, routers
from rpcgen.cli._matrix.texts import Unmakeable
from rpcgen.idl.model import Kind, Method, Route
from rpcgen.idl.version import Version


@dataclass(slots=True)
class Result:
    """A whole run.

    Attributes:
        releases: the files, oldest version first.
        done: every cell, in order: by client, server, pin, method, route and payload.
        seconds: how long the cells took.
    """

    releases: list[Release]
    done: list[Done] = field(default_factory=list[Done])
    seconds: float = 0.0

    @property
    def failed(self) -> list[Done]:
        """The cells that are failures."""
        return [each for each in self.done if each.failed]


@dataclass(frozen=True, slots=True)
class Row:
    """The cells of one client, pinned like this, and one server."""

    client: Release
    pin: str
    server: Release
    cells: list[Cell]


def run(
    releases: Sequence[Release],
    pins: Pins,
    only: Sequence[str],
    progress: Callable[[int, int], None],
) -> Result:
    """Run every cell.

    Args:
        releases: what to run.
        pins: of the clients.
        only: names of methods; empty: all.
        progress: told how many cells are done, and how many there are.
    """
    result = Result(list(releases))
    grid = _Grid(releases, pins, only)
    rows = list(grid.rows())
    total = sum(len(row.cells) for row in rows)
    journal = Journal()
    with _quiet(), served(releases, journal):
        began = time.monotonic()
        for row in rows:
            with _connected(row, releases.index(row.server), journal) as client:
                sender = Sender(client, journal)
                for cell in row.cells:
                    result.done.append(sender.send(cell))
                    if len(result.done) % 100 == 0:
                        progress(len(result.done), total)
        result.seconds = time.monotonic() - began
    return result


@contextmanager
def _quiet() -> Generator[None, None, None]:
    """Methods that are deprecated are run, too."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        yield


@contextmanager
def _connected(row: Row, number: int, journal: Journal) -> Generator[Any, None, None]:
    release = row.client
    make: Any = getattr(release.package, release.names.client)
    with make(
        url_of(number),
        pin=None if row.pin == "none" else row.pin,
        converters=converters(release, "client"),
        routers=routers(release),
        interceptors=[journal],
    ) as client:
        yield client


class _Grid:
    """Which cells there are."""

    def __init__(self, releases: Sequence[Release], pins: Pins, only: Sequence[str]) -> None:
        self._releases = releases
        self._pins = pins
        self._only = frozenset(only)
        self._payloads = {release: Payloads(release) for release in releases}

    def rows(self) -> Iterator[Row]:
        for client in self._releases:
            for server in self._releases:
                for pin, writes in self._pins.of(client):
                    cells = list(self._cells(client, pin, writes, server))
                    yield Row(client, pin, server, cells)

    def _cells(
        self, client: Release, pin: str, writes: Version | None, server: Release
    ) -> Iterator[Cell]:
        for method in client.methods():
            if self._only and method.name not in self._only:
                continue
            for route in reachable_routes(method):
                try:
                    pairs = list(self._pairs(client, method, server, route.kind))
                except Unmakeable as error:
                    yield Cell(client, pin, writes, server, method, route, missing=str(error))
                    continue
                for asked, answered in pairs:
                    yield Cell(client, pin, writes, server, method, route, asked, answered)

    def _pairs(
        self, client: Release, method: Method, server: Release, kind: Kind
    ) -> Iterator[tuple[Asked, Answered | None]]:
        """Every payload of arguments, and then, with minimal arguments, every other one of results."""
        asked = self._payloads[client].asked(method)
        other = counterpart(client, method, server)
        if other is None:
            yield from ((each, None) for each in asked)
            return
        answered = self._payloads[server].answered(other)
        yield from ((each, answered[0]) for each in asked)
        if kind == "call":
            yield from ((asked[0], each) for each in answered[1:])


def reachable_routes(method: Method) -> list[Route]:
    """The routes that a program can choose: `any` only where it is the first of its kind."""
    firsts = {route.kind: route for route in reversed(method.routes)}
    return [route for route in method.routes if route.to != "any" or firsts[route.kind] is route]
