"""Ways to redis: encrypted, and by way of sentinels."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from rpcgen.runtime import NotSent
from rpcgen.runtime.drivers import zeromq
from rpcgen.runtime.url import parse_url

from tests.redisd import PASSWORD, RedisServer, encrypted_redis
from tests.runtime.drivers.zeromq.parts import (
    TOPIC,
    Client,
    ServerProcess,
    call,
    eventually,
    refusal,
)

Launch = Callable[..., ServerProcess]
Connect = Callable[[str], Client]


@pytest.fixture
def encrypted(folder: Path) -> Iterator[tuple[RedisServer, Path]]:
    """A redis that speaks TLS alone, and the certificate of its authority."""
    server, ca = encrypted_redis(folder)
    yield server, ca
    server.end()


def test_redis_speaks_tls(
    encrypted: tuple[RedisServer, Path], launch: Launch, connect: Connect
) -> None:
    """With its authority's certificate; without it, or without TLS, nobody is found, and the reason is told."""
    server, ca = encrypted
    url = server.url("tls=1", f"ca={ca}")
    launch(url, "s1")
    assert call(connect(url), TOPIC, b"1") == "s1"
    text, _ = refusal(connect(server.url("tls=1")), TOPIC)
    assert "certificate" in text
    assert PASSWORD not in text
    text, _ = refusal(connect(server.url()), TOPIC)
    assert "cannot look for servers" in text


def test_a_certificate_of_another_host_is_refused(
    encrypted: tuple[RedisServer, Path], connect: Connect
) -> None:
    """It must name the host of the URL."""
    server, ca = encrypted
    url = f"zmq+redis://:{PASSWORD}@localhost:{server.port}/0?tls=1&ca={ca}"
    assert "localhost" in refusal(connect(url), TOPIC)[0]


@pytest.fixture
def watched() -> Iterator[tuple[RedisServer, RedisServer, RedisServer]]:
    """A primary, its replica, and a sentinel that watches both."""
    auth = [f"masterauth {PASSWORD}"]
    primary = RedisServer().start(auth)
    replica = RedisServer().start([*auth, f"replicaof 127.0.0.1 {primary.port}"])
    sentinel = RedisServer(program_name="redis-sentinel", password="").start(
        [
            f"sentinel monitor main 127.0.0.1 {primary.port} 1",
            f"sentinel auth-pass main {PASSWORD}",
            "sentinel down-after-milliseconds main 500",
            "sentinel failover-timeout main 3000",
        ]
    )
    yield primary, replica, sentinel
    for each in (sentinel, replica, primary):
        each.end()


def test_sentinels_know_the_primary(
    watched: tuple[RedisServer, RedisServer, RedisServer], launch: Launch, connect: Connect
) -> None:
    """Servers and clients use it, and the next one when it dies; calls go on meanwhile."""
    primary, replica, sentinel = watched
    eventually(lambda: is_linked(replica, sentinel), 15.0)
    url = f"zmq+redis://:{PASSWORD}@{sentinel.host}/0?sentinel=main&ttl=2"
    launch(url, "s1")
    client = connect(url)
    assert call(client, TOPIC, b"1") == "s1"
    primary.kill()
    began = time.monotonic()
    while replica.ask(lambda redis: redis.info("replication"))["role"] != "master":
        assert call(client, TOPIC, b"2") == "s1"
        assert time.monotonic() - began < 20.0
    eventually(lambda: is_listed(url), 10.0)
    launch(url, "s2")
    eventually(lambda: call(client, TOPIC, b"3") == "s2")


def is_listed(url: str) -> bool:
    """Whether a new client finds anybody."""
    try:
        return bool(zeromq.discover(parse_url(url), 1.0))
    except NotSent:
        return False


def is_linked(replica: RedisServer, sentinel: RedisServer) -> bool:
    """Whether the replica is up to date, and the sentinel knows it."""
    state: dict[str, Any] = replica.ask(lambda redis: redis.info("replication"))
    known: Any = sentinel.ask(lambda redis: redis.sentinel_slaves("main"))
    return state["master_link_status"] == "up" and bool(known)


def test_a_name_that_sentinels_do_not_know(connect: Connect) -> None:
    """It is told."""
    sentinel = RedisServer(program_name="redis-sentinel", password="").start()
    try:
        text, _ = refusal(connect(f"zmq+redis://{sentinel.host}/0?sentinel=other"), TOPIC)
    finally:
        sentinel.end()
    assert "No master found for 'other'" in text
