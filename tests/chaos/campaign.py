"""A campaign: servers and clients of several releases as processes, and their journals.

Servers are replaced one after the other: asked to stop, waited for, started again from the next release. Nothing here
waits for a time; what is waited for is in the journals.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from tests.chaos import drive, serve
from tests.chaos.asks import Scenario
from tests.chaos.journal import Checker, Ended, Entry, Lived, Ran
from tests.chaos.process import LIMIT, Process
from tests.compiled import compile_to
from tests.ports import free_port

#: Calls a second that a client makes at least, on a machine that has other work.
SLOWEST = 20.0


class Campaign:
    """All processes of one run.

    Args:
        scenario: the releases.
        directory: for packages, sockets, journals and logs.
        urls: of each server, and the clients' last.
    """

    def __init__(self, scenario: Scenario, directory: Path, urls: list[str]) -> None:
        self.scenario = scenario
        self.urls = urls
        self._directory = directory
        self._servers: dict[str, tuple[Process, Lived]] = {}
        self._clients: dict[str, Process] = {}
        self._all: list[Process] = []
        self._entries: list[Entry] = []
        for release in scenario.releases:
            compile_to(directory / release, scenario.file(release))

    def __enter__(self) -> Campaign:
        return self

    def __exit__(self, *_: object) -> None:
        for process in self._all:
            process.close()

    # --- servers --------------------------------------------------------------------------------------------------

    def start_server(self, number: int, release: str, world: str) -> None:
        """Start one and wait until it serves."""
        name = f"s{number + 1}"
        path = self._directory / f"server-{len(self._all)}"
        orders = serve.Orders(
            self.scenario.name,
            release,
            str(self._directory),
            self.urls[number],
            name,
            world,
            f"{path}.jsonl",
        )
        lived = Lived(name, self.scenario.releases[release].serves, time.monotonic(), float("inf"))
        process = self._process("tests.chaos.serve", orders, path)
        self._servers[name] = process, lived
        process.ready()

    def stop_server(self, number: int) -> None:
        """Ask one to stop, and wait until it has: what runs is finished, and nothing else is waited for."""
        process, lived = self._servers.pop(f"s{number + 1}")
        process.ask_to_stop()
        process.ended(serve.DRAIN + 2.0)
        self._entries += process.reading.news()
        self._entries.append(msgspec.structs.replace(lived, ended=time.monotonic()))

    def kill_server(self, number: int) -> None:
        """Kill one, by its id."""
        process, lived = self._servers.pop(f"s{number + 1}")
        process.close()
        self._entries += process.reading.news()
        self._entries.append(msgspec.structs.replace(lived, ended=time.monotonic()))

    # --- clients --------------------------------------------------------------------------------------------------

    def start_client(self, name: str, release: str, world: str, **options: Any) -> None:
        """Start one; it calls from now on."""
        path = self._directory / f"client-{name}"
        orders = drive.Orders(
            scenario=self.scenario.name,
            release=release,
            directory=str(self._directory),
            url=self.urls[-1],
            client=name,
            world=world,
            journal=f"{path}.jsonl",
            **options,
        )
        self._clients[name] = self._process("tests.chaos.drive", orders, path)

    def _process(self, module: str, orders: Any, path: Path) -> Process:
        process = Process(module, orders, Path(f"{path}.jsonl"), Path(f"{path}.log"))
        self._all.append(process)
        return process

    # --- progress -------------------------------------------------------------------------------------------------

    def progress(self, calls: int) -> None:
        """Wait until every client has ended, and every server has run, so many calls from now on."""
        missing = dict.fromkeys((*self._clients, *self._servers), calls)
        end = time.monotonic() + LIMIT + calls / SLOWEST
        for entry in self._news():  # what is there already does not count
            self._entries.append(entry)
        while any(left > 0 for left in missing.values()):
            assert time.monotonic() < end, f"too few calls: {missing}{self._complaints()}"
            for entry in self._news():
                self._entries.append(entry)
                match entry:
                    case Ended():
                        missing[entry.ticket.partition("-")[0]] -= 1
                    case Ran():
                        missing[entry.server] -= 1
                    case _:
                        pass
            threading.Event().wait(0.02)

    def _news(self) -> Iterator[Entry]:
        for process in (*self._clients.values(), *(each for each, _ in self._servers.values())):
            yield from process.reading.news()

    def _complaints(self) -> str:
        return "".join(process.complaints() for process in self._all)

    def finish(self) -> Checker:
        """Let the clients finish, then the servers; the verdict."""
        for process in self._clients.values():
            process.end_input()
        for process in self._clients.values():
            process.ended(LIMIT)
            self._entries += process.reading.news()
        for name in list(self._servers):
            self.stop_server(int(name.removeprefix("s")) - 1)
        return Checker(self._entries, self.scenario.facts)


def urls(
    transport: str, directory: Path, servers: int, address: str = "127.0.0.1", broker: str = ""
) -> list[str]:
    """The URLs of so many servers, and that of the clients; over a broker all have its."""
    if transport == "amqp":
        return [broker] * (servers + 1)
    if transport == "zmq+ipc":
        return [f"zmq+ipc://{directory / 's'}"] * (servers + 1)
    hosts = [f"{address}:{free_port()}" for _ in range(servers)]
    return [*(f"zmq+tcp://{host}" for host in hosts), f"zmq+tcp://{','.join(hosts)}"]
