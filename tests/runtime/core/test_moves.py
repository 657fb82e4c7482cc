"""Which calls go to another server because one had no room for them."""

from __future__ import annotations

import math
from types import SimpleNamespace
from typing import Any

import pytest
from rpcgen.runtime.core.calls import SPARED, SPARED_MOST, Calls, spare, wants_room
from rpcgen.runtime.core.envelope import Refusal
from rpcgen.runtime.core.retries import MAX_ATTEMPTS
from rpcgen.runtime.core.wires.native import NATIVE
from rpcgen.runtime.counters import ClientCounters
from rpcgen.runtime.peers import Peer

ID = b"i" * 16
NOW = 100.0


def table() -> Calls:
    return Calls(lambda: ID, ClientCounters(), NATIVE)


def refused(*, idempotent: bool = False, server: str | None = None) -> Any:
    """A call that was refused for want of room, as far as the table looks at it."""
    return SimpleNamespace(
        id=ID,
        attempt=1,
        moves=0,
        doubt=None,
        answer=Refusal(ID, "overloaded", "full"),
        peer=Peer("first"),
        target=SimpleNamespace(server=server),
        plan=SimpleNamespace(method=SimpleNamespace(idempotent=idempotent)),
        deadline=None,
    )


def test_a_call_goes_to_two_others_at_most() -> None:
    """At once; then it ends, or, if it may run twice, is tried again as often as if nobody else had been asked."""
    for idempotent in (False, True):
        calls, call = table(), refused(idempotent=idempotent)
        for name in ("second", "third"):
            assert wants_room(call, None)
            other = Peer(name)
            assert calls.again(call, None, NOW, other) == 0.0
            assert call.peer is other
        assert not wants_room(call, None)
        pauses = [calls.again(call, None, NOW, None) for _ in range(MAX_ATTEMPTS)]
        assert [pause is not None for pause in pauses] == [idempotent, idempotent, False]
        assert call.attempt == (5 if idempotent else 3)


def test_nobody_is_asked_who_has_just_said_no() -> None:
    """Neither the server that refused, whatever it asked for, nor one that is to be spared."""
    call, spared = refused(), Peer("second")
    spared.spared_until = NOW + 0.01
    for other in (call.peer, spared, None):
        assert table().again(call, None, NOW, other) is None
    assert not wants_room(refused(server="first"), None)


@pytest.mark.parametrize(
    ("asked", "pause"),
    [(None, SPARED), (0.5, 0.5), (0.0, 0.0), (60.0, SPARED_MOST), (math.inf, SPARED_MOST),
     (-1.0, SPARED), (math.nan, SPARED)],
)  # fmt: skip
def test_a_server_is_spared_for_as_long_as_makes_sense(asked: float | None, pause: float) -> None:
    """Whatever it says: it is chosen again before long."""
    calls, call = table(), refused()
    calls.pending[ID] = call
    frame = NATIVE.codec.encode(Refusal(ID, "overloaded", "full", None, asked))
    assert calls.receive(call.peer, frame, NOW) == [call]
    assert call.peer.spared_until == NOW + pause


def test_a_server_is_spared_from_when_somebody_else_is_sought() -> None:
    """A client may have been held up since the refusal came: the driver is not to choose the same server again."""
    call = refused()
    call.peer.spared_until = NOW - 1.0
    spare(call, NOW)
    assert call.peer.spared_until == NOW + SPARED
    call.peer.spared_until = NOW + SPARED_MOST  # it has asked for more since
    spare(call, NOW)
    assert call.peer.spared_until == NOW + SPARED_MOST
