"""Frames that travel together, over real sockets: what leaves bundled, and what bundles that come do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime.core.codec import MSGPACK
from rpcgen.runtime.drivers.zeromq.binding import BATCH

from tests.bare import BareClient, BareServer, bundle
from tests.conformance.lab import Bench, async_endpoint, endpoint
from tests.conformance.raw import Asking, request, result_of
from tests.conformance.worlds import Worlds
from tests.runtime.drivers.zeromq.parts import TOPIC, Client, eventually
from tests.runtime.drivers.zeromq.test_bundles import MALFORMED

Connect = Callable[[str], Client]
Serve = Callable[[str], Any]
MANY = [b"%d" % number for number in range(200)]


@pytest.fixture
def bare_server(tcp: str) -> Iterator[BareServer]:
    """A ROUTER at the address of `tcp`."""
    with BareServer(tcp.removeprefix("zmq+")) as made:
        yield made


# --- servers ------------------------------------------------------------------------------------------------------


def test_a_server_takes_all_of_a_bundle(serve: Serve, url: str) -> None:
    """Every frame is a request, in order, and the answers come in the same order in fewer messages than answers."""
    served = serve(url)
    with BareClient(served.listener.addresses[0]) as client:
        client.say_together(*MANY)
        messages = client.messages(len(MANY))
    assert served.seen == MANY
    assert [frame for frames in messages for frame in frames] == MANY
    assert len(messages) < len(MANY) / 4
    assert served.listener.counters["malformed"] == 0


def test_a_single_answer_is_a_message_of_its_own(serve: Serve, ipc: str) -> None:
    """Whoever asks one at a time is answered with frames as they always were."""
    served = serve(ipc)
    with BareClient(served.listener.addresses[0]) as client:
        for frame in MANY:
            client.say(frame)
            assert client.messages(1) == [[frame]]


@pytest.mark.parametrize("name", MALFORMED)
def test_nothing_of_a_malformed_bundle_is_served(serve: Serve, ipc: str, name: str) -> None:
    """It is counted once, and what comes before and behind it on the same connection is served."""
    served = serve(ipc)
    with BareClient(served.listener.addresses[0]) as client:
        client.say(b"before")
        client.say(MALFORMED[name])
        client.say(bundle(b"behind", b"and more"))
        assert client.frames(3) == [b"before", b"behind", b"and more"]
    assert served.seen == [b"before", b"behind", b"and more"]
    assert served.listener.counters["malformed"] == 1
    assert served.listener.counters["clients"] == 1


def test_of_a_flood_of_bundles_only_so_much_is_taken_at_once(
    serve: Serve, ipc: str, world: str
) -> None:
    """A batch, and at most one bundle more for each look at the socket: the rest waits in ZeroMQ's queue."""
    served = serve(ipc)
    count = 64 * 300
    with BareClient(served.listener.addresses[0]) as client:
        client.say_together(*[b"x"] * count)
        assert client.frames(count) == [b"x"] * count
    assert sum(served.batches) == count
    # On a loop the first message is taken alone, then a batch; and one pass may look twice, for what was left and for
    # what has come.
    looks = 1 if world == "blocking" else 2
    assert max(served.batches) < looks * (64 + BATCH + 64)


@pytest.mark.parametrize("bad", [b"\x93\x01", b"junk", b"{}", b"[1"])
def test_an_unreadable_frame_costs_no_other(
    lab: ModuleType, ipc: str, world: str, bad: bytes
) -> None:
    """Of a bundle with one frame that is no request, all the others are answered; it is counted."""
    asked = [request("add", {"a": number}) for number in range(5)]
    frames = [MSGPACK.encode(each) for each in asked]
    kind = endpoint if world == "blocking" else async_endpoint
    with closing(Worlds("blocking", world)) as worlds:
        server = worlds.server(ipc, server="s1", endpoints=[kind(lab, Bench(), "s1")])
        with Asking(server.addresses[0]) as client:
            client.say(bundle(*frames[:2], bad, *frames[2:]))
            answers = client.answers(5)
        assert [result_of(answers[each.id]) for each in asked] == [1, 2, 3, 4, 5]
        assert server.serving.counters.unreadable == 1


# --- clients ------------------------------------------------------------------------------------------------------


def test_frames_that_are_sent_at_once_travel_together(
    connect: Connect, bare_server: BareServer, tcp: str
) -> None:
    """A server sees all of them, in order, in fewer messages."""
    client = connect(tcp)
    peer = client.route(TOPIC)
    bare_server.greeted()
    assert client.send_together(peer, MANY) == len(MANY)
    messages = bare_server.messages(len(MANY))
    assert [frame for frames in messages for frame in frames] == MANY
    assert len(messages) < len(MANY) / 16


def test_a_large_frame_keeps_its_place(connect: Connect, bare_server: BareServer, tcp: str) -> None:
    """Small frames do not overtake the one that is too large for their company."""
    client = connect(tcp)
    peer = client.route(TOPIC)
    bare_server.greeted()
    frames = [b"a", b"b", b"x" * 100_000, b"c", b"d", b"y" * 40_000, b"z" * 40_000, b"e"]
    client.send_together(peer, frames)
    assert bare_server.frames(len(frames)) == frames


