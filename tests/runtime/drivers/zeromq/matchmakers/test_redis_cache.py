"""What a client makes of redis's answers: without redis and without a clock."""

from __future__ import annotations

import json
import math
from math import inf

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rpcgen.runtime.drivers.zeromq.matchmakers import Endpoint
from rpcgen.runtime.drivers.zeromq.matchmakers.redis import records
from rpcgen.runtime.drivers.zeromq.matchmakers.redis.cache import GRACE, HOLD, MAX_TTL, Cache
from rpcgen.runtime.drivers.zeromq.matchmakers.redis.store import Listing

ONE, TWO = "1" * 12, "2" * 12
NOW = 1_700_000_000_000


def record(port: int = 1, server: str = "s1") -> bytes:
    return records.encode(f"tcp://127.0.0.1:{port}", server, [("test", "echo")])


class Clock:
    """A cache whose redis has a clock of its own."""

    def __init__(self) -> None:
        self.cache = Cache()
        self.now = 0.0

    def update(
        self,
        scores: dict[str, float],
        *,
        skew: float = 0.0,
        was_away: bool = False,
        **contents: bytes,
    ) -> list[str | None]:
        """Show scores as seconds from now, those of servers that have left below zero; the servers then."""
        redis = NOW + round((self.now + skew) * 1000)
        found = {
            name: redis + left * 1000 if left >= 0 else -redis + left * 1000
            for name, left in scores.items()
        }
        listing = Listing(redis, found)
        bytes_by_id = {
            "1" * 12 if key == "one" else "2" * 12: value for key, value in contents.items()
        }
        return self._take(listing, bytes_by_id, was_away=was_away)

    def look(self, until: dict[str, float]) -> list[str | None]:
        """Show the times until which registrations count; the servers then."""
        redis = NOW + round(self.now * 1000)
        listing = Listing(redis, {name: NOW + 1000 * end for name, end in until.items()})
        return self._take(listing, {})

    def _take(
        self, listing: Listing, contents: dict[str, bytes], *, was_away: bool = False
    ) -> list[str | None]:
        read = {name: contents[name] for name in self.cache.wanted(listing) if name in contents}
        endpoints = self.cache.update(listing, read, self.now, was_away=was_away)
        return sorted(endpoint.server or "" for endpoint in endpoints)


def test_a_registration_counts_until_its_time_is_over() -> None:
    """Whether or not it is still listed, and not a moment longer."""
    clock = Clock()
    assert clock.update({ONE: 6}, one=record()) == ["s1"]
    clock.now = 5.9
    assert clock.update({}) == ["s1"]
    clock.now = 6.0
    assert clock.update({}) == []


def test_one_that_has_left_is_gone_at_once() -> None:
    """A negative score says so."""
    clock = Clock()
    clock.update({ONE: 6}, one=record())
    assert clock.update({ONE: -6}) == []


def test_one_whose_time_is_over_in_redis_is_not_taken_up() -> None:
    """It was killed before we came."""
    assert Clock().update({ONE: 0}, one=record()) == []


def test_what_was_known_counts_for_a_while_when_redis_is_back() -> None:
    """Servers have to register again; who does not is gone after that."""
    clock = Clock()
    clock.update({ONE: 6, TWO: 6}, one=record(1, "s1"), two=record(2, "s2"))
    clock.now = 100.0
    assert clock.update({}, was_away=True) == ["s1", "s2"]
    clock.now = 102.0
    assert clock.update({ONE: 6}) == ["s1", "s2"]
    clock.now = 100.0 + GRACE
    assert clock.update({ONE: 4}) == ["s1"]


def two_servers(clock: Clock, second: float = 6.0) -> None:
    """Both have just registered, the second for so long."""
    assert clock.update({ONE: 6, TWO: second}, one=record(1, "s1"), two=record(2, "s2")) == [
        "s1",
        "s2",
    ]


def test_what_is_known_counts_while_nobody_can_renew() -> None:
    """One renewed a third of its time after the other, and then redis took no more writes."""
    clock = Clock()
    two_servers(clock)
    for clock.now in (2.0, 5.0, 6.5, *(7.0 + look for look in range(700))):
        assert clock.look({ONE: 6.0, TWO: 8.0}) == ["s1", "s2"]
    assert clock.update({ONE: 0, TWO: -6}) == ["s1"]  # it has left
    clock.now += HOLD - 0.1
    assert clock.update({ONE: 6}) == ["s1"]


def test_who_does_not_renew_while_others_do_is_gone_at_once() -> None:
    """Also if it is listed still: who renews removes it, a moment later."""
    clock = Clock()
    two_servers(clock)
    clock.now = 3.2
    clock.look({ONE: 6.0, TWO: 9.2})
    clock.now = 6.0
    assert clock.look({ONE: 6.0, TWO: 9.2}) == ["s2"]


@pytest.mark.parametrize("second", [2.0, 10.0, 600.0, inf])
def test_who_is_registered_for_longer_has_not_renewed_later(second: float) -> None:
    """Nor does a time that is not to be believed say that redis takes writes."""
    clock = Clock()
    two_servers(clock, second)
    for clock.now in (1.5, 3.5, 6.5, 9.0):
        assert clock.look({ONE: 6.0, TWO: second}) == ["s1", "s2"]


