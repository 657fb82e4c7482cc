"""What is in a redis of a test's own: whose registrations count, and what strangers might write."""

from __future__ import annotations

import json
import time
from typing import Any

from tests.redisd import RedisServer

INDEX = "rpcgen:servers"
RECORD = "rpcgen:server:"
ID = "0123456789ab"


def registered(server: RedisServer) -> list[str]:
    """The names of the servers whose registrations count."""

    def names(redis: Any) -> list[str]:
        ids = redis.zrangebyscore(INDEX, time.time() * 1000, "+inf")
        records = [redis.get(RECORD + each.decode()) for each in ids]
        return sorted(json.loads(record)["server"] for record in records if record)

    found: list[str] = server.ask(names)
    return found


def plant(server: RedisServer, content: bytes, name: str = ID, score: float = 4e12) -> None:
    """Write what a stranger might."""

    def write(redis: Any) -> None:
        redis.set(RECORD + name, content)
        redis.zadd(INDEX, {name: score})

    server.ask(write)
