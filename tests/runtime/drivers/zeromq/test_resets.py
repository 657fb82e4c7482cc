"""Connections that are reset at the worst moments end neither a server nor a client.

libzmq (4.3.5) aborts the process if it has a PING or a PONG to send on a connection that has stopped reading and was reset
since: see `sockets.configure` for how we keep out of its way. So whoever may be ended here runs in a process of its own.
"""

from __future__ import annotations

import itertools
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import msgspec
import pytest
import zmq
from rpcgen.runtime import ConnectionLost
from rpcgen.runtime.drivers.zeromq import control

from tests.bare import HELLO
from tests.chaos.proxy import Chunks, Proxy
from tests.runtime.drivers.zeromq.keyring import Keyring
from tests.runtime.drivers.zeromq.parts import (
    ROOT,
    SIDES,
    TOPIC,
    BlockingSide,
    Client,
    ServerProcess,
    call,
    eventually,
)
from tests.zmtp import PING, Stream, message, ready, reset

Launch = Callable[..., ServerProcess]

#: Messages that may wait at one connection, and a time between PINGs that is over before the test is.
FAST = "heartbeat=0.05&heartbeat_timeout=1"
SMALL = f"hwm=10&{FAST}"

WELCOME = b"\xc1\x02" + msgspec.msgpack.encode((1, "s1", [("test", "echo")], False))


@pytest.fixture
def keys(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "keys")


def port_of(url: str) -> int:
    return int(url.partition("?")[0].rpartition(":")[2])


@pytest.mark.parametrize("world", SIDES)
def test_a_server_that_reads_nothing_outlives_a_flood_that_is_reset(
    launch: Launch, tcp: str, world: str
) -> None:
    """More messages than may wait, then a reset, while the program does something else; then others are served."""
    server = launch(f"{tcp}?{SMALL}", world=world)
    flood = Stream.to(port_of(tcp))
    flood.greet(ready(control.new_routing_id()))
    flood.say(message(b"nap:0.5") + message(b"x") * 30)
    eventually(flood.was_read)
    flood.reset()
    client = BlockingSide(tcp)
    peer = client.route(TOPIC, 10.0)
    client.send(peer, b"served")
    assert client.arrivals(bool, 10.0) == [(peer, b"served")]
    assert server.process.poll() is None
    client.close()


def test_a_server_learns_from_its_system_that_a_silent_client_is_gone(
    launch: Launch, tcp: str
) -> None:
    """It sends no PING, so a host that vanished would stay for ever."""
    launch(tcp)
    silent = Stream.to(port_of(tcp))
    silent.greet(ready(control.new_routing_id()))
    eventually(silent.is_asked_for)
    silent.reset()


def test_an_id_that_is_taken_floods_nobody(launch: Launch, tcp: str) -> None:
    """What comes by the second connection of one id is never read; its reset harms nobody."""
    server = launch(f"{tcp}?{SMALL}")
    identity = control.new_routing_id()
    first, second = Stream.to(port_of(tcp)), Stream.to(port_of(tcp))
    for stream in (first, second):
        stream.greet(ready(identity))
    first.say(message(b"first"))
    assert first.hear() == b"first"
    second.say(message(b"second") * 30)
    eventually(second.was_read)
    second.reset()
    stays(server.process)
    first.say(message(b"again"))
    assert first.hear() == b"again"
    first.reset()


