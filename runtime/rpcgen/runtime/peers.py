"""Whom messages go to and come from. Knows nothing of how."""

from __future__ import annotations

from collections.abc import Hashable

from msgspec import Struct
from rpcgen.runtime.errors import RpcgenError

#: Whoever sent a request; equal handles mean the same client. Opaque to all but the driver.
Caller = Hashable


class Peer:
    """A server that a client can send to. Drivers subclass it; the core counts `outstanding` calls on it.

    Attributes:
        name: the server's name if it is known, else its address; for messages to people.
        outstanding: calls that wait for an answer from it.
    """

    __slots__ = ("name", "outstanding")

    def __init__(self, name: str) -> None:
        self.name = name
        self.outstanding = 0


#: A frame from a peer, or the reason for which nothing more will come from it: ConnectionLost, AuthError, or Draining,
#: which says that the peer closed in order, and that it never ran what it has not answered.
Arrival = tuple[Peer, "bytes | RpcgenError"]


class Found(Struct, frozen=True, order=True):
    """One server on one topic, as `discover` reports it."""

    exchange: str
    topic: str
    server: str
    address: str
