"""W10 and W11: one client of many servers, and one client with many calls under way.

The servers are in four processes, which are alive together and ended at the end; the client is a process of its own, so
that its memory is its own. `missed` are casts of a fanout that did not arrive within ARRIVAL seconds.
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from tests.bench.calls import Say
from tests.bench.fleet import ROOT
from tests.bench.plan import Plan
from tests.bench.programs import ProgramFailed
from tests.bench.series import Series

PROCESSES = 4
FEW = 10
ARRIVAL = 10.0
#: A client does nothing for so many times the seconds of a round.
IDLE_ROUNDS = 5
END_LIMIT = 5.0


class Process:
    """A child that talks JSON lines."""

    def __init__(self, module: str, *arguments: str) -> None:
        self._what = " ".join([module, *arguments])[:200]
        self._process = subprocess.Popen(
            [sys.executable, "-m", f"tests.bench.{module}", *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def line(self) -> Any:
        """Its next answer; raises ProgramFailed when there is none."""
        assert self._process.stdout is not None
        line = self._process.stdout.readline()
        if not line:
            raise ProgramFailed(f"{self._what} ended with {self._process.wait()}")
        return json.loads(line)

    def ask(self) -> Any:
        """Send an empty line and read the answer."""
        self.poke()
        return self.line()

    def poke(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()

    def end(self) -> None:
        """End it, by its id."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(END_LIMIT)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


@contextmanager
def crowd(stubs: Path, url: str, counts: list[int]) -> Generator[tuple[list[Process], list[str]]]:
    """Processes of so many servers each, and all their addresses."""
    processes = [Process("crowd", str(stubs), url, str(count)) for count in counts]
    try:
        yield processes, [address for process in processes for address in process.line()]
    finally:
        for process in processes:
            process.end()


def measure_servers(directory: Path, stubs: Path, plan: Plan, series: Series, say: Say) -> None:
    """W10, by both matchmakers that need no other program."""
    counts = [plan.servers // PROCESSES] * PROCESSES
    for matchmaker in ("zmq+ipc", "zmq+tcp"):
        say(f"W10: {matchmaker}, {sum(counts)} servers")
        few, many = (_server_url(matchmaker, directory / name) for name in ("few", "many"))
        with crowd(stubs, few, [FEW]) as (_, some), crowd(stubs, many, counts) as (procs, all_):
            urls = [
                _client_url(few, some),
                _client_url(many, all_),
            ]
            how = (str(len(all_)), str(plan.rounds), str(plan.seconds * IDLE_ROUNDS))
            client = Process("peers", "servers", str(stubs), *urls, *how)
            try:
                for _ in range(plan.rounds):
                    figures = _round(client, procs, len(all_))
                    series.add("W10", f"{matchmaker}, many", figures)
                    series.add("W10", f"{matchmaker}, {FEW}", {"choice_ns": figures["few_ns"]})
            finally:
                client.end()


def _round(client: Process, servers: list[Process], count: int) -> dict[str, float]:
    """One fanout and its arrival, and what the client finds of itself."""

    def told() -> int:
        return sum(server.ask()["told"] for server in servers)

    client.line()
    before = told()
    # What the client connected by may still be on its way: a count that stands still is a base.
    while (now := told()) != before:
        before = now
    client.poke()
    began = client.line()["began"]
    missed, limit = count, time.time() + ARRIVAL
    while missed > 0 and time.time() < limit:
        missed = count - (told() - before)
    arrived = (time.time() - began) * 1e3
    client.poke()
    figures: dict[str, float] = client.line()
    return {**figures, "arrived_ms": arrived, "missed": missed}


def _server_url(matchmaker: str, directory: Path) -> str:
    if matchmaker == "zmq+tcp":
        return "zmq+tcp://127.0.0.1:0"
    directory.mkdir(mode=0o700, exist_ok=True)
    return f"zmq+ipc://{directory}"


def _client_url(url: str, addresses: list[str]) -> str:
    if url.startswith("zmq+ipc"):
        return url
    return f"zmq+tcp://{','.join(address.removeprefix('tcp://') for address in addresses)}"


def measure_calls(directory: Path, stubs: Path, plan: Plan, series: Series, say: Say) -> None:
    """W11, over ipc."""
    say(f"W11: {plan.calls} calls")
    url = _server_url("zmq+ipc", directory / "calls")
    with crowd(stubs, url, [1]):
        client = Process("peers", "calls", str(stubs), url, str(plan.calls), str(plan.rounds))
        try:
            for _ in range(plan.rounds):
                figures = client.line()
                for failure in figures.pop("failed"):
                    say(f"W11: {failure}")
                series.add("W11", "asyncio client, asyncio server", figures)
        finally:
            client.end()