def test_a_single_frame_leaves_at_once(connect: Connect, bare_server: BareServer, tcp: str) -> None:
    """It is there before the client's loop, or its poll, has its next turn."""
    client = connect(tcp)
    peer = client.route(TOPIC)
    bare_server.greeted()

    def send(frame: bytes) -> list[list[bytes]]:
        client.driver.send(peer, frame)
        return bare_server.messages(1)

    for frame in (b"call", b"cast"):
        assert client.in_pass(lambda frame=frame: send(frame)) == [[frame]]  # type: ignore[misc]


@pytest.mark.parametrize("world", ["blocking"], indirect=True)
def test_a_thread_that_stays_holds_up_no_single_frame(
    connect: Connect, bare_server: BareServer, tcp: str
) -> None:
    """Only where many calls wait is sending left to the thread that polls."""
    client = connect(tcp)
    peer = client.route(TOPIC)
    bare_server.greeted()
    assert client.driver.poll(0.0, staying=True) == []
    client.driver.send(peer, b"call")
    assert bare_server.messages(1) == [[b"call"]]


@pytest.mark.parametrize("world", ["blocking"], indirect=True)
def test_frames_are_left_to_nobody_who_does_not_stay(
    connect: Connect, bare_server: BareServer, tcp: str
) -> None:
    """After a poll that promises nothing, threads of a crowd send by themselves again."""
    client = connect(tcp)
    peer = client.route(TOPIC)
    peer.outstanding = 64
    bare_server.greeted()
    assert client.driver.poll(0.0, staying=True) == []
    client.driver.send(peer, b"left")
    assert bare_server.socket.poll(20) == 0
    assert client.driver.poll(0.0) == []
    assert bare_server.messages(1) == [[b"left"]]
    client.driver.send(peer, b"sent")
    assert bare_server.messages(1) == [[b"sent"]]


def test_frames_that_fit_alone_fit_together(connect: Connect, tcp: str) -> None:
    """A bundle is no larger than the client's own `max_message` either."""
    with BareServer(tcp.removeprefix("zmq+")) as bare_server:
        client = connect(f"{tcp}?max_message=1000")
        peer = client.route(TOPIC)
        bare_server.greeted()
        frames = [bytes([number]) * 600 for number in range(40)]
        client.send_together(peer, frames)
        assert bare_server.frames(len(frames)) == frames


def test_answers_that_fit_alone_fit_together(serve: Serve, tcp: str) -> None:
    """A bundle is no larger than the server's own `max_message` either."""
    served = serve(f"{tcp}?max_message=1000")
    frames = [bytes([number]) * 600 for number in range(40)]
    with BareClient(served.listener.addresses[0]) as client:
        client.say_together(*frames)
        assert client.frames(len(frames)) == frames


def test_a_bundle_of_answers_is_understood(
    connect: Connect, bare_server: BareServer, tcp: str
) -> None:
    """Every frame of it arrives, in order, and a single one behind it too."""
    client = connect(tcp)
    peer = client.route(TOPIC)
    bare_server.greeted()
    for _ in range(10):
        bare_server.say(bundle(*MANY[:64]))
        bare_server.say(bundle(*MANY[64:66]))
        bare_server.say(MANY[66])
    arrived = client.arrivals(lambda found: len(found) >= 670)
    assert arrived == [(peer, frame) for frame in MANY[:67]] * 10


@pytest.mark.parametrize("name", MALFORMED)
def test_nothing_of_a_malformed_bundle_arrives(
    connect: Connect, bare_server: BareServer, tcp: str, name: str
) -> None:
    """It is counted once, and the connection goes on."""
    client = connect(tcp)
    peer = client.route(TOPIC)
    bare_server.greeted()
    bare_server.say(MALFORMED[name])
    bare_server.say(bundle(b"good", b"and more"))
    assert client.arrivals(lambda found: len(found) >= 2) == [(peer, b"good"), (peer, b"and more")]
    assert client.driver.counters["malformed"] == 1
    client.send(peer, b"still here")
    assert bare_server.frames(1) == [b"still here"]


@pytest.mark.parametrize("world", ["blocking"], indirect=True)
def test_of_a_flood_of_answers_only_so_much_is_taken_at_once(
    connect: Connect, bare_server: BareServer, tcp: str
) -> None:
    """One look at a socket takes a batch, and at most one bundle more."""
    client = connect(tcp)
    client.route(TOPIC).outstanding = 1_000_000
    bare_server.greeted()
    for _ in range(300):
        bare_server.say(bundle(*[b"x"] * 64))
    sizes: list[int] = []

    def drained() -> bool:
        sizes.append(len(client.driver.poll(0.05)))
        return sum(sizes) == 64 * 300

    eventually(drained)
    assert max(sizes) < BATCH + 64
