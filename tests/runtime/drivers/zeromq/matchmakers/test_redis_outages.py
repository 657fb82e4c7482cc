"""What redis may do, and servers too, without anybody noticing; and what is told when it is noticed."""

from __future__ import annotations

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest
from rpcgen.runtime.drivers import zeromq
from rpcgen.runtime.drivers.zeromq.matchmakers.redis.cache import HOLD
from rpcgen.runtime.url import parse_url

from tests.chaos.proxy import Proxy
from tests.ports import free_port
from tests.redisd import PASSWORD, RedisServer
from tests.runtime.drivers.zeromq.matchmakers.registrations import INDEX, registered
from tests.runtime.drivers.zeromq.parts import (
    TOPIC,
    Client,
    ServerProcess,
    call,
    eventually,
    refusal,
)

Launch = Callable[..., ServerProcess]


class Load:
    """Calls without a pause, from a thread."""

    def __init__(self, client: Client) -> None:
        self.calls = 0
        self.failures: list[Exception] = []
        self._client = client
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                call(self._client, TOPIC, b"x")
            except Exception as error:
                self.failures.append(error)
            self.calls += 1
            self._stop.wait(0.001)

    def end(self) -> None:
        self._stop.set()
        self._thread.join()


def flush(server: RedisServer) -> float:
    server.ask(lambda redis: redis.flushall())
    return time.monotonic()


def restart(server: RedisServer) -> float:
    server.kill()
    threading.Event().wait(3.0)
    server.start()
    return time.monotonic()


def stall(server: RedisServer) -> float:
    server.pause()
    threading.Event().wait(4.0)
    server.resume()
    return time.monotonic()


def refuse_writes(server: RedisServer) -> float:
    server.refuse_writes()
    threading.Event().wait(4.0)
    server.take_writes()
    return time.monotonic()


@pytest.mark.parametrize("outage", [flush, restart, stall, refuse_writes])
def test_an_outage_costs_no_call(
    server: RedisServer,
    client: Client,
    launch: Launch,
    outage: Callable[[RedisServer], float],
    caplog: pytest.LogCaptureFixture,
) -> None:
    """Calls between those who know each other go on, registrations are back after a heartbeat and a second."""
    for name in ("s1", "s2"):
        launch(server.url("ttl=2"), name)
    eventually(lambda: call(client, TOPIC, b"1") == "s1")
    eventually(lambda: call(client, TOPIC, b"1") == "s2")
    load = Load(client)
    try:
        back = outage(server)
        eventually(lambda: registered(server) == ["s1", "s2"])
        took = time.monotonic() - back
        assert took < 2.0 / 3 + 1.0
        eventually(lambda: time.monotonic() - back > 3.0)
    finally:
        load.end()
    assert load.calls > 100
    assert load.failures == []
    lines = [record for record in caplog.records if record.levelno >= logging.WARNING]
    assert len(lines) <= 1
    assert PASSWORD not in caplog.text


def call_or_none(client: Client) -> str | None:
    """The server that answered a call, which may have been sent to where nobody is any more; late answers are passed over."""
    frame = os.urandom(8).hex().encode()
    with suppress(ConnectionError):
        peer = client.peer(TOPIC) or client.route(TOPIC)
        client.send(peer, frame)
        while True:
            found = client.arrivals(bool)
            if (peer, frame) in found:
                return peer.name
            if not all(isinstance(news, bytes) for _, news in found):  # a connection was lost
                return None
    return None


def test_a_connection_may_break_while_redis_takes_no_writes(
    server: RedisServer, client: Client, launch: Launch
) -> None:
    """One fault may bring about both; a server that is connected to again lives, though it cannot renew."""
    with Proxy(port := free_port()) as proxy:
        where = f"bind=127.0.0.1:{port}", f"advertise=127.0.0.1:{proxy.port}"
        launch(server.url("ttl=2", *where), "s1")
        eventually(lambda: call(client, TOPIC, b"1") == "s1")
        server.refuse_writes()
        proxy.cut()
        eventually(lambda: call_or_none(client) == "s1" and proxy.accepted > 1)
        end = time.monotonic() + 2.0 + HOLD + 2.0
        while time.monotonic() < end:
            assert call_or_none(client) == "s1"
            threading.Event().wait(0.05)


def test_nobody_is_found_while_redis_is_away(server: RedisServer, connect: Any) -> None:
    """It is refused, or stalls: a new client's call says so within a second, and finds servers once it answers."""
    client = connect(server.url())
    for _ in range(2):  # redis has never answered; it has, and knew nobody
        server.pause()
        text, took = refusal(client, TOPIC)
        assert text == f"cannot look for servers in {where(server)}: no answer within 0.8 s"
        assert took < 1.0
        server.resume()
        eventually(lambda: "nobody is there" in refusal(client, TOPIC)[0])
    server.kill()
    eventually(lambda: "cannot look for servers" in (found := refusal(client, TOPIC))[0] and found)
    text, took = refusal(client, TOPIC)
    assert where(server) in text
    assert "refused" in text
    assert took < 1.0
    assert PASSWORD not in text


def where(server: RedisServer) -> str:
    return f"redis at 127.0.0.1:{server.port}/0"


def test_a_server_starts_while_redis_is_away(
    server: RedisServer, launch: Launch, connect: Any
) -> None:
    """It serves, and is found as soon as redis is there."""
    server.kill()
    launch(server.url("ttl=2"), "s1")
    client = connect(server.url("ttl=2"))
    refusal(client, TOPIC)
    server.start()
    began = time.monotonic()
    eventually(lambda: registered(server))
    assert time.monotonic() - began < 2.0 / 3 + 1.0
    eventually(lambda: client.peer(TOPIC) or "s1" not in refusal_or_peer(client))


def refusal_or_peer(client: Client) -> str:
    try:
        return client.route(TOPIC).name
    except ConnectionError as error:
        return f"s1 {error}"


@pytest.mark.parametrize("side", [zeromq.connect, zeromq.listen])
def test_closing_does_not_wait_for_redis(server: RedisServer, side: Any) -> None:
    """Whoever closes while it stalls waits for less than a second, and its thread ends soon."""
    threads = threading.active_count()
    args = ([TOPIC], "s1") if side is zeromq.listen else ()
    opened = side(parse_url(server.url()), *args)
    if not args:
        refusal_of(opened)
    server.pause()
    began = time.monotonic()
    if args:
        opened.withdraw()
        assert time.monotonic() - began < 0.1
    opened.close()
    assert time.monotonic() - began < 1.0
    eventually(lambda: threading.active_count() <= threads)
    server.resume()


def refusal_of(opened: Any) -> None:
    with pytest.raises(ConnectionError):
        opened.route(TOPIC, 1.0)


def test_a_killed_server_is_gone_after_its_time(
    server: RedisServer, launch: Launch, client: Client
) -> None:
    """Its registration disappears by itself, and from redis when the next server renews its own."""
    killed, other = launch(server.url("ttl=2"), "s1"), launch(server.url("ttl=2"), "s2")
    eventually(lambda: call(client, TOPIC, b"1") == "s1")
    killed.kill()
    began = time.monotonic()
    matchmaker = client.driver._engine.matchmaker
    eventually(lambda: [endpoint.server for endpoint in matchmaker.look()] == ["s2"], 3.0)
    assert time.monotonic() - began < 3.0
    eventually(lambda: server.ask(lambda redis: redis.zcard(INDEX)) == 1, 1.0)
    other.process.send_signal(signal.SIGKILL)
