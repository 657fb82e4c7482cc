"""Frames that wait to leave, over real sockets: without room, when the server goes, with slow handlers, and at the end."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

import pytest
from rpcgen.runtime import ConnectionLost, NotSent
from rpcgen.runtime.drivers import zeromq
from rpcgen.runtime.drivers.zeromq.bundles import LATE
from rpcgen.runtime.peers import Peer, Stranded, Undelivered
from rpcgen.runtime.url import parse_url

from tests.bare import BareClient, BareServer
from tests.conformance.worlds import Loop
from tests.runtime.drivers.zeromq.parts import TOPIC, Client, eventually, losses, numbered

Connect = Callable[[str], Client]
WAIT = 10.0

#: Seconds without room after which there is none: libzmq and the system have filled their buffers.
STUCK = 0.3

# --- no room ---------------------------------------------------------------------------------------------------------


def test_a_client_without_room_keeps_the_order(connect: Connect, tcp: str) -> None:
    """What was taken arrives once, in order, when the server reads again; the next is refused until then."""
    with BareServer(tcp.removeprefix("zmq+"), hwm=1) as server:
        client = connect(f"{tcp}?hwm=2")
        peer = client.route(TOPIC)
        server.greeted()
        frames = [b"%05d" % number + b"x" * 40_000 for number in range(1000)]
        taken = 0
        while not waiting(client):
            taken += client.send_together(peer, frames[taken : taken + 50])
        more, refusal = refused(client, peer, frames[taken:])  # there may be room for what waits
        taken += more
        assert str(refusal) == "s1 does not read: 2 messages wait for it (option hwm)"
        assert client.driver.counters["full"] > 0
        found: list[bytes] = []

        def arrived(count: int) -> bool:
            client.send_together(peer, ())  # gives the client its turn
            while server.socket.poll(0):
                found.extend(server.frames(1))
            return len(found) == count

        eventually(lambda: arrived(taken))
        assert [frame[:5] for frame in found] == [frame[:5] for frame in frames[:taken]]
        assert not waiting(client)
        client.send(peer, b"last")
        eventually(lambda: arrived(taken + 1))
        assert found[-1] == b"last"


def test_what_has_not_left_when_a_server_goes_may_go_elsewhere(connect: Connect, tcp: str) -> None:
    """Each such message is named, in order, before it is said that the connection is lost."""
    with BareServer(tcp.removeprefix("zmq+"), hwm=1) as server:
        client = connect(f"{tcp}?hwm=2")
        peer = client.route(TOPIC)
        server.greeted()
        # So large that the buffers between have no room for another one when there was none.
        frames = [b"%05d" % number + bytes(2_000_000) for number in range(40)]
        taken, since = 0, time.monotonic()
        while time.monotonic() < since + STUCK:
            sent = client.send_together(peer, frames[taken : taken + 8])
            if sent or not waiting(client):
                taken, since = taken + sent, time.monotonic()
            assert taken < len(frames)
            threading.Event().wait(0.005)
    *stranded, (_, loss) = client.arrivals(lambda found: losses(found) != [])
    ids = [news.id for _, news in stranded if isinstance(news, Undelivered)]
    assert len(ids) == len(stranded) > 0
    assert all(isinstance(news.error, Stranded) for _, news in stranded)
    assert type(loss) is ConnectionLost
    assert ids == [frame[:5] for frame in frames[taken - len(ids) : taken]]
    assert not waiting(client)


def refused(client: Client, peer: Peer, frames: list[bytes]) -> tuple[int, NotSent]:
    """Send one after the other until one is refused; how many were taken, and why that one was not."""
    for taken, frame in enumerate(frames):
        try:
            client.send(peer, frame)
        except NotSent as error:
            return taken, error
    raise AssertionError("all were taken")


def waiting(client: Client) -> bool:
    """Whether frames wait in the client itself."""
    driver = client.driver
    mail = getattr(driver, "_mail", None)
    return bool(driver._outbox.frames) if mail is None else mail.lies


def test_answers_that_are_dropped_are_counted_one_by_one(
    serve: Callable[[str], Any], tcp: str, caplog: pytest.LogCaptureFixture
) -> None:
    """At the high-water mark of a caller that does not read, each answer is either there in the end or counted.

    One line of the log says so.
    """
    served = serve(f"{tcp}?hwm=1")
    count = 64 * 100
    with BareClient(served.listener.addresses[0], hwm=1) as client:
        for number in range(count // 64):
            client.say_together(
                *[b"%05d" % (64 * number + each) + b"x" * 700 for each in range(64)]
            )
        eventually(lambda: len(served.seen) == count, 20.0)
        eventually(lambda: served.listener.counters["full"])
        found: list[int] = []

        def all_are_told_of() -> bool:
            while client.socket.poll(0):
                found.extend(int(frame[:5]) for frame in client.frames(1))
            return len(found) + served.listener.counters["full"] == count

        eventually(all_are_told_of)
        eventually(lambda: served.unsent == served.listener.counters["full"])
        assert client.socket.poll(100) == 0
    assert 0 < len(found) < count
    assert sorted(set(found)) == found
    assert served.listener.counters["unreachable"] == 0
    assert [record.getMessage() for record in caplog.records] == [
        "dropped an answer: its caller does not read, and hwm=1 are waiting"
    ]


# --- slow handlers, and closing -----------------------------------------------------------------------------------


def test_the_first_answers_do_not_wait_for_the_last(ipc: str) -> None:
    """Of requests that came in one message, with a program that takes its time, answers leave as it goes on."""
    loop, answered = Loop(), threading.Event()
    listener = loop.make(lambda: zeromq.listen_async(parse_url(ipc), [TOPIC], "s1"))

    def work(caller: object, frame: bytes) -> None:
        began = time.monotonic()
        while time.monotonic() < began + 2 * LATE:  # the program's work
            pass
        if frame == b"39":
            assert answered.wait(WAIT)  # until its caller has all but the one before, at most
        listener.send(caller, frame)

    listener.arrived = work
    loop.run(listener.start())
    with BareClient(listener.addresses[0]) as client:
        client.say_together(*numbered(40))
        found = client.frames(38)
        answered.set()
        assert found + client.frames(40 - len(found)) == numbered(40)
    loop.run(listener.close())
    loop.close()


def test_what_waits_leaves_when_the_client_closes(connect: Connect, tcp: str, world: str) -> None:
    """Closing in the same breath loses nothing."""
    with BareServer(tcp.removeprefix("zmq+")) as server:
        client = connect(tcp)
        peer = client.route(TOPIC)
        server.greeted()
        if world == "asyncio":

            async def send_and_close() -> None:
                for frame in numbered(200):
                    client.driver.send(peer, frame)
                await client.driver.close()

            client.driver._loop.run_until_complete(send_and_close())
        else:
            client.driver.poll(0.0, staying=True)
            peer.outstanding = 64
            for frame in numbered(200):
                client.driver.send(peer, frame)
            assert waiting(client)
            client.close()
        assert server.frames(200) == numbered(200)


def test_what_waits_leaves_when_a_blocking_listener_closes(ipc: str) -> None:
    """Answers that were left to the thread that polls leave although it polls no more."""
    listener = zeromq.listen(parse_url(ipc), [TOPIC], "s1")
    requests: list[Any] = []

    def poll() -> None:
        while len(requests) < 64:
            requests.extend(listener.poll(5.0, staying=True))

    poller = threading.Thread(target=poll)
    poller.start()
    with BareClient(listener.addresses[0]) as client:
        client.say_together(*numbered(64))
        poller.join(WAIT)
        for caller, frame in requests:
            assert listener.send(caller, frame)
        assert listener._mail.lies
        listener.close()
        assert client.frames(64) == numbered(64)


@pytest.mark.usefixtures("unhurried")
def test_what_waits_leaves_when_a_listener_on_a_loop_closes(ipc: str) -> None:
    """Answers that were put off to the end of a pass leave although it is closed in that pass."""
    loop = Loop()
    listener = loop.make(lambda: zeromq.listen_async(parse_url(ipc), [TOPIC], "s1"))
    requests: list[Any] = []
    listener.arrived = lambda *request: requests.append(request)

    async def answer_and_close() -> None:
        for caller, frame in requests:
            assert listener.send(caller, frame)
        assert listener._outbox.frames
        await listener.close()

    loop.run(listener.start())
    with BareClient(listener.addresses[0]) as client:
        client.say_together(*numbered(40))
        eventually(lambda: len(requests) == 40)
        loop.run(answer_and_close())
        assert client.frames(40) == numbered(40)
    loop.close()
