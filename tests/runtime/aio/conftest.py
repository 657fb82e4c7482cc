"""Servers on loops of their own."""

from __future__ import annotations

from collections.abc import Iterator
from types import ModuleType

import pytest

from tests.runtime.aio.stage import Stage


@pytest.fixture
def stage(lab: ModuleType) -> Iterator[Stage]:
    """A server whose handler a test gives."""
    made = Stage(lab)
    yield made
    made.close()