def test_a_dead_server_does_not_count_for_longer_because_nobody_else_renews() -> None:
    """Whoever has lost a connection to it, and cannot connect again, tells it from one that cannot renew."""
    clock = Clock()
    two_servers(clock)
    clock.now = 2.0
    clock.update({ONE: 6, TWO: 6})
    clock.cache.hear("tcp://127.0.0.1:2", lost=True)
    for clock.now in (3.0, 4.0, 7.9):
        assert clock.look({ONE: 8.0, TWO: 8.0}) == ["s1", "s2"]
    clock.now = 8.0
    assert clock.look({ONE: 8.0, TWO: 8.0}) == ["s1"]


def test_a_server_that_is_connected_to_again_lives() -> None:
    """Its network was away for a moment, and redis takes no writes."""
    clock = Clock()
    two_servers(clock)
    clock.cache.hear("tcp://127.0.0.1:2", lost=True)
    clock.now = 5.0
    clock.look({ONE: 6.0, TWO: 6.0})
    clock.cache.hear("tcp://127.0.0.1:2", lost=False)
    for clock.now in (6.5, 9.0, 11.5):
        assert clock.look({ONE: 6.0, TWO: 6.0}) == ["s1", "s2"]


def test_a_server_that_renews_lives_whoever_has_lost_it() -> None:
    """Its client will connect again, or does not need it."""
    clock = Clock()
    two_servers(clock)
    clock.cache.hear("tcp://127.0.0.1:2", lost=True)
    clock.now = 2.0
    clock.look({ONE: 8.0, TWO: 8.0})
    for clock.now in (8.5, 11.0):
        assert clock.look({ONE: 8.0, TWO: 8.0}) == ["s1", "s2"]


def test_who_does_not_renew_when_others_can_again_is_gone() -> None:
    """The first that renews removes the others, which do so a moment later."""
    clock = Clock()
    two_servers(clock)
    clock.now = 6.5
    clock.look({ONE: 6.0, TWO: 6.0})
    clock.now = 7.0
    assert clock.update({ONE: 6}) == ["s1", "s2"]
    clock.now = 6.5 + HOLD
    assert clock.update({ONE: 6}) == ["s1"]


def test_of_two_that_cannot_renew_at_one_address_the_later_counts() -> None:
    """A server was killed, and has started again where it was, before redis took no more writes."""
    clock = Clock()
    clock.update({ONE: 6}, one=record(1, "old"))
    clock.now = 1.0
    assert clock.update({ONE: 5, TWO: 6}, two=record(1, "new")) == ["new"]
    for clock.now in (7.5, 9.0):
        assert clock.look({ONE: 6.0, TWO: 7.0}) == ["new"]


@pytest.mark.parametrize("skew", [-3600.0, 3600.0])
def test_another_clock_costs_nobody(skew: float) -> None:
    """After a failover to a redis whose clock is another, nobody is gone before the time that was told."""
    clock = Clock()
    clock.update({ONE: 6}, one=record())
    clock.now = 1.0
    assert clock.update({ONE: 5 - skew if skew < 0 else 0}, skew=skew) == ["s1"]


def test_a_registration_for_ever_is_not() -> None:
    """Nobody is believed for longer than the longest time; what is no number not at all."""
    clock = Clock()
    assert clock.update({ONE: math.inf}, one=record()) == ["s1"]
    clock.now = MAX_TTL
    assert clock.update({}) == []
    assert clock.update({TWO: math.nan}, two=record()) == []


def test_of_two_at_one_address_the_later_counts() -> None:
    """A server was killed and has started again where it was: a fanout must not reach it twice."""
    clock = Clock()
    scores = {ONE: 3.0, TWO: 6.0}
    assert clock.update(scores, one=record(1, "old"), two=record(1, "new")) == ["new"]


def test_a_record_is_read_once() -> None:
    """Also one that is not to be believed; one that was not there is asked for again."""
    clock = Clock()
    clock.update({ONE: 6}, one=b"nonsense")
    assert str(clock.cache.ignored[ONE]) == "is no registration"
    listing = Listing(NOW, {ONE: NOW + 6000, TWO: NOW + 6000})
    assert clock.cache.wanted(listing) == [TWO]
    clock.update({ONE: 6, TWO: 6})
    assert clock.cache.wanted(listing) == [TWO]
    assert clock.cache.ignored == {}


def test_a_record_says_who_serves_what() -> None:
    """PROTOCOL.md shows one like it."""
    [read] = [records.decode(record())]
    assert read == Endpoint(
        "tcp://127.0.0.1:1", "tcp://127.0.0.1:1", "s1", frozenset({("test", "echo")})
    )
    assert list(json.loads(record())) == ["address", "server", "pid", "serves"]


@given(
    at=st.integers(0, 80),
    cut=st.integers(0, 10),
    put=st.binary(max_size=10),
    repeat=st.integers(1, 3),
)
def test_a_changed_record_is_refused_or_harmless(
    at: int, cut: int, put: bytes, repeat: int
) -> None:
    """Whatever is flipped, cut out, put in or repeated: an address is one, and names are names."""
    content = record() * repeat
    try:
        read = records.decode(content[:at] + put + content[at + cut :])
    except records.BadRecord:
        return
    assert read.address.startswith("tcp://")
    assert read.server is not None
    assert read.server.isascii()
    assert not set(read.server) & set("*#/\0 ")


@given(st.binary(max_size=300))
def test_random_bytes_are_no_record(content: bytes) -> None:
    """They are refused, and with nothing but BadRecord."""
    with pytest.raises(records.BadRecord):
        records.decode(content)
