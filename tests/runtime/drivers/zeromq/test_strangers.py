"""Peers that do not keep to the protocol, on either side."""

from __future__ import annotations

import random
import socket
import threading
from collections.abc import Callable, Iterator

import pytest
import zmq
from rpcgen.runtime.drivers import zeromq
from rpcgen.runtime.drivers.zeromq import control
from rpcgen.runtime.drivers.zeromq.blocking.listener import BlockingListener
from rpcgen.runtime.url import parse_url

from tests.runtime.drivers.zeromq.parts import (
    TOPIC,
    BlockingSide,
    Client,
    ServerProcess,
    call,
    eventually,
    refusal,
)

Connect = Callable[[str], Client]
Launch = Callable[..., ServerProcess]


@pytest.fixture
def listener(tcp: str) -> Iterator[BlockingListener]:
    made = zeromq.listen(parse_url(tcp), [TOPIC], "s1")
    yield made
    made.close()


@pytest.fixture
def stranger() -> Iterator[zmq.Socket[bytes]]:
    """A DEALER that is not ours."""
    with zmq.Context() as context, context.socket(zmq.DEALER) as made:
        made.set(zmq.LINGER, 0)
        yield made


def test_strange_bytes_never_reach_the_program(listener: BlockingListener, tcp: str) -> None:
    """Random bytes and old greetings on the server's port are not delivered, and calls go on."""
    port = int(tcp.rpartition(":")[2])
    stop = threading.Event()
    delivered: list[bytes] = []

    def serve() -> None:
        while not stop.is_set():
            for caller, frame in listener.poll(0.1):
                delivered.append(frame)
                listener.send(caller, frame)

    thread = threading.Thread(target=serve)
    thread.start()
    source = random.Random(7)
    greetings = (
        b"",
        b"\xff" + bytes(8) + b"\x7f",
        b"\x01\x00",
        b"\x05\x00abcd",
        b"GET / HTTP/1.1\r\n",
    )
    for number in range(300):
        with socket.create_connection(("127.0.0.1", port)) as raw:
            raw.sendall(
                greetings[number % len(greetings)] + source.randbytes(source.randrange(300))
            )
    client = BlockingSide(tcp)
    for number in range(100):
        call(client, TOPIC, b"good %d" % number)
    client.close()
    stop.set()
    listener.wake()
    thread.join()
    assert delivered == [b"good %d" % number for number in range(100)]


def polled(listener: BlockingListener, counter: str, count: int) -> list[bytes]:
    """Poll until a counter has reached a count; what was delivered on the way."""
    found: list[bytes] = []

    def reached() -> bool:
        found.extend(frame for _, frame in listener.poll(0.01))
        return listener.counters[counter] >= count

    eventually(reached)
    return found


def test_a_socket_that_is_not_ours_is_not_served(
    listener: BlockingListener, tcp: str, stranger: zmq.Socket[bytes]
) -> None:
    """Frames from an id that libzmq made are counted as foreign."""
    stranger.connect(tcp.removeprefix("zmq+"))
    stranger.send(b"request")
    assert polled(listener, "foreign", 1) == []


def test_messages_of_many_parts_are_skipped_whole(
    listener: BlockingListener, tcp: str, stranger: zmq.Socket[bytes]
) -> None:
    """Parts of one message are never taken for ids or frames of others."""
    own = control.new_routing_id()
    stranger.set(zmq.ROUTING_ID, own)
    stranger.connect(tcp.removeprefix("zmq+"))
    for parts in ([b"a", b"b"], [b"a", own], [b"a", own, b"c"], [b""], [b"", b"d"]):
        stranger.send_multipart(parts)
    stranger.send(b"good")
    found = polled(listener, "malformed", 5)
    while not found:
        found = [frame for _, frame in listener.poll(5.0)]
    assert found == [b"good"]


@pytest.mark.parametrize(
    "frame",
    [
        b"\xc1",
        b"\xc1\x01",
        b"\xc1\x01\xc0",
        b"\xc1\x01\x91\xa1x",
        b"\xc1\x02\x94\x01\xa2s1\x90\xc2",
        b"\xc1\x99\x91\x01",
        b"\xc1\x01" + b"\x91" * 5000,
    ],
)
def test_control_frames_that_make_no_sense_are_counted(
    listener: BlockingListener, tcp: str, stranger: zmq.Socket[bytes], frame: bytes
) -> None:
    """They are not delivered, and nothing answers them."""
    stranger.set(zmq.ROUTING_ID, control.new_routing_id())
    stranger.connect(tcp.removeprefix("zmq+"))
    stranger.send(frame)
    assert polled(listener, "malformed", 1) == []


@pytest.fixture
def impostor(tcp: str) -> Iterator[zmq.Socket[bytes]]:
    """A ROUTER at the server's address that answers what a test tells it to."""
    with zmq.Context() as context, context.socket(zmq.ROUTER) as made:
        made.set(zmq.LINGER, 0)
        made.bind(tcp.removeprefix("zmq+"))
        yield made


def answering(impostor: zmq.Socket[bytes], *frames: bytes) -> threading.Thread:
    """Answer the first frame that comes."""

    def run() -> None:
        if impostor.poll(5000):
            identity, _ = impostor.recv_multipart()
            for frame in frames:
                impostor.send_multipart([identity, frame])

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def test_a_server_of_another_protocol_is_refused(
    connect: Connect, tcp: str, impostor: zmq.Socket[bytes]
) -> None:
    """The error says which protocol each side speaks."""
    welcome = control.encode(control.Welcome(2, "s1", [("test", "echo")], False))
    thread = answering(impostor, welcome)
    message, seconds = refusal(connect(tcp), TOPIC)
    thread.join()
    assert "it speaks protocol 2, and we speak 1" in message
    assert seconds < 1.0


def test_a_broken_welcome_is_ignored(
    connect: Connect, tcp: str, impostor: zmq.Socket[bytes]
) -> None:
    """Nonsense before a good WELCOME is counted; then the server is used."""
    bad = control.encode(control.Welcome(1, "a*b", [], False))
    good = control.encode(control.Welcome(1, "s1", [("test", "echo")], False))
    thread = answering(impostor, b"", b"\xc1\x07", bad, b"\xc1\x01\x91\x01", good, b"data")
    client = connect(tcp)
    peer = client.route(TOPIC)
    thread.join()
    assert client.arrivals(bool) == [(peer, b"data")]
    assert client.driver.counters["malformed"] == 4


def test_a_port_that_speaks_something_else_is_no_server(connect: Connect, tcp: str) -> None:
    """A client says so at once."""
    with socket.create_server(("127.0.0.1", int(tcp.rpartition(":")[2]))) as server:

        def answer() -> None:
            for _ in range(2):  # the client asks again, for a server that stops hangs up too
                connection, _ = server.accept()
                with connection:
                    connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
                    connection.recv(1000)

        thread = threading.Thread(target=answer)
        thread.start()
        message, seconds = refusal(connect(f"{tcp}?connect_timeout=1"), TOPIC)
        thread.join()
    assert "no server of ours" in message or "refused" in message
    assert seconds < 2.0
