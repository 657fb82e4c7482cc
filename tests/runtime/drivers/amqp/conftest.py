"""Fixtures of this driver's tests."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.junkyard import Site
from tests.rabbitd import RabbitServer


@pytest.fixture
def site(rabbit: RabbitServer) -> Iterator[Site]:
    made = Site(rabbit)
    yield made
    made.close()
