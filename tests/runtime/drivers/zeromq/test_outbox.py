"""Frames that wait to leave: in order, not for long, and none forgotten."""

from __future__ import annotations

import time

import pytest
from rpcgen.runtime.drivers.zeromq.blocking.mail import Mail
from rpcgen.runtime.drivers.zeromq.bundles import LATE, TOGETHER, Outbox
from rpcgen.runtime.drivers.zeromq.waiting import Waiter
from rpcgen.runtime.outgoing import Letter

from tests.bare import frames_of
from tests.runtime.drivers.zeromq.parts import numbered


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


def put_all(outbox: Outbox[str], peer: str, frames: list[bytes]) -> None:
    for frame in frames:
        outbox.put(peer, frame)


@pytest.mark.usefixtures("unhurried")
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


def test_what_has_not_left_for_a_peer_is_forgotten() -> None:
    """It is told which messages that was, of those that somebody waits for; others' stay."""
    road = Road()
    outbox = Outbox(road.send)
    road.closed = {"a"}
    letters = [Letter(b"%d" % number) for number in range(3)]
    for peer in ("a", "b"):
        outbox.put(peer, b"nobody waits for it")
        for letter in letters:
            outbox.put(peer, letter.id, letter)
    outbox.flush()
    outbox.put("b", b"last", letters[0])
    assert (outbox.strand("a"), outbox.full) == (letters, set())
    road.closed = set()
    outbox.flush()
    assert list(road.sent) == ["b"]
    assert outbox.strand("b") == []


@pytest.mark.usefixtures("unhurried")
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


@pytest.mark.usefixtures("unhurried")
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


def test_mail_for_a_peer_that_has_gone_is_told() -> None:
    """Also what was left a moment ago; whoever sends throws that away."""
    road, waiter = Road(), Waiter()
    mail = Mail(waiter.bells[0], road.send, 100)
    letters = [Letter(b"%d" % number) for number in range(3)]
    road.closed = {"a"}
    mail.leave("a", b"0", letters[0])
    mail.flush()
    mail.leave("b", b"1", letters[1])
    mail.leave("a", b"2", letters[2])
    assert mail.strand("a") == [letters[0], letters[2]]
    road.closed = set()
    mail.flush()
    assert (road.sent, mail.lies) == ({"b": [b"1"], "a": [b"2"]}, False)
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
