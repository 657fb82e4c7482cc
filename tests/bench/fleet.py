"""The processes of a run: a server and a client for each adapter, all alive together, all ended at the end.

Knows what a worker answers, not what is measured.
"""

from __future__ import annotations

import contextlib
import json
import selectors
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.bench.adapter import Transport
from tests.ports import free_port
from tests.rabbitd import RabbitServer

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT = 30.0
#: More than any round takes, casts that are waited for included.
ANSWER_LIMIT = 60.0
END_LIMIT = 3.0


class WorkerFailed(Exception):
    """A worker process ended or said nothing; the message has the end of what it printed."""


class LibraryMissing(Exception):
    """The adapter's library is not installed."""


class Worker:
    """One worker process and the line to it."""

    def __init__(self, arguments: list[str], log: Path) -> None:
        self._log = log
        self._what = " ".join(arguments[:2])
        with log.open("wb") as stderr:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.bench.worker", *arguments],
                cwd=ROOT,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                text=True,
            )

    @property
    def pid(self) -> int:
        return self._process.pid

    def ask(self, **command: object) -> dict[str, Any]:
        """Send one command and read its answer."""
        if self._process.stdin is None:
            raise AssertionError("unexpected: no pipe")
        try:
            self._process.stdin.write(json.dumps(command) + "\n")
            self._process.stdin.flush()
        except OSError as error:
            raise WorkerFailed(self._report()) from error
        return self.answer(ANSWER_LIMIT)

    def answer(self, limit: float) -> dict[str, Any]:
        """Read one answer.

        Raises:
            WorkerFailed: none came within `limit` seconds.
            LibraryMissing: the answer says so.
        """
        if self._process.stdout is None:
            raise AssertionError("unexpected: no pipe")
        with selectors.DefaultSelector() as selector:
            selector.register(self._process.stdout, selectors.EVENT_READ)
            line = self._process.stdout.readline() if selector.select(limit) else ""
        if not line:
            raise WorkerFailed(self._report())
        answer: dict[str, Any] = json.loads(line)
        if "missing" in answer:
            raise LibraryMissing(answer["missing"])
        return answer

    def end(self) -> None:
        """End the process, by its id, however it is."""
        if self._process.stdin is not None:
            # It may be gone already.
            with contextlib.suppress(OSError):
                self._process.stdin.close()
        for end in (None, self._process.terminate, self._process.kill):
            if end is not None:
                end()
            try:
                self._process.wait(END_LIMIT)
                break
            except subprocess.TimeoutExpired:
                continue
        if self._process.stdout is not None:
            self._process.stdout.close()

    def _report(self) -> str:
        # An end that just happened shows in a moment.
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.5)
        tail = self._log.read_text(errors="replace").strip().splitlines()[-15:]
        state = self._process.poll()
        what = "does not answer" if state is None else f"ended with {state}"
        return "\n    ".join([f"{self._what} {what}", *tail])


@dataclass(slots=True)
class Pair:
    """Server and client of one adapter, connected and checked.

    Attributes:
        cold: the program of a user's first call, see `AdapterModule.cold`.
        broker_cpu: the seconds that a broker has used so far, if there is one.
    """

    name: str
    server: Worker
    client: Worker
    workloads: tuple[str, ...]
    cold: str
    broker_cpu: Callable[[], float] | None = None

    def measure(self, workload: str, seconds: float) -> dict[str, float]:
        """Run one round: rates per second, latencies in us, CPU in seconds per 10,000 calls and in all."""
        broker_before = self.broker_cpu() if self.broker_cpu else 0.0
        before = self.server.ask()["cpu"]
        answer = self.client.ask(workload=workload, seconds=seconds)
        server_cpu = self.server.ask()["cpu"] - before
        each = answer.pop("calls") / 10_000
        client_cpu = answer.pop("cpu")
        figures = {
            **answer,
            "cpu": (client_cpu + server_cpu) / each,
            "server_cpu": server_cpu / each,
            "cpu_seconds": client_cpu + server_cpu,
        }
        if self.broker_cpu:
            broker_cpu = self.broker_cpu() - broker_before
            figures["broker_cpu"] = broker_cpu / each
            figures["cpu_seconds"] += broker_cpu
        return figures


class Fleet:
    """All pairs of a run; leaving the context ends every process."""

    def __init__(self, transport: Transport, directory: Path, stubs: Path) -> None:
        self._transport = transport
        self._directory = directory
        self._stubs = stubs
        self._workers: list[Worker] = []
        self._broker: RabbitServer | None = None

    def __enter__(self) -> Fleet:
        if self._transport == "amqp":
            self._broker = RabbitServer().start()
        return self

    def __exit__(self, *_: object) -> None:
        for worker in reversed(self._workers):
            worker.end()
        if self._broker is not None:
            self._broker.end()

    def seen(self, name: str) -> tuple[bool, bool]:
        """Whether an adapter has publications confirmed, and acknowledges messages, as its broker sees it."""
        assert self._broker is not None
        channels = self._broker.listed("channels", "vhost", "confirm")
        consumers = self._broker.listed("consumers", "ack_required", vhost=name)
        return [name, "true"] in channels, ["true"] in consumers

    def start(self, name: str) -> Pair:
        """Start both sides of an adapter.

        Raises:
            LibraryMissing: its library is not installed.
            WorkerFailed: it does not start, or answers wrongly.
        """
        directory = self._directory / name
        directory.mkdir(mode=0o700)
        broker = self._broker
        if broker is not None:
            broker.new_vhost(name)
        port = free_port() if broker is None else broker.port
        where = [name, self._transport, str(port), str(directory), str(self._stubs)]
        server = self._worker(["server", *where], directory / "server.log")
        server.answer(START_LIMIT)
        client = self._worker(["client", *where], directory / "client.log")
        facts = client.answer(START_LIMIT)
        workloads = tuple(facts["workloads"])
        cpu = None if broker is None else broker.cpu_seconds
        return Pair(name, server, client, workloads, facts["cold"], cpu)

    def _worker(self, arguments: list[str], log: Path) -> Worker:
        worker = Worker(arguments, log)
        self._workers.append(worker)
        return worker
