"""Fixtures that several suites share."""

from __future__ import annotations

from types import ModuleType

import pytest

from tests.compiled import INTERFACES, compile_to, import_from
from tests.rabbitd import amqp_session, amqp_url, rabbit

__all__ = ["amqp_session", "amqp_url", "rabbit"]


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The package that is generated from interfaces/lab.yaml."""
    directory = tmp_path_factory.mktemp("lab")
    compile_to(directory, INTERFACES / "lab.yaml")
    return import_from(directory, "test_lab")


@pytest.fixture(scope="session")
def side(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The package that is generated from interfaces/side.yaml."""
    directory = tmp_path_factory.mktemp("side")
    compile_to(directory, INTERFACES / "side.yaml")
    return import_from(directory, "test_side")
