"""What a server has not read costs a client only so much, although frames travel together."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from rpcgen.runtime.drivers.zeromq.bundles import ASK, LIMIT, Backlog, Outbox
from rpcgen.runtime.drivers.zeromq.link import Link
from rpcgen.runtime.peers import Peer

from tests.bare import BareServer, frames_of
from tests.runtime.drivers.zeromq.parts import TOPIC, Client, eventually

Connect = Callable[[str], Client]
Serve = Callable[[str], Any]
SIZE = 1000


def numbered(begin: int, end: int) -> list[bytes]:
    return [b"%06d".ljust(SIZE) % number for number in range(begin, end)]


# --- the parts --------------------------------------------------------------------------------------------------------


def test_what_was_read_counts_no_more() -> None:
    """What left behind the question may still be unread."""
    backlog = Backlog()
    assert [backlog.add(ASK // 2) for _ in range(2)] == [False, True]
    backlog.ask()
    assert not backlog.add(LIMIT - ASK - 1)  # it was asked, and has not answered
    assert not backlog.full
    backlog.add(1)
    assert backlog.full
    backlog.answered()
    assert not backlog.full
    assert backlog.add(ASK)
    assert backlog.full


def test_an_answer_to_nothing_says_nothing() -> None:
    """A server may say WELCOME at any time."""
    backlog = Backlog()
    backlog.add(LIMIT)
    backlog.answered()
    assert backlog.full


@pytest.mark.usefixtures("unhurried")
def test_frames_leave_alone_for_a_peer_that_takes_no_bundles() -> None:
    """In order, each in a message of its own."""
    sent: list[tuple[str, list[bytes]]] = []

    def send(peer: str, message: bytes, count: int) -> bool:
        assert count == len(frames_of(message))
        sent.append((peer, frames_of(message)))
        return True

    outbox = Outbox(send, lambda peer: peer == "reads")
    for frame in (b"1", b"2"):
        outbox.put("reads", frame)
        outbox.put("sleeps", frame)
    outbox.flush()
    assert sent == [("reads", [b"1", b"2"]), ("sleeps", [b"1"]), ("sleeps", [b"2"])]


# --- over sockets -----------------------------------------------------------------------------------------------------


def test_bundles_wait_for_a_server_that_does_not_say_that_it_has_read(
    connect: Connect, tcp: str
) -> None:
    """Beyond the limit every frame is a message, which the high-water mark counts; then they travel together again."""
    count = 2 * LIMIT // SIZE
    with BareServer(tcp.removeprefix("zmq+")) as server:
        client = connect(f"{tcp}?hwm=100000")
        peer = client.route(TOPIC)
        server.greeted()
        for begin in range(0, count, 500):
            part = numbered(begin, min(begin + 500, count))
            assert client.send_together(peer, part) == len(part)
        messages = server.messages(count)
        assert [frame for frames in messages for frame in frames] == numbered(0, count)
        bundled = [index for index, frames in enumerate(messages) if len(frames) > 1]
        together = SIZE * sum(len(messages[index]) for index in bundled)
        assert LIMIT - 64 * SIZE <= together <= LIMIT + 64 * SIZE
        assert len(messages) - bundled[-1] - 1 >= (count * SIZE - together) // SIZE - 500
        server.welcome()

        def again() -> bool:
            client.send_together(peer, numbered(0, 10))
            return len(server.messages(10)) < 10

        eventually(again)


def test_a_server_that_reads_gets_bundles_however_many(
    connect: Connect, serve: Serve, tcp: str
) -> None:
    """It says so itself, and nothing of the driver's is seen by the program."""
    served = serve(tcp)
    client = connect(tcp)
    peer = client.route(TOPIC)
    count = 2 * LIMIT // SIZE
    for begin in range(0, count, 500):
        echo(client, peer, numbered(begin, min(begin + 500, count)))
    assert served.seen == numbered(0, count)
    assert served.listener.counters["clients"] == 1
    assert isinstance(peer, Link)
    assert peer.takes_bundles()


def echo(client: Client, peer: Peer, frames: list[bytes]) -> None:
    """Send frames together, and wait for as many answers."""
    assert client.send_together(peer, frames) == len(frames)
    client.arrivals(lambda found: len(found) == len(frames), 10.0)
