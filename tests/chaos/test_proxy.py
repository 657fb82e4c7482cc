"""The proxy does what its toxics say, and nothing without them."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import pytest

from tests.chaos.proxy import (
    Chunks,
    Proxy,
    Toxic,
    bandwidth,
    blackhole,
    corrupt,
    cut_after,
    latency,
    record,
    slices,
    stalled,
    twice,
)
from tests.conformance.waiting import eventually

TEXT = bytes(range(256)) * 8


@pytest.fixture
def echo() -> Iterator[int]:
    """A server that sends back what it reads; its port."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        threads: list[threading.Thread] = []

        def serve() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = server.accept()
                    threads.append(threading.Thread(target=answer, args=(connection,)))
                    threads[-1].start()

        def answer(connection: socket.socket) -> None:
            with connection, suppress(OSError):
                while chunk := connection.recv(65536):
                    connection.sendall(chunk)

        accepting = threading.Thread(target=serve)
        accepting.start()
        yield server.getsockname()[1]
        server.shutdown(socket.SHUT_RDWR)
        accepting.join()
    for thread in threads:
        thread.join()


@contextmanager
def through(port: int, *up: Toxic, down: tuple[Toxic, ...] = ()) -> Iterator[socket.socket]:
    """A connection through a proxy."""
    with (
        Proxy(port, list(up), list(down)) as proxy,
        socket.create_connection(("127.0.0.1", proxy.port)) as stream,
    ):
        stream.settimeout(5.0)
        yield stream


def read(stream: socket.socket, size: int = 2**20) -> bytes:
    """So many bytes, or all until the end."""
    found = b""
    with suppress(ConnectionError):
        while len(found) < size and (chunk := stream.recv(65536)):
            found += chunk
    return found


def test_nothing_is_changed_without_toxics(echo: int) -> None:
    """Bytes come back as they were."""
    with through(echo) as stream:
        stream.sendall(TEXT)
        assert read(stream, len(TEXT)) == TEXT


def test_slices_are_put_together_again(echo: int) -> None:
    """One byte at a time, both ways."""
    up: list[int] = []
    down: list[int] = []
    with through(echo, slices(), sizes(up), down=(slices(), sizes(down))) as stream:
        stream.sendall(TEXT)
        assert read(stream, len(TEXT)) == TEXT
    assert up == down == [1] * len(TEXT)


def sizes(into: list[int]) -> Toxic:
    """Keeps how large the pieces are that pass."""

    async def toxic(chunks: Chunks) -> Chunks:
        async for chunk in chunks:
            into.append(len(chunk))
            yield chunk

    return toxic


def test_latency_delays_and_keeps_the_order(echo: int) -> None:
    """What jitter would put in another order waits."""
    with through(echo, slices(256), latency(0.05, 0.04)) as stream:
        began = time.monotonic()
        stream.sendall(TEXT)
        assert read(stream, len(TEXT)) == TEXT
        assert time.monotonic() - began > 0.02


def test_bandwidth_takes_its_time(echo: int) -> None:
    """2 KiB at 10 KiB a second."""
    with through(echo, bandwidth(10240)) as stream:
        began = time.monotonic()
        stream.sendall(TEXT)
        assert read(stream, len(TEXT)) == TEXT
        assert time.monotonic() - began >= len(TEXT) / 10240


def test_a_cut_is_where_it_was_asked_for(echo: int) -> None:
    """100 bytes, then the end."""
    with through(echo, down=(cut_after(100),)) as stream:
        stream.sendall(TEXT)
        assert read(stream) == TEXT[:100]


def test_all_connections_can_be_cut(echo: int) -> None:
    """At once, and later ones are served."""
    with Proxy(echo) as proxy:
        for _ in range(2):
            with socket.create_connection(("127.0.0.1", proxy.port)) as stream:
                stream.settimeout(5.0)
                stream.sendall(b"x")
                assert read(stream, 1) == b"x"
                proxy.cut()
                assert read(stream) == b""
        assert proxy.accepted == 2


def test_a_black_hole_swallows_while_it_is_there(echo: int) -> None:
    """And the connection stays."""
    hole, came = threading.Event(), bytearray()
    with through(echo, record(came), blackhole(hole)) as stream:
        hole.set()
        stream.sendall(b"lost")
        eventually(lambda: bytes(came) == b"lost")
        stream.settimeout(0.2)
        with pytest.raises(TimeoutError):
            stream.recv(1)
        hole.clear()
        stream.settimeout(5.0)
        stream.sendall(b"kept")
        assert read(stream, 4) == b"kept"


def test_a_stalled_connection_keeps_what_is_in_it(echo: int) -> None:
    """Nothing is lost, and it comes later."""
    held = threading.Event()
    with through(echo, stalled(held)) as stream:
        held.set()
        stream.sendall(b"kept")
        stream.settimeout(0.2)
        with pytest.raises(TimeoutError):
            stream.recv(1)
        held.clear()
        stream.settimeout(5.0)
        assert read(stream, 4) == b"kept"


def test_corruption_changes_one_bit_in_so_many_bytes(echo: int) -> None:
    """Exactly those."""
    with through(echo, slices(7), corrupt(100)) as stream:
        stream.sendall(TEXT)
        found = read(stream, len(TEXT))
    wrong = [at for at, (a, b) in enumerate(zip(found, TEXT, strict=True)) if a != b]
    assert wrong == list(range(99, len(TEXT), 100))


def test_what_passes_is_kept(echo: int) -> None:
    """For those who look for what must not be there."""
    kept = bytearray()
    with through(echo, record(kept)) as stream:
        stream.sendall(TEXT)
        read(stream, len(TEXT))
    assert kept == TEXT


def test_messages_are_sent_twice(echo: int) -> None:
    """Greeting and commands once; short and long messages, however they are cut on the way, twice."""
    greeting, command = b"\xff" + bytes(63), b"\x04\x02ab"
    short, long = b"\x00\x03abc", b"\x02" + (300).to_bytes(8, "big") + b"y" * 300
    with through(echo, slices(11), twice()) as stream:
        stream.sendall(greeting + command + short + long)
        expected = greeting + command + short * 2 + long * 2
        assert read(stream, len(expected)) == expected
