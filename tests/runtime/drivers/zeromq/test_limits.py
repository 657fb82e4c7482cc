"""Frames too large or too many, and peers that do not keep to the protocol."""

from __future__ import annotations

import contextlib
import errno
import os
import random
import resource
import signal
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq
from rpcgen.runtime import BadUrl, ConfigurationError, ConnectionLost, NotSent, Target, TooLarge
from rpcgen.runtime.drivers import zeromq
from rpcgen.runtime.drivers.zeromq import control, engine, link
from rpcgen.runtime.drivers.zeromq.blocking.listener import BlockingListener
from rpcgen.runtime.peers import Peer
from rpcgen.runtime.url import parse_url

from tests.runtime.drivers.zeromq.parts import (
    TOPIC,
    BlockingSide,
    Client,
    ServerProcess,
    call,
    eventually,
    losses,
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


def test_a_frame_larger_than_the_limit_is_refused_by_its_sender(
    connect: Connect, ipc: str, launch: Launch
) -> None:
    """One byte over the limit is TooLarge; the limit itself passes."""
    launch(ipc)
    client = connect(f"{ipc}?max_message=100000")
    peer = client.route(TOPIC)
    with pytest.raises(TooLarge, match="100001 bytes, and max_message is 100000"):
        client.send(peer, b"x" * 100_001)
    call(client, TOPIC, b"x" * 100_000)


def test_an_answer_larger_than_the_limit_is_refused_by_its_sender(tcp: str) -> None:
    """The listener raises TooLarge and goes on."""
    listener = zeromq.listen(parse_url(f"{tcp}?max_message=1000"), [TOPIC], "s1")
    requests: list[tuple[Any, bytes]] = []

    def serve() -> None:
        while not requests:
            requests.extend(listener.poll(5.0))

    thread = threading.Thread(target=serve)
    thread.start()
    client = BlockingSide(tcp)
    peer = client.route(TOPIC)
    client.send(peer, b"request")
    thread.join()
    [(caller, frame)] = requests
    assert frame == b"request"
    with pytest.raises(TooLarge, match="1001 bytes, and max_message is 1000"):
        listener.send(caller, b"x" * 1001)
    assert listener.send(caller, b"x" * 1000)
    assert client.arrivals(bool) == [(peer, b"x" * 1000)]
    client.close()
    listener.close()


def test_a_frame_forced_past_the_limit_costs_only_its_sender(
    connect: Connect, tcp: str, launch: Launch
) -> None:
    """A server of a lower limit hangs up on who sends more; others are served on."""
    launch(tcp, world="blocking")
    port = tcp.rpartition(":")[2]
    rude, polite = connect(tcp), connect(tcp)
    call(polite, TOPIC, b"before")
    with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
        dealer.set(zmq.LINGER, 0)
        dealer.set(zmq.ROUTING_ID, control.new_routing_id())
        dealer.connect(f"tcp://127.0.0.1:{port}")
        dealer.send(b"x" * (17 * 1024 * 1024))
        call(polite, TOPIC, b"after")
        assert dealer.poll(50) == 0
    call(rude, TOPIC, b"still there")


def fill(client: Client, peer: Peer) -> tuple[int, NotSent]:
    """Send until it is refused; how many frames were taken, and the error."""
    for sent in range(10_000):
        try:
            client.send(peer, b"x" * 20_000)
        except NotSent as error:
            return sent, error
    raise AssertionError("10,000 frames were taken")


def test_a_server_that_does_not_read_is_not_sent_to(
    connect: Connect, ipc: str, launch: Launch
) -> None:
    """At the high-water mark a send is NotSent, and memory does not grow; afterwards the server answers them all."""
    server = launch(f"{ipc}?hwm=10")
    client = connect(f"{ipc}?hwm=10")
    peer = client.route(TOPIC)
    server.pause()
    sent, error = fill(client, peer)
    assert str(error) == "s1 does not read: 10 messages wait for it (option hwm)"
    assert client.driver.counters["full"] == 1
    server.process.send_signal(signal.SIGCONT)
    client.arrivals(lambda found: len(found) == sent)


def test_a_server_that_does_not_read_rests_while_there_is_another(
    connect: Connect, ipc: str, launch: Launch
) -> None:
    """After a refused send the others are chosen for a moment; alone it would be tried again."""
    server = launch(f"{ipc}?hwm=10", "s1")
    launch(f"{ipc}?hwm=10", "s2")
    client = connect(f"{ipc}?hwm=10")
    peers = {}

    def both() -> bool:
        peer = client.peer(TOPIC) or client.route(TOPIC)
        peers[peer.name] = peer
        return len(peers) == 2

    eventually(both)
    server.pause()
    fill(client, peers["s1"])

    def chosen() -> set[str] | None:
        """Whom it chooses after it was refused; None if that took as long as a rest."""
        began = time.monotonic()
        fill(client, peers["s1"])
        found = client.in_pass(lambda: [client.driver.peer(TOPIC) for _ in range(20)])
        names = {peer.name for peer in found}
        return names if time.monotonic() < began + engine.REST else None

    assert eventually(chosen) == {"s2"}


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


@pytest.mark.parametrize(
    "query", ["hwm=0", "max_message=-1", "heartbeat=nan", "choice=best", "hmw=3"]
)
def test_options_out_of_bounds_are_refused(query: str, directory: Path) -> None:
    """They are found when the URL is opened."""
    with pytest.raises(BadUrl):
        zeromq.connect(parse_url(f"zmq+ipc://{directory}?{query}"))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("zmq+tcp://", "expected zmq\\+tcp"),
        ("zmq+tcp://h", "host name and a port"),
        ("zmq+tcp://h:1/x", "expected zmq\\+tcp"),
        ("zmq+tcp://h:1,h:1", "given twice"),
        ("zmq+tcp://h:0", "port from 1"),
        ("zmq+tpc://h:1", "did you mean"),
        ("zmq://h:1", "zmq\\+ipc, zmq\\+redis, zmq\\+ring, zmq\\+tcp"),
    ],
)
def test_urls_that_cannot_be_are_refused(url: str, message: str) -> None:
    """They are found when the URL is opened."""
    with pytest.raises(BadUrl, match=message):
        zeromq.connect(parse_url(url))


