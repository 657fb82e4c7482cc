"""Directories, server processes and clients of both worlds."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rpcgen.runtime.drivers.zeromq import bundles

from tests.ports import free_port
from tests.runtime.drivers.zeromq.parts import SIDES, Client, ServerProcess
from tests.runtime.drivers.zeromq.served import SERVED


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory for sockets, with a path shorter than pytest's, that is not there yet."""
    with tempfile.TemporaryDirectory(prefix="rpcgen") as parent:
        yield Path(parent) / "s"


@pytest.fixture
def unhurried(monkeypatch: pytest.MonkeyPatch) -> None:
    """Lets what waits for the end of a pass wait for it, however long the system keeps the pass from going on."""
    monkeypatch.setattr(bundles, "LATE", 60.0)


@pytest.fixture
def ipc(directory: Path) -> str:
    return f"zmq+ipc://{directory}"


@pytest.fixture
def tcp() -> str:
    return f"zmq+tcp://127.0.0.1:{free_port()}"


@pytest.fixture(params=["ipc", "tcp"])
def url(request: pytest.FixtureRequest, ipc: str, tcp: str) -> str:
    return ipc if request.param == "ipc" else tcp


@pytest.fixture(params=SIDES)
def world(request: pytest.FixtureRequest) -> str:
    value: str = request.param
    return value


@pytest.fixture
def connect(world: str) -> Iterator[Callable[[str], Client]]:
    """Opens clients; all are closed at the end."""
    opened: list[Client] = []

    def open_client(url: str) -> Client:
        opened.append(SIDES[world](url))
        return opened[-1]

    yield open_client
    for client in opened:
        client.end()


@pytest.fixture
def launch() -> Iterator[Callable[..., ServerProcess]]:
    """Starts server processes; all are killed at the end."""
    running: list[ServerProcess] = []

    def start(url: str, name: str = "s1", *topics: str, world: str = "blocking") -> ServerProcess:
        running.append(ServerProcess(world, url, name, topics or ("echo",)))
        return running[-1]

    yield start
    for server in running:
        server.end()


@pytest.fixture
def serve(world: str) -> Iterator[Callable[[str], Any]]:
    """Starts servers in this process that answer with what they were sent; all are closed at the end."""
    running: list[Any] = []

    def start(url: str) -> Any:
        running.append(SERVED[world](url))
        return running[-1]

    yield start
    for served in running:
        served.close()
