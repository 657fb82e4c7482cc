"""Frames too large or too many, and options and URLs that cannot be."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import zmq
from rpcgen.runtime import BadUrl, ConfigurationError, NotSent, TooLarge
from rpcgen.runtime.drivers import zeromq
from rpcgen.runtime.drivers.zeromq import control, engine
from rpcgen.runtime.peers import Peer
from rpcgen.runtime.url import parse_url

from tests.runtime.drivers.zeromq.parts import (
    TOPIC,
    BlockingSide,
    Client,
    ServerProcess,
    call,
    eventually,
)

Connect = Callable[[str], Client]
Launch = Callable[..., ServerProcess]


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


def test_a_limit_is_about_frames_and_not_about_what_the_drivers_say_to_each_other(
    connect: Connect, ipc: str, launch: Launch, world: str
) -> None:
    """A server's name may be longer than the limit."""
    server = launch(f"{ipc}?max_message=30", "a-server-with-a-name-that-is-long", world=world)
    client = connect(f"{ipc}?max_message=50")
    assert call(client, TOPIC, b"x" * 30) == "a-server-with-a-name-that-is-long"
    server.say("withdraw", "withdrawn")
    eventually(lambda: client.peer(TOPIC) is None)


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
        eventually(lambda: client.peer(TOPIC) is peers["s1"])  # it rests no more
        began = time.monotonic()
        fill(client, peers["s1"])
        found = client.in_pass(lambda: [client.driver.peer(TOPIC) for _ in range(20)])
        names = {peer.name for peer in found}
        return names if time.monotonic() < began + engine.REST else None

    assert eventually(chosen) == {"s2"}


@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("hwm=0", "option 'hwm' is 0, expected 1 to 1000000$"),
        ("max_message=-1", "option 'max_message' is -1, expected 1 to 1073741824$"),
        ("heartbeat=nan", "option 'heartbeat' is nan, expected 0.01 to 600"),
        ("choice=best", "expected one of least, round_robin"),
        ("hmw=3", "did you mean 'hwm'"),
        (f"hwm={'1' * 400}", f"option 'hwm' is {'1' * 64}, expected 1 to"),
        (f"hwm={'1' * 5000}", f"option 'hwm' is '{'1' * 64}', expected int"),
    ],
)
def test_options_out_of_bounds_are_refused(query: str, message: str, directory: Path) -> None:
    """They are found when the URL is opened."""
    with pytest.raises(BadUrl, match=message):
        zeromq.connect(parse_url(f"zmq+ipc://{directory}?{query}"))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("zmq+tcp://", "expected zmq\\+tcp"),
        ("zmq+tcp://h", "host name and a port"),
        ("zmq+tcp://h:1/x", "expected zmq\\+tcp"),
        ("zmq+tcp://h:1,h:1", "given twice"),
        ("zmq+tcp://h:0", "port from 1"),
        ("zmq+tcp://h:1,a..b:1", "'a..b' is no name of a host"),
        (
            "zmq+tcp://\udcff:1",
            r"'\\udcff' is no name of a host: it has characters that are not text",
        ),
        (f"zmq+tcp://{'a' * 64}.example:1", f"'{'a' * 64}' is no name of a host"),
        ("zmq+tpc://h:1", "did you mean"),
        ("zmq://h:1", "zmq\\+ipc, zmq\\+redis, zmq\\+ring, zmq\\+tcp"),
    ],
)
def test_urls_that_cannot_be_are_refused(url: str, message: str) -> None:
    """They are found when the URL is opened."""
    with pytest.raises(BadUrl, match=message):
        zeromq.connect(parse_url(url))


@pytest.mark.parametrize("name", ["xn--\u00fc", "\u00fc" * 60])
def test_a_name_without_a_form_in_ascii_has_no_address(name: str) -> None:
    """A server that is to listen there says so."""
    with pytest.raises(ConfigurationError, match=f"cannot listen on {name}:7000: Name or service"):
        zeromq.listen(parse_url(f"zmq+tcp://{name}:7000"), [TOPIC], "s1")
