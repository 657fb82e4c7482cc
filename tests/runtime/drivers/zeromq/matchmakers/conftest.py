"""One place of every matchmaker, and server processes there."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.runtime.drivers.zeromq.matchmakers.places import File, Folder, Hosts, Place
from tests.runtime.drivers.zeromq.parts import ServerProcess

PLACES = ("ipc", "tcp", "ring")


@pytest.fixture
def folder() -> Iterator[Path]:
    """A private folder with a short path."""
    with tempfile.TemporaryDirectory(prefix="rpcgen") as path:
        yield Path(path)


@pytest.fixture(params=PLACES)
def place(request: pytest.FixtureRequest, folder: Path) -> Place:
    if request.param == "ipc":
        return Folder(folder)
    if request.param == "tcp":
        return Hosts()
    return File(folder)


@pytest.fixture
def serve(place: Place, launch: Callable[..., ServerProcess]) -> Callable[..., ServerProcess]:
    """Starts a server process, by its name."""
    return lambda name="s1", *topics, world="blocking": launch(
        place.server(name), name, *topics, world=world
    )
