"""What the fuzz tests share: the generated packages, a server's core, a client's core."""

from __future__ import annotations

from types import ModuleType

import pytest

from tests.fuzz.served import Subject, packages


@pytest.fixture(scope="session")
def fuzzed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ModuleType]:
    """The generated packages, by name."""
    return packages(tmp_path_factory.mktemp("fuzz"))


@pytest.fixture
def subject(fuzzed: dict[str, ModuleType]) -> Subject:
    """A server's core."""
    return Subject(fuzzed)
