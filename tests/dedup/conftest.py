"""The bank's package, and folders that each hold a store and what ran."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import AsyncSqliteStore, SqliteStore

from tests.compiled import compile_to
from tests.dedup.bank import SCHEMA, Runs, endpoint
from tests.packages import INTERFACES, import_from


@pytest.fixture(scope="session")
def packages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("bank")
    compile_to(directory, INTERFACES / "bank.yaml")
    return directory


@pytest.fixture(scope="session")
def bank(packages: Path) -> ModuleType:
    """The package that is generated from interfaces/bank.yaml."""
    return import_from(packages, "test_bank")


@pytest.fixture(autouse=True)
def _closed(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:  # pyright: ignore[reportUnusedFunction]
    """Every store that a test opens is closed after it."""
    with ExitStack() as opened:
        for kind in (SqliteStore, AsyncSqliteStore):
            monkeypatch.setattr(kind, "__init__", _remembering(kind.__init__, opened))
        yield


def _remembering(begin: Callable[..., None], opened: ExitStack) -> Callable[..., None]:
    def remember(store: SqliteStore | AsyncSqliteStore, *args: Any, **options: Any) -> None:
        begin(store, *args, **options)
        opened.callback(store.close)

    return remember


@pytest.fixture
def folder(tmp_path: Path, packages: Path) -> Path:
    """Where a server's process finds the package, too."""
    tmp_path.joinpath("test_bank").symlink_to(packages / "test_bank")
    return tmp_path


@pytest.fixture
def store(folder: Path) -> SqliteStore:
    """One that has the bank's tables."""
    return SqliteStore(folder / "s.db", schema=SCHEMA)


@pytest.fixture
def served(bank: Any, store: SqliteStore, folder: Path) -> Any:
    """A bank whose handlers are marked."""
    return endpoint(bank, store, Runs(folder / "runs"), "s1")
