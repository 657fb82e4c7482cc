"""Fixtures that several suites share."""

from __future__ import annotations

import gc
from types import ModuleType

import pytest
from hypothesis import HealthCheck, settings

from tests.compiled import compile_to
from tests.packages import INTERFACES, import_from
from tests.rabbitd import amqp_session, amqp_url, rabbit

__all__ = ["amqp_session", "amqp_url", "rabbit"]

# How long one generated example takes is the machine's affair; what has to be fast has a test that measures it.
settings.register_profile("rpcgen", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("rpcgen")


@pytest.fixture(scope="module", autouse=True)
def _unburdened() -> None:  # pyright: ignore[reportUnusedFunction]
    """Keep what other modules left in memory out of every collection.

    Thousands of tests leave millions of objects; walking them stops every thread for long enough to be taken for a
    slow product, and grows with the length of what is measured.
    """
    gc.collect()
    gc.freeze()


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
