"""The fleet of a row, and a place for its files."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from tests.chaos.errands import PACKAGE
from tests.chaos.fleet import Fleet, Fleets
from tests.compiled import compile_to
from tests.packages import import_from
from tests.rabbitd import RabbitServer


@pytest.fixture
def directory() -> Iterator[Path]:
    """A short path: sockets lie in it."""
    with tempfile.TemporaryDirectory(prefix="rpcgen") as name:
        yield Path(name)


@pytest.fixture(scope="session")
def errand(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The package that is generated from errand.yaml."""
    where = tmp_path_factory.mktemp("errand")
    compile_to(where, Path(__file__).with_name("errand.yaml"))
    return import_from(where, PACKAGE)


@pytest.fixture
def fleets(errand: ModuleType, directory: Path, request: pytest.FixtureRequest) -> Fleets:
    """Makes the fleet of a row: transport, servers, options; over a broker that rows share, if it names no other."""

    def make(transport: str, **options: Any) -> Fleet:
        if transport == "amqp" and "broker" not in options:
            options["broker"] = request.getfixturevalue("rabbit")
        return Fleet(errand, directory, transport, **options)

    return make


@pytest.fixture(scope="session")
def mortal() -> Iterator[RabbitServer]:
    """A node that tests kill and starve; each leaves it running, and well."""
    with RabbitServer() as server:
        yield server
