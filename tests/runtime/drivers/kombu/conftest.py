"""Places of each of kombu's transports that are tested."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.redisd import RedisServer, kombu_url, redis_session

__all__ = ["redis_session"]

TESTED = ("redis", "filesystem", "memory")


@pytest.fixture
def place(tmp_path: Path, request: pytest.FixtureRequest) -> Callable[[str], str]:
    """Makes the URL of a new place of a transport."""

    def make(name: str) -> str:
        token = secrets.token_hex(6)
        if name == "redis":
            return f"{kombu_url(request.getfixturevalue('redis_session'))}?prefix=test-{token}"
        where = f"{tmp_path}/{token}" if name == "filesystem" else token
        return f"kombu+{name}://{where}?poll=0.002"

    return make


@pytest.fixture(params=TESTED)
def url(request: pytest.FixtureRequest, place: Callable[[str], str]) -> str:
    """The URL of a place, for each of the transports."""
    return place(request.param)


@pytest.fixture
def server() -> Iterator[RedisServer]:
    """A redis that is killed, stopped and started again."""
    redis = RedisServer().start()
    yield redis
    redis.end()
