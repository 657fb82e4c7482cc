"""Which requests are in doubt after a server was away, and how it learns that they are not."""

from __future__ import annotations

import pytest
from rpcgen.runtime import Expired, Stale
from rpcgen.runtime.core.envelope import CALL, CAST, Request
from rpcgen.runtime.core.presence import AWAY, LONGEST, Presence
from rpcgen.runtime.deliveries import Delivery

from tests.conformance.raw import request


def asked(remaining: float | None, *, how: int = CALL, name: bytes = b"a") -> Request:
    """A request that had so many seconds when it left."""
    return request("add", remaining=remaining, how=how, id=name * 16)


def back(gone: float = 20.0, now: float = 100.0) -> Presence:
    """A server that was away until `now`, and that has not noticed it yet."""
    presence = Presence()
    presence.here(now - gone)
    return presence


def doubts(presence: Presence, message: Request, now: float, caller: str = "c") -> bool:
    """Whether a server refuses what it reads."""
    if now <= presence.sure_until:
        return False
    try:
        presence.check(caller, message, now)
    except Stale:
        return True
    return False


def test_a_server_that_reads_doubts_nothing() -> None:
    """Neither before it began, nor while it says often enough that it is there."""
    presence = Presence()
    assert not doubts(presence, asked(0.1), 50.0)
    presence.here(100.0)
    presence.here(100.0 + AWAY)
    assert not doubts(presence, asked(0.1), 100.0 + 2 * AWAY)


@pytest.mark.parametrize("noticed", ["by its clock", "by a request"])
def test_what_may_be_over_is_refused(noticed: str) -> None:
    """Whoever runs first after the pause notices it; only what had less time than that is in doubt."""
    presence = back()
    if noticed == "by its clock":
        presence.here(100.0)
    assert doubts(presence, asked(1.0), 100.0)
    assert doubts(presence, asked(19.9, name=b"b"), 100.0)
    assert doubts(presence, asked(20.5, name=b"c"), 101.0)
    assert not doubts(presence, asked(20.5), 100.0)
    assert not doubts(presence, asked(None), 100.0)
    assert not doubts(presence, asked(float("nan")), 100.0)


def test_a_client_that_sends_again_is_believed() -> None:
    """What it sends after it heard of the refusal left after the pause; another client's word counts for nothing."""
    presence = back()
    assert doubts(presence, asked(1.0), 100.0)
    assert doubts(presence, asked(1.0, name=b"b"), 100.0)
    assert doubts(presence, asked(1.0, name=b"d"), 100.1, caller="d")
    assert not doubts(presence, asked(0.9), 100.1)
    assert not doubts(presence, asked(0.9, name=b"x"), 100.1)
    assert doubts(presence, asked(0.9, name=b"x"), 100.1, caller="d")


def test_a_second_pause_makes_all_doubtful_again() -> None:
    """What was sent in answer to a refusal may have lain there during the second, and the first may not be over."""
    presence = back()
    assert doubts(presence, asked(1.0), 100.0)
    assert doubts(presence, asked(1.0), 102.0)
    assert not doubts(presence, asked(1.0), 102.0)
    presence.here(102.4)
    presence.here(103.2)
    assert doubts(presence, asked(23.0), 103.2)


def test_nobody_can_be_asked_about_a_cast() -> None:
    """What may be over counts as over."""
    presence = back()
    presence.check("c", asked(60.0, how=CAST), 100.0)
    with pytest.raises(Expired, match="the server was away"):
        presence.check("c", asked(1.0, how=CAST), 100.0)


class Held(Delivery):
    """A request that a broker holds; each is a caller of its own."""

    def settle(self) -> None:
        raise AssertionError("unexpected end of a request that was only looked at")


def test_a_broker_delivers_each_message_as_from_another_caller() -> None:
    """So the call itself is known again, and that is all that is known; its casts are the broker's to let expire."""
    presence = back()
    with pytest.raises(Stale):
        presence.check(Held(redelivered=False), asked(1.0), 100.0)
    presence.check(Held(redelivered=False), asked(0.9), 100.1)
    with pytest.raises(Stale):
        presence.check(Held(redelivered=False), asked(0.9, name=b"b"), 100.1)
    presence.check(Held(redelivered=False), asked(1.0, how=CAST), 100.0)


@pytest.mark.parametrize(("gone", "lasts"), [(20.0, 20.0), (3600.0, LONGEST)])
def test_doubt_ends(gone: float, lasts: float) -> None:
    """After as long again as the pause, but not before; a reading server says meanwhile that it is there."""
    presence = back(gone)
    end = 100.0 + lasts
    now = 100.0
    while now < end - 0.01:
        presence.here(now)
        now += AWAY / 2
    assert doubts(presence, asked(1.0), end - 0.01)
    presence.here(end)
    assert not doubts(presence, asked(1.0, name=b"d"), end + 0.1, caller="d")
