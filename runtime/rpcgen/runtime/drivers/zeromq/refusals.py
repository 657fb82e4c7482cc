"""What a socket's monitor tells a server that has a key: whom it refused. Knows nothing of what follows from it."""

from __future__ import annotations

import logging
from enum import Enum
from typing import Final

import zmq
from rpcgen.runtime.drivers.zeromq.monitor import attach, events
from rpcgen.runtime.drivers.zeromq.sockets import Context, Socket


class Refusal(Enum):
    """Why a server refused a connection, for people."""

    FAILED = (
        "a client without a key, or with another public key of this server (options curve_key and "
        "curve_peers), or none of ours"
    )
    UNKNOWN = "a client whose key is not admitted"
    HUNG_UP = "it hung up in the handshake, or took too long"

    @property
    def level(self) -> int:
        """How loud to say it; whoever checks that a port is open hangs up, too."""
        return logging.INFO if self is Refusal.HUNG_UP else logging.WARNING


_REFUSALS: Final[dict[int, Refusal]] = {
    zmq.Event.HANDSHAKE_FAILED_NO_DETAIL: Refusal.HUNG_UP,
    zmq.Event.HANDSHAKE_FAILED_AUTH: Refusal.UNKNOWN,
}
_SERVER_MASK: Final = sum(_REFUSALS) | sum(
    (zmq.Event.LISTENING, zmq.Event.ACCEPTED, zmq.Event.DISCONNECTED)
)


class ServerMonitor:
    """Watches a server's socket.

    Attributes:
        socket: readable when `refusals` has something to say; for the thread that calls it.
        listening: libzmq's descriptor of what was bound last; None while it is not known.
    """

    def __init__(self, context: Context, watched: Socket) -> None:
        """Begin to watch a socket, before it is bound."""
        self.listening: int | None = None
        self.socket = attach(context, watched, _SERVER_MASK)
        #: Descriptors of connections of which nothing was read.
        self._silent: set[int] = set()
        #: How many of them failed in a way that was told.
        self._told = 0

    def heard(self, fd: int) -> None:
        """Hear, from the thread that reads, that a message came by this descriptor: its handshake was good."""
        self._silent.discard(fd)

    def refusals(self) -> list[Refusal]:
        """Whom it refused since the last time."""
        found: list[Refusal] = []
        for event, value in events(self.socket):
            if event == zmq.Event.LISTENING:
                self.listening = value
            elif event == zmq.Event.ACCEPTED:
                self._silent.add(value)
            elif event in _REFUSALS:
                self._told += 1
                found.append(_REFUSALS[event])
            elif value in self._silent:  # disconnected
                self._silent.discard(value)
                if self._told:
                    self._told -= 1
                else:
                    found.append(Refusal.FAILED)
        return found

    def close(self) -> None:
        """Stop watching."""
        self.socket.close()
