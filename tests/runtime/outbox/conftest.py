"""Fixtures of the outbox's tests."""

from __future__ import annotations

from pathlib import Path
from types import ModuleType

import pytest

from tests.compiled import compile_to
from tests.packages import INTERFACES, import_from
from tests.ports import free_port


@pytest.fixture(scope="session")
def keep_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("keep")
    compile_to(directory, INTERFACES / "keep.yaml")
    return directory


@pytest.fixture(scope="session")
def keep(keep_directory: Path) -> ModuleType:
    """The package that is generated from interfaces/keep.yaml."""
    return import_from(keep_directory, "test_keep")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where an outbox is to be; it is not there."""
    return tmp_path / "outbox"


@pytest.fixture
def nowhere(folder: Path) -> str:
    """The URL of a broker that is not there, with an outbox."""
    return f"amqp://127.0.0.1:{free_port()}/?outbox={folder}"
