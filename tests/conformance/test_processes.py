"""Servers in processes of their own, which are asked to stop, and killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import ConnectionLost, NotSent, Rejected, RemoteError

from tests.conformance.conftest import OTHERS
from tests.places import Place

ROOT = Path(__file__).parents[2]


@pytest.fixture(params=["blocking", "asyncio"])
def world(request: pytest.FixtureRequest) -> str:
    value: str = request.param
    return value


class Sockets(Place):
    """zmq+ipc."""

    def __init__(self, directory: Path) -> None:
        self.client = f"zmq+ipc://{directory}/s"


@pytest.fixture
def place() -> Iterator[Place]:
    with tempfile.TemporaryDirectory(prefix="rpcgen") as directory:
        yield (OTHERS or Sockets)(Path(directory))


@pytest.fixture
def launch(
    world: str, place: Place, lab: ModuleType
) -> Iterator[Callable[[str], subprocess.Popen[str]]]:
    """Starts servers; all that still live at the end are killed."""
    running: list[subprocess.Popen[str]] = []
    directory = str(Path(str(lab.__file__)).parents[1])

    def start(name: str) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "tests.conformance.serve_lab", world, directory]
        command += [place.server(name), name]
        process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
        running.append(process)
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        return process

    yield start
    for process in running:
        if process.poll() is None:
            process.kill()
        process.wait(5.0)
        assert process.stdout is not None
        process.stdout.close()


@pytest.fixture
def client(lab: ModuleType, place: Place) -> Iterator[Any]:
    with lab.LabClient(place.client) as made:
        yield made


def busy(client: Any, server: str) -> None:
    """Wait until a server runs two requests: this look, which is not counted, and another one."""
    from rpcgen.runtime.rpcgen_meta import MetaClient

    with MetaClient(client._transport, exchange="test", topic="lab") as meta:
        end = time.monotonic() + 5.0
        while meta.prepare(server=server).health().running < 1:
            assert time.monotonic() < end, "the server never began"


def gone(client: Any, server: str) -> None:
    """Wait until a server has left the matchmaker."""
    end = time.monotonic() + 5.0
    while time.monotonic() < end:
        try:
            client.prepare(server=server, timeout=1.0).add(a=1)
        except (NotSent, Rejected):
            return
    raise AssertionError(f"{server} can still be found")


def test_sigterm_finishes_what_runs_and_exits_0(launch: Any, client: Any) -> None:
    """A polite end: the running call is answered, and the process exits 0 within its drain timeout + 2 s."""
    server = launch("s1")
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(lambda: client.nap(seconds=1.5))  # `busy` has to see it
        busy(client, "s1")
        begun = time.monotonic()
        os.kill(server.pid, signal.SIGTERM)
        assert running.result(5.0) is True
        assert server.wait(5.0) == 0
        assert time.monotonic() - begun < 4.0
    with pytest.raises(NotSent):
        client.add(a=1)


def test_a_handler_longer_than_the_drain_ends_with_a_clear_error(launch: Any, client: Any) -> None:
    """After the drain timeout the process exits, and its caller learns it at once."""
    server = launch("s1")
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(lambda: client.prepare(timeout=30.0).nap(seconds=25.0))
        busy(client, "s1")
        begun = time.monotonic()
        os.kill(server.pid, signal.SIGTERM)
        with pytest.raises((RemoteError, ConnectionLost)):
            running.result(8.0)
        assert server.wait(5.0) == 0
        assert time.monotonic() - begun < 4.5


def test_a_second_sigterm_ends_the_drain(launch: Any, client: Any) -> None:
    """Who asks twice does not wait for the drain timeout."""
    server = launch("s1")
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(lambda: client.prepare(timeout=30.0).nap(seconds=25.0))
        busy(client, "s1")
        os.kill(server.pid, signal.SIGTERM)
        gone(client, "s1")
        begun = time.monotonic()
        os.kill(server.pid, signal.SIGTERM)
        with pytest.raises((RemoteError, ConnectionLost)):
            running.result(8.0)
        assert server.wait(5.0) == 0
        assert time.monotonic() - begun < 1.9


def test_a_killed_server_is_noticed_at_once(launch: Any, client: Any) -> None:
    """SIGKILL during a call: the caller gets ConnectionLost, and the next call reaches the other server."""
    first = launch("s1")
    launch("s2")
    with ThreadPoolExecutor(1) as pool:
        running = pool.submit(lambda: client.prepare(server="s1", timeout=30.0).nap(seconds=25.0))
        busy(client, "s1")
        begun = time.monotonic()
        os.kill(first.pid, signal.SIGKILL)
        with pytest.raises(ConnectionLost) as caught:
            running.result(8.0)
        assert time.monotonic() - begun < 2.0
        assert caught.value.maybe_executed
    assert {client.report().server for _ in range(20)} == {"s2"}


def test_a_forks_child_ends_nothing_of_its_parents(
    world: str, place: Place, lab: ModuleType
) -> None:
    """It leaves the parent's blocks as quietly as any other, and the parent's server is still found, and serves."""
    directory = str(Path(str(lab.__file__)).parents[1])
    command = [sys.executable, "-m", "tests.conformance.fork_lab", world, directory]
    command += [place.server("s1"), place.client]
    done = subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, timeout=25.0, check=False
    )
    assert (done.returncode, done.stdout) == (0, "7 2 3\n"), done.stderr
    assert "Traceback" not in done.stderr
