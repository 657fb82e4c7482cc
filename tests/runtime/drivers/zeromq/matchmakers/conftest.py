"""One place of every matchmaker, and server processes there."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from rpcgen.runtime.drivers.zeromq.matchmakers.redis import worker

from tests.places import Place, others
from tests.redisd import RedisServer, redis_session, redis_url
from tests.runtime.drivers.zeromq.matchmakers.places import File, Folder, Hosts, Redis
from tests.runtime.drivers.zeromq.parts import BlockingSide, Client, ServerProcess

__all__ = ["redis_session", "redis_url"]

OTHERS = others()
PLACES = ("ipc", "tcp", "ring", "redis") if OTHERS is None else (OTHERS.__name__,)


@pytest.fixture
def folder() -> Iterator[Path]:
    """A private folder with a short path."""
    with tempfile.TemporaryDirectory(prefix="rpcgen") as path:
        yield Path(path)


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, folder: Path) -> Place:
    if OTHERS is not None:
        return OTHERS(folder)
    if request.param == "ipc":
        return Folder(folder)
    if request.param == "tcp":
        return Hosts()
    if request.param == "redis":
        return Redis(request.getfixturevalue("redis_url"))
    return File(folder)


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A redis of the test's own, to do anything with."""
    made = RedisServer().start()
    yield made
    made.end()


@pytest.fixture(autouse=True)
def loud() -> None:
    """No line is held back because of another test's."""
    worker._silent_until.clear()


@pytest.fixture
def client(server: RedisServer) -> Iterator[Client]:
    made = BlockingSide(server.url("ttl=2"))
    yield made
    made.close()


@pytest.fixture
def serve(place: Place, launch: Callable[..., ServerProcess]) -> Callable[..., ServerProcess]:
    """Starts a server process, by its name."""
    return lambda name="s1", *topics, world="blocking": launch(
        place.server(name), name, *topics, world=world
    )
