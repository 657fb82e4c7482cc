"""The parts of the driver that need no sockets."""

from __future__ import annotations

import contextlib
import math
import threading
import time
from collections import Counter

import pytest
from rpcgen.runtime import NotSent, Target
from rpcgen.runtime.drivers.zeromq import control
from rpcgen.runtime.drivers.zeromq.choice import Pools, Serving
from rpcgen.runtime.drivers.zeromq.history import History
from rpcgen.runtime.drivers.zeromq.timers import Timers
from rpcgen.runtime.drivers.zeromq.waiting import Waiter

TOPIC = Target("test", "echo")


def servers(count: int, choice: str = "least") -> tuple[Pools[Serving], list[Serving]]:
    pools: Pools[Serving] = Pools(choice)
    made: list[Serving] = []
    for number in range(count):
        server = Serving(f"s{number}")
        server.server = server.name
        server.serves = frozenset({("test", "echo"), ("test", "more")})
        pools.add(server)
        made.append(server)
    return pools, made


def test_nobody_is_chosen_from_nothing() -> None:
    """An unknown topic, and one whose servers have left, have no server."""
    pools, [only] = servers(1)
    assert pools.choose(Target("test", "less")) is None
    assert pools.choose(TOPIC) is only
    pools.remove(only)
    assert pools.choose(TOPIC) is None


def test_a_name_chooses_among_its_namesakes() -> None:
    """A direct target is a pool of its own."""
    pools, made = servers(3)
    assert pools.choose(Target("test", "more", server="s1")) is made[1]
    assert pools.choose(Target("test", "more", server="s9")) is None


def test_least_avoids_the_busiest() -> None:
    """Of two random servers the less busy is taken, so the busiest of many never is."""
    pools, made = servers(10)
    made[3].outstanding = 1
    chosen = Counter(pools.choose(TOPIC) for _ in range(2000))
    assert chosen[made[3]] == 0
    assert len(chosen) == 9


def test_round_robin_takes_turns() -> None:
    """Everyone is chosen equally often."""
    pools, made = servers(4, "round_robin")
    made[0].outstanding = 100
    assert set(Counter(pools.choose(TOPIC) for _ in range(400)).values()) == {100}


@pytest.mark.parametrize("choice", ["least", "round_robin"])
def test_who_is_overloaded_is_spared_while_there_is_another(choice: str) -> None:
    """However little it has to do, as it refuses at once; and no longer than it asked for."""
    pools, made = servers(10, choice)
    busy = made[:9]
    for each in busy:
        each.spared_until = time.monotonic() + 60.0
    made[9].outstanding = 100
    assert {pools.choose(TOPIC) for _ in range(200)} == {made[9]}
    made[9].spared_until = busy[0].spared_until
    assert pools.choose(TOPIC) in made
    for each in made:
        each.outstanding, each.spared_until = 0, time.monotonic()
    assert {pools.choose(TOPIC) for _ in range(1000)} == set(made)


def test_whoever_is_alone_does_not_rest() -> None:
    """A resting server is not chosen while there is another."""
    pools, [one, other] = servers(2)
    assert pools.rest(one)
    assert {pools.choose(TOPIC) for _ in range(20)} == {other}
    assert not pools.rest(other)
    assert pools.choose(TOPIC) is other
    pools.add(one)
    assert {pools.choose(TOPIC) for _ in range(200)} == {one, other}


def test_a_dead_server_is_not_stormed() -> None:
    """However often it is asked for, a dead endpoint is tried less than three times a second over ten seconds."""
    history = History(5.0)
    now, attempts = 1000.0, 0
    while now < 1010.0:
        if history.wait(now) == 0:
            history.began(now)
            history.failed(NotSent("refused"), now)
            attempts += 1
        now += 0.01
    assert 20 <= attempts < 30


