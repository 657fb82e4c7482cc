"""A place for what a benchmark compiles, and for its sockets."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest


@pytest.fixture
def directory() -> Iterator[Path]:
    """A directory with a path that is short enough for sockets, however many runs pytest has counted."""
    with tempfile.TemporaryDirectory(prefix="rpcgen") as name:
        yield Path(name)
