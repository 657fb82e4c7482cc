"""Whoever can reach a server's port and keeps to no protocol: nothing reaches the program, and others are served on."""

from __future__ import annotations

import contextlib
import random
import resource
import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq
from rpcgen.runtime.drivers.zeromq import control

from tests.runtime.drivers.zeromq.keyring import Keyring
from tests.runtime.drivers.zeromq.parts import TOPIC, BlockingSide, call, eventually
from tests.runtime.drivers.zeromq.served import Served

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01"

#: What a stream may begin with: nothing, greetings of ZMTP 1.0, 2.0 and 3.0, and those of 3.1 with both mechanisms.
BEGINNINGS = [
    b"",
    b"\x01\x00",
    b"\xff" + bytes(8) + b"\x01\x7f\x01\x05",
    b"\xff" + bytes(8) + b"\x01\x7f\x03",
    GREETING + b"NULL" + bytes(48),
    GREETING + b"CURVE" + bytes(47),
    GREETING + b"CURVE" + bytes(47) + b"\x04\xc8\x05HELLO",
]


@pytest.fixture
def keys(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "keys")


@pytest.fixture
def serve() -> Iterator[Callable[[str], Served]]:
    running: list[Served] = []

    def start(url: str) -> Served:
        running.append(Served(url))
        return running[-1]

    yield start
    for served in running:
        served.close()


@pytest.fixture(params=["plain", "curve"])
def urls(request: pytest.FixtureRequest, tcp: str, keys: Keyring) -> tuple[str, str]:
    """A server's URL and its clients', without keys and with them."""
    if request.param == "plain":
        return f"{tcp}?", tcp
    return keys.server(tcp), keys.client(tcp)


def _connection(url: str) -> socket.socket:
    return socket.create_connection(("127.0.0.1", int(url.partition("?")[0].rpartition(":")[2])))


def test_strange_bytes_never_reach_the_program(
    serve: Callable[[str], Served], tcp: str, keys: Keyring
) -> None:
    """300 streams of garbage, old greetings and cut handshakes: nothing is delivered, and clients are served on."""
    served = serve(keys.server(tcp))
    for number in range(300):
        with _connection(tcp) as stream:
            beginning = BEGINNINGS[number % len(BEGINNINGS)]
            stream.sendall(beginning + random.randbytes(random.randrange(400)))
    client = BlockingSide(keys.client(tcp))
    call(client, TOPIC, b"still there")
    assert served.seen == [b"still there"]
    client.close()


@pytest.fixture
def many_files() -> Iterator[None]:
    """Let this process open as many files as it may."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


def test_a_slow_handshake_is_cut(
    serve: Callable[[str], Served], urls: tuple[str, str], many_files: None
) -> None:
    """1,000 connections that say nothing, and one that does so drop by drop, are closed in time; calls go on."""
    served = serve(f"{urls[0]}&handshake_timeout=1")
    idle = [_connection(urls[1]) for _ in range(1000)]
    drops = _connection(urls[1])
    drops.settimeout(0.05)
    client = BlockingSide(urls[1])
    call(client, TOPIC, b"served")
    began = time.monotonic()
    with contextlib.suppress(ConnectionError):
        for byte in GREETING * 10:
            drops.sendall(bytes([byte]))
            with contextlib.suppress(TimeoutError):
                if not drops.recv(64):
                    break
    assert time.monotonic() - began < 3.0
    for stream in [*idle, drops]:
        stream.settimeout(5.0)
        with stream, contextlib.suppress(ConnectionError):
            while stream.recv(64):  # the server's greeting, then the end
                pass
    call(client, TOPIC, b"served on")
    assert served.seen == [b"served", b"served on"]
    client.close()


def dealer(context: zmq.Context[Any], url: str, keys: Keyring, identity: bytes) -> Any:
    """A DEALER that is not our library, with the client's key if the URL has one."""
    made = context.socket(zmq.DEALER)
    made.set(zmq.LINGER, 0)
    if identity:
        made.set(zmq.ROUTING_ID, identity)
    if "curve_key" in url:
        for option, name in (
            (zmq.CURVE_SECRETKEY, "client.key"),
            (zmq.CURVE_PUBLICKEY, "client.pub"),
            (zmq.CURVE_SERVERKEY, "server.pub"),
        ):
            made.set(option, (keys.folder / name).read_text().split()[-1].encode())
    made.connect(url.partition("?")[0].removeprefix("zmq+"))
    return made


def test_an_id_belongs_to_who_had_it_first(
    serve: Callable[[str], Served], urls: tuple[str, str], keys: Keyring
) -> None:
    """The same id twice: the first keeps its answers; ids that are not ours, the empty one too, are not served."""
    served = serve(urls[0])
    identity = control.new_routing_id()
    with zmq.Context() as context:
        first = dealer(context, urls[1], keys, identity)
        first.send(b"first")
        assert first.recv() == b"first"
        second = dealer(context, urls[1], keys, identity)
        second.send(b"second")
        nameless = dealer(context, urls[1], keys, b"")
        nameless.send(b"nameless")
        eventually(lambda: served.listener.counters["foreign"] == 1)
        first.send(b"again")
        assert first.recv() == b"again"
        assert second.poll(100) == 0
        for each in (first, second, nameless):
            each.close()
    assert served.seen == [b"first", b"again"]


def test_thousands_of_clients_that_come_and_go_are_forgotten(
    serve: Callable[[str], Served], urls: tuple[str, str], keys: Keyring
) -> None:
    """10,000 ids, one after the other (1,500 with keys): what the server remembers of them stays small."""
    served = serve(urls[0])
    count = 1_500 if "curve_key" in urls[0] else 10_000
    hello = control.encode(control.Hello(control.PROTOCOL))
    with zmq.Context() as context:
        for _ in range(count):
            made = dealer(context, urls[1], keys, control.new_routing_id())
            made.send(hello)
            assert control.decode(made.recv()).protocol == control.PROTOCOL
            made.close()
    # The last one is counted when its WELCOME has left.
    eventually(lambda: served.listener.counters["clients"] == count)
    assert len(served.listener._binding._clients) <= 1024
    client = BlockingSide(urls[1])
    call(client, TOPIC, b"served")
    client.close()