def test_a_failure_counts_for_whoever_asked_before_the_attempt() -> None:
    """Not for who asks while it is under way, or after: the server may have come meanwhile."""
    history = History(5.0)
    assert not history.has_failed_since(0.0)
    history.began(10.0)
    assert not history.has_failed_since(10.0)
    history.failed(NotSent("refused"), 10.1)
    assert (history.has_failed_since(10.0), history.has_failed_since(10.05)) == (True, False)
    history.began(11.0)
    assert not history.has_failed_since(10.0)
    history.succeeded()
    assert not history.has_failed_since(10.0)


def test_a_server_that_answered_may_be_tried_at_once() -> None:
    """Success forgets the attempts that came before."""
    history = History(5.0)
    while history.wait(1000.0) == 0:
        history.began(1000.0)
    assert 0 < history.wait(1000.0) <= 0.4
    history.succeeded()
    assert history.wait(1000.0) == 0


def test_pauses_grow_to_a_limit() -> None:
    """0.1 s, doubling, with jitter, to the longest."""
    history = History(5.0)
    pauses = [history.failed(NotSent("refused"), 0.0) for _ in range(12)]
    for number, pause in enumerate(pauses):
        full = min(5.0, 0.1 * 2**number)
        assert full / 2 <= pause <= full


def test_timers_run_in_order() -> None:
    """What is due runs, the earliest first; a callback may set others."""
    timers, ran = Timers(), list[str]()

    def second() -> None:
        ran.append("second")
        timers.at(9.0, lambda: None)

    timers.at(3.0, lambda: ran.append("late"))
    timers.at(2.0, second)
    timers.at(2.0, lambda: ran.append("third"))
    timers.at(1.0, lambda: ran.append("first"))
    assert timers.due == 1.0
    timers.run(2.5)
    assert ran == ["first", "second", "third"]
    assert timers.due == 3.0
    timers.run(10.0)
    assert timers.due == math.inf


@pytest.mark.parametrize(
    ("message", "frame"),
    [
        (control.Hello(1), "c1 01 91 01"),
        (
            control.Welcome(1, "h", [("e", "t")], False),
            "c1 02 94 01 a1 68 91 92 a1 65 a1 74 c2",
        ),
        (control.Bye(1), "c1 03 91 01"),
        (control.End(1), "c1 04 91 01"),
    ],
)
def test_control_frames_are_as_documented(message: control.Control, frame: str) -> None:
    """Every byte is part of the protocol; elements that a later version appends are passed over."""
    encoded = bytes.fromhex(frame)
    assert control.encode(message) == encoded
    assert control.decode(encoded) == message
    longer = encoded[:2] + bytes([encoded[2] + 1]) + encoded[3:] + b"\xc0"
    assert control.decode(longer) == message


def test_no_cut_or_changed_control_frame_is_more_than_malformed() -> None:
    """Every prefix and every change of one byte is read, or refused as Malformed."""
    frame = control.encode(control.Welcome(1, "host", [("test", "echo")], True))
    for length in range(1, len(frame)):
        with pytest.raises(control.Malformed):
            control.decode(frame[:length])
    for position in range(1, len(frame)):
        for value in range(256):
            changed = bytearray(frame)
            changed[position] = value
            with contextlib.suppress(control.Malformed):
                control.decode(bytes(changed))


def test_routing_ids_differ() -> None:
    """They are told from those that libzmq makes."""
    made = {control.new_routing_id() for _ in range(1000)}
    assert len(made) == 1000
    assert all(control.is_routing_id(each) for each in made)
    for other in (b"", b"\0" + bytes(4), b"S" * 17, b"R" * 16):
        assert not control.is_routing_id(other)


def test_a_bell_wakes_whoever_waits() -> None:
    """It rings until it is silenced, however often it was rung."""
    waiter = Waiter()
    [bell] = waiter.bells
    assert waiter.wait(0) == []
    threading.Thread(target=bell.ring).start()
    assert [fd for fd, _ in waiter.wait(5.0)] == [bell.fd]
    for _ in range(100):
        bell.ring()
    bell.silence()
    assert waiter.wait(0) == []
    bell.silence()
    waiter.discard(bell.fd)
    bell.ring()
    assert waiter.wait(0) == []
    waiter.close()