def test_a_lost_peer_is_reported_once(connect: Connect, tcp: str, launch: Launch) -> None:
    """After its loss nothing more is heard of a peer."""
    server = launch(tcp)
    client = connect(tcp)
    call(client, TOPIC, b"hello")
    server.kill()
    assert losses(client.arrivals(bool)) == [("s1", ConnectionLost)]
    with pytest.raises(AssertionError, match="only 0 arrived"):
        client.arrivals(bool, 0.1)


@contextlib.contextmanager
def few_files(more: int) -> Iterator[None]:
    """Let this process open only so many more files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("more", range(1, 16))
def test_without_free_files_nothing_is_opened_and_nothing_leaks(
    directory: Path, ipc: str, more: int
) -> None:
    """However far opening comes, the error is ours and says why, and what was opened is closed."""
    before = len(os.listdir("/proc/self/fd"))
    with few_files(more), contextlib.suppress(ConfigurationError):
        zeromq.listen(parse_url(ipc), [TOPIC], "s1").close()
    with few_files(more), contextlib.suppress(ConfigurationError):
        zeromq.connect(parse_url(ipc)).close()
    assert len(os.listdir("/proc/self/fd")) <= before
    assert not directory.exists() or not list(directory.iterdir())


def test_an_attempt_for_which_there_is_no_file_leaves_nothing(
    connect: Connect, tcp: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server hangs up, and there is no descriptor to ask it twice: the client may try again later, and close."""
    links: list[engine.Link] = []

    def first_only(*arguments: Any) -> engine.Link:
        if links:
            raise zmq.ZMQError(errno.EMFILE)
        links.append(link.Link(*arguments))
        return links[0]

    monkeypatch.setattr(engine, "Link", first_only)
    with socket.create_server(("127.0.0.1", int(tcp.rpartition(":")[2]))) as server:

        def answer() -> None:
            server.accept()[0].close()

        hang_up = threading.Thread(target=answer)
        hang_up.start()
        client = connect(tcp)
        message, _ = refusal(client, TOPIC)
        hang_up.join()
    assert "ulimit -n" in message
    assert client.driver._engine.links == {}


def test_a_client_recovers_when_files_are_free_again(
    connect: Connect, ipc: str, launch: Launch, caplog: pytest.LogCaptureFixture
) -> None:
    """Too many servers for the files: those that are connected serve on, quietly, and the others follow later."""
    names = {f"s{number}" for number in range(6)}
    for name in names:
        launch(ipc, name)
    client = connect(ipc)
    call(client, Target("test", "echo", server="s1"), b"before")
    with few_files(9):
        with contextlib.suppress(NotSent):
            client.fanout(Target("test", "echo", fanout=True), 1.0)
        for _ in range(200):
            call(client, Target("test", "echo", server="s1"), b"still here")
        assert len(caplog.records) < 5
    deadline = time.monotonic() + 6.0
    while True:
        peers, missing = client.fanout(Target("test", "echo", fanout=True), 5.0)
        if {peer.name for peer in peers} == names:
            break
        assert time.monotonic() < deadline, missing