@contextmanager
def asking(url: str) -> Iterator[subprocess.Popen[str]]:
    """A client's process, which has asked once and reads no answers."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.runtime.drivers.zeromq.nap_client", url],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        try:
            yield process
        finally:
            process.kill()


def expect(process: subprocess.Popen[str], word: str) -> None:
    """Wait until the client says so."""
    assert process.stdout is not None
    assert process.stdout.readline() == f"{word}\n"


def says(process: subprocess.Popen[str], word: str) -> None:
    """Wait until the client says so, and let it go on."""
    expect(process, word)
    tell(process)


def tell(process: subprocess.Popen[str]) -> None:
    """Let the client go on."""
    assert process.stdin is not None
    process.stdin.write("\n")
    process.stdin.flush()


def stays(process: subprocess.Popen[str]) -> None:
    """See that a process does not end while some PINGs are due."""
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(0.3)


def test_a_client_that_reads_nothing_outlives_answers_that_are_reset(tcp: str) -> None:
    """A server that says more than may wait, a PING among it, and dies: the client goes on when it reads."""
    with socket.create_server(("127.0.0.1", port_of(tcp))) as listening:
        listening.settimeout(10.0)

        def accept() -> Stream:
            stream = Stream(listening.accept()[0])
            stream.greet(ready(kind="ROUTER"))
            assert stream.hear() == HELLO
            stream.say(message(WELCOME))
            return stream

        with asking(f"{tcp}?{SMALL}") as process:
            stream = accept()
            says(process, "found")
            assert stream.hear() == b"first"
            stream.say(message(b"x") * 15 + PING + message(b"x") * 15)
            eventually(stream.was_read)
            stream.reset()
            stays(process)
            served = threading.Thread(target=lambda: answer(accept()))
            served.start()
            says(process, "asked")
            expect(process, "answered")
            served.join(10.0)


def answer(stream: Stream) -> None:
    """Answer what comes until the client goes."""
    with suppress(AssertionError, OSError):
        while frame := stream.hear():
            stream.say(message(frame))
    stream.reset()


class Spoiler:
    """A toxic that changes the last byte that passes, once it is told to."""

    def __init__(self) -> None:
        self.told = threading.Event()
        self.spoiled = threading.Event()

    async def __call__(self, chunks: Chunks) -> Chunks:
        async for chunk in chunks:
            if self.told.is_set() and not self.spoiled.is_set():
                yield chunk[:-1] + bytes([chunk[-1] ^ 1])
                self.spoiled.set()
            else:
                yield chunk


@pytest.mark.parametrize("world", SIDES)
def test_a_server_outlives_a_changed_message_and_a_reset(
    launch: Launch, tcp: str, keys: Keyring, connect: Callable[[str], Client]
) -> None:
    """With keys, a message that was changed on its way ends its connection at once, and nothing else."""
    server = launch(f"{keys.server(tcp)}&{FAST}")
    spoiler = Spoiler()
    with Proxy(port_of(tcp), [spoiler]) as proxy:
        client = connect(f"{keys.client(f'zmq+tcp://127.0.0.1:{proxy.port}')}&heartbeat=60")
        call(client, TOPIC, b"before")
        spoiler.told.set()
        client.send(client.route(TOPIC), b"changed")
        eventually(spoiler.spoiled.is_set)
        proxy.cut()
        [(_, loss)] = client.arrivals(bool, 3.0)
        assert isinstance(loss, ConnectionLost)
        stays(server.process)
        call(client, TOPIC, b"after")


def test_a_client_outlives_a_changed_answer_and_a_reset(
    launch: Launch, tcp: str, keys: Keyring
) -> None:
    """The same on the way back."""
    launch(keys.server(tcp))
    spoiler = Spoiler()
    with Proxy(port_of(tcp), [], [spoiler]) as proxy:
        url = f"{keys.client(f'zmq+tcp://127.0.0.1:{proxy.port}')}&{FAST}"
        with asking(url) as process:
            expect(process, "found")
            spoiler.told.set()
            tell(process)
            eventually(spoiler.spoiled.is_set)
            proxy.cut()
            stays(process)
            says(process, "asked")
            expect(process, "answered")


@contextmanager
def cutter(port: int, sizes: Iterator[int]) -> Iterator[tuple[int, list[int]]]:
    """A port whose connections are forwarded to another, each until so many bytes have passed, and then reset there."""
    cuts: list[int] = []
    ended = threading.Event()

    def forward(client: socket.socket, size: int) -> None:
        try:
            server = socket.create_connection(("127.0.0.1", port))
        except OSError:  # it is not there any more: the test sees that
            client.close()
            return
        with client, server:
            with suppress(OSError):
                for stream in (client, server):
                    stream.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                    stream.settimeout(5.0)
            back = threading.Thread(target=copy, args=(server, client))
            back.start()
            with suppress(OSError):
                while size > 0 and (chunk := client.recv(65536)):
                    server.sendall(chunk[:size])
                    size -= len(chunk)
            cuts.append(size)
            reset(server)
            with suppress(OSError):
                client.shutdown(socket.SHUT_RDWR)
            back.join()

    def accept() -> None:
        with suppress(OSError):
            while not ended.is_set():
                stream, _ = listening.accept()
                each = threading.Thread(target=forward, args=(stream, next(sizes)))
                each.start()
                threads.append(each)

    threads: list[threading.Thread] = []
    with socket.create_server(("127.0.0.1", 0), backlog=128) as listening:
        accepting = threading.Thread(target=accept)
        accepting.start()
        yield listening.getsockname()[1], cuts
        ended.set()
        with suppress(OSError):
            listening.shutdown(socket.SHUT_RDWR)
    accepting.join()
    for each in threads:
        each.join()


def copy(source: socket.socket, sink: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(65536):
            sink.sendall(chunk)


#: Bytes of a client's part of a CURVE handshake: greeting, HELLO, INITIATE.
_GREETING, _HELLO, _INITIATE = 64, 202, 301


@pytest.mark.timeout(120)
def test_thousands_of_cut_handshakes_end_no_server(launch: Launch, tcp: str, keys: Keyring) -> None:
    """2,000 clients with keys are reset in the middle of the handshake, most of them while the server asks whether to
    admit them, and one is served."""
    count = 2_000
    server = launch(f"{keys.server(tcp)}&{FAST}")
    whole = _GREETING + _HELLO + _INITIATE
    sizes = itertools.cycle(
        (whole, whole, whole - 1, whole, _GREETING + _HELLO, whole, _GREETING, whole, 30)
    )
    with cutter(port_of(tcp), sizes) as (port, cuts), zmq.Context() as context:
        dealers = [keyed(context, f"tcp://127.0.0.1:{port}", keys) for _ in range(12)]
        eventually(lambda: len(cuts) >= count or server.process.poll() is not None, 100.0)
        for dealer in dealers:
            dealer.close()
    assert server.process.poll() is None
    client = BlockingSide(keys.client(tcp))
    call(client, TOPIC, b"served")
    client.close()


def keyed(
    context: zmq.Context[zmq.Socket[bytes]], address: str, keys: Keyring
) -> zmq.Socket[bytes]:
    """A DEALER with the client's key that connects again at once."""
    made = context.socket(zmq.DEALER)
    made.set(zmq.LINGER, 0)
    made.set(zmq.RECONNECT_IVL, 1)
    made.set(zmq.CURVE_SECRETKEY, (keys.folder / "client.key").read_text().split()[-1].encode())
    made.set(zmq.CURVE_PUBLICKEY, (keys.folder / "client.pub").read_text().split()[-1].encode())
    made.set(zmq.CURVE_SERVERKEY, (keys.folder / "server.pub").read_text().split()[-1].encode())
    made.connect(address)
    return made
