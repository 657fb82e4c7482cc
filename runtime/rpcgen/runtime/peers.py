"""Whom messages go to and come from. Knows nothing of how."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import TypeVar

from msgspec import Struct
from rpcgen.runtime.errors import NotSent, RpcgenError


class Peer:
    """A server that a client can send to. Drivers subclass it; the core counts `outstanding` calls on it.

    Attributes:
        name: the server's name if it is known, else its address; for messages to people.
        outstanding: calls that wait for an answer from it.
        spared_until: monotonic seconds, since it refused a call for want of room; a driver that chooses had better take
            another until then. 0 if it did not.
    """

    __slots__ = ("name", "outstanding", "spared_until")

    def __init__(self, name: str) -> None:
        self.name = name
        self.outstanding = 0
        self.spared_until = 0.0


P = TypeVar("P", bound=Peer)


def less_busy(peers: Sequence[P], now: float) -> P | None:
    """Of two random ones that are not to be spared, if there are such, the one with fewer outstanding calls."""
    found = [each for each in peers if each.spared_until <= now] or peers
    two = random.sample(found, min(2, len(found)))
    return min(two, key=lambda each: each.outstanding, default=None)


class Stranded(NotSent):
    """The connection ended before the message had left: on another one it may be sent again."""


class Undelivered(Struct, frozen=True):
    """What a driver learned of one message that it had taken: it is not, or perhaps not, going to be answered.

    Attributes:
        id: of the message.
        error: NotSent, if nobody got it (Stranded, if it is to be sent again); ConnectionLost, if that is not known.
    """

    id: bytes
    error: RpcgenError


#: From whom a frame comes if the transport does not say it.
ANYBODY = Peer("anybody")

#: A frame from a peer; the end of one message to it; or the reason for which nothing more will come from it:
#: ConnectionLost, AuthError, or Draining, which says that the peer closed in order, and that it never ran what it has
#: not answered.
News = bytes | Undelivered | RpcgenError
Arrival = tuple[Peer, News]


class Found(Struct, frozen=True, order=True):
    """One server on one topic, as `discover` reports it.

    Attributes:
        error: why it does not answer; empty if it does. Of one that does not, what is not known is empty, too.
    """

    exchange: str
    topic: str
    server: str
    address: str
    error: str = ""
