"""Frames that wait to leave: in order, not for long, and none forgotten; as parts, and over real sockets."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Any

from rpcgen.runtime import NotSent
from rpcgen.runtime.drivers import zeromq
from rpcgen.runtime.drivers.zeromq.blocking.mail import Mail
from rpcgen.runtime.drivers.zeromq.outbox import LATE, TOGETHER, Outbox
from rpcgen.runtime.drivers.zeromq.waiting import Waiter
from rpcgen.runtime.peers import Peer
from rpcgen.runtime.url import parse_url

from tests.bare import BareClient, BareServer, frames_of
from tests.conformance.worlds import Loop
from tests.runtime.drivers.zeromq.parts import TOPIC, Client, eventually

Connect = Callable[[str], Client]
WAIT = 10.0


class Road:
    """Takes messages while there is room for a peer."""

    def __init__(self) -> None:
        self.closed: set[str] = set()
        self.room: int | None = None
        self.sent: dict[str, list[bytes]] = {}
        self.messages = self.tries = 0

    def send(self, peer: str, message: bytes, count: int) -> bool:
        self.tries += 1
        if peer in self.closed or self.room == 0:
            return False
        if self.room is not None:
            self.room -= 1
        frames = frames_of(message)
        assert len(frames) == count
        self.sent.setdefault(peer, []).extend(frames)
        self.messages += 1
        return True


def numbered(count: int, begin: int = 0) -> list[bytes]:
    return [b"%d" % number for number in range(begin, begin + count)]


def put_all(outbox: Outbox[str], peer: str, frames: list[bytes]) -> None:
    for frame in frames:
        outbox.put(peer, frame)


# --- the parts ----------------------------------------------------------------------------------------------------


def test_what_is_put_leaves_when_it_is_flushed() -> None:
    """For every peer in one message, in order; afterwards nothing is left."""
    road = Road()
    outbox = Outbox(road.send)
    for number in range(5):
        for peer in ("a", "b"):
            outbox.put(peer, b"%d" % number)
    assert road.sent == {}
    outbox.flush()
    assert (road.sent, road.messages) == ({"a": numbered(5), "b": numbered(5)}, 2)
    assert outbox.frames == {}
    outbox.flush()
    assert road.messages == 2


def test_so_many_leave_before_the_pass_ends() -> None:
    """The other side begins with them meanwhile."""
    road = Road()
    outbox = Outbox(road.send)
    put_all(outbox, "a", numbered(TOGETHER - 1))
    assert road.sent == {}
    outbox.put("a", b"last")
    assert road.sent == {"a": [*numbered(TOGETHER - 1), b"last"]}


def test_what_waits_for_long_leaves_with_the_next() -> None:
    """A pass with slow handlers in it sends as it goes."""
    road = Road()
    outbox = Outbox(road.send)
    outbox.put("a", b"early")
    until = time.monotonic() + LATE
    while time.monotonic() <= until:
        pass
    outbox.put("b", b"late")
    assert road.sent == {"a": [b"early"], "b": [b"late"]}


def test_without_room_the_order_is_kept() -> None:
    """What could not leave is the first that does, once there is room, and nothing is sent twice."""
    road = Road()
    outbox = Outbox(road.send)
    road.room = 1
    put_all(outbox, "a", [b"x" * 30_000 + b"%d" % number for number in range(5)])
    outbox.flush()
    assert len(road.sent["a"]) == 1
    assert (outbox.full, road.tries) == ({"a"}, 2)
    put_all(outbox, "a", numbered(100))
    assert road.tries == 2  # however many wait: only who flushes tries again
    outbox.flush()
    assert (len(road.sent["a"]), road.tries) == (1, 3)
    road.room = None
    outbox.flush()
    assert road.sent["a"][5:] == numbered(100)
    assert [frame[30_000:] for frame in road.sent["a"][:5]] == numbered(5)
    assert (outbox.full, outbox.frames) == (set(), {})


def test_who_has_no_room_holds_up_nobody() -> None:
    """Another peer's frames leave."""
    road = Road()
    outbox = Outbox(road.send)
    road.closed = {"a"}
    put_all(outbox, "a", numbered(3))
    put_all(outbox, "b", numbered(3))
    outbox.flush()
    assert (road.sent, outbox.full) == ({"b": numbered(3)}, {"a"})
    put_all(outbox, "b", numbered(3, 3))
    outbox.flush()
    assert road.sent == {"b": numbered(6)}


def test_what_is_left_is_told_to_who_stays() -> None:
    """Whoever leaves a frame learns whether it must be sent by itself; it rings once for who waits."""
    road, waiter = Road(), Waiter()
    mail = Mail(waiter.bells[0], road.send, 100)
    assert not mail.leave("a", b"0")  # nobody stays
    mail.staying = True
    assert mail.leave("a", b"1")
    assert waiter.wait(0) == []  # who does not wait need not be woken
    mail.waiting = True
    for number in range(2, 6):
        assert mail.leave("a", b"%d" % number)
    assert [fd for fd, _ in waiter.wait(0)] == [waiter.bells[0].fd]
    waiter.bells[0].silence()
    assert mail.leave("a", b"6")
    assert waiter.wait(0) == []  # it rang for what lies there
    assert (mail.lies, mail.stuck) == (True, False)
    mail.flush()
    assert (road.sent, mail.lies) == ({"a": numbered(7)}, False)
    assert mail.leave("a", b"7")
    assert waiter.wait(0) != []
    waiter.close()


def test_mail_without_room_is_stuck() -> None:
    """It lies there until there is room, in order, and its peer is known as full."""
    road, waiter = Road(), Waiter()
    mail = Mail(waiter.bells[0], road.send, 100)
    road.closed = {"a"}
    mail.leave("a", b"0")
    mail.flush()
    assert (mail.lies, mail.stuck, set(mail.full)) == (True, True, {"a"})
    mail.leave("a", b"1")
    road.closed = set()
    mail.flush()
    assert (road.sent, mail.lies, set(mail.full)) == ({"a": numbered(2)}, False, set())
    waiter.close()


def test_no_more_is_left_than_may_wait() -> None:
    """Whoever leaves one frame too many has to send them all, although somebody stays."""
    road, waiter = Road(), Waiter()
    mail = Mail(waiter.bells[0], road.send, 3)
    mail.staying = True
    assert [mail.leave("a", b"%d" % number) for number in range(5)] == [True] * 3 + [False] * 2
    mail.flush()
    assert road.sent == {"a": numbered(5)}
    assert mail.leave("a", b"5")
    waiter.close()


# --- no room over sockets -----------------------------------------------------------------------------------------


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
    serve: Callable[[str], Any], tcp: str
) -> None:
    """At the high-water mark of a caller that does not read, each answer is either there in the end or counted."""
    served = serve(f"{tcp}?hwm=1")
    count = 64 * 100
    with BareClient(served.listener.addresses[0], hwm=1) as client:
        for number in range(count // 64):
            client.say_together(
                *[b"%05d" % (64 * number + each) + b"x" * 700 for each in range(64)]
            )
        eventually(lambda: len(served.seen) == count, 20.0)
        full = eventually(lambda: served.listener.counters["full"])
        eventually(lambda: served.unsent == served.listener.counters["full"])
        full = served.listener.counters["full"]
        found = [int(frame[:5]) for frame in client.frames(count - full)]
        assert client.socket.poll(100) == 0
    assert 0 < full < count
    assert sorted(set(found)) == found
    assert served.listener.counters["unreachable"] == 0


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
