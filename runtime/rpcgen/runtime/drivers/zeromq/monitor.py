"""What a socket's monitor tells a client: connected, refused, broken. Knows nothing of what follows from it.

A client watches each of its sockets; a server only if it has a key, see `refusals.py`.

Nobody with a key asks for HANDSHAKE_FAILED_PROTOCOL. libzmq (4.3.5) sends it for an encrypted message that was changed on
its way as well, and forgets over the sending that this is an error: the connection would not end, but wait for ever for
room that it has, and end the process later (see `sockets.configure`).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from contextlib import suppress
from itertools import count
from typing import Final, Literal

import zmq
from msgspec import Struct
from rpcgen.runtime.drivers.zeromq.sockets import Context, Socket, configure_monitor

#: What happened to a client's connection. It is up; it was refused; there was no ZeroMQ handshake, or the server hung up
#: in it; security is on at one side only; there was no CURVE handshake; our key was not admitted; or it was lost.
Change = Literal[
    "up",
    "refused",
    "no_handshake",
    "hung_up",
    "other_security",
    "no_curve",
    "unauthenticated",
    "broken",
]

#: What libzmq says of a failed handshake, besides the event: that the other side has keys.
_MISMATCH: Final = 0x11000002

_CHANGES: Final[dict[int, Change]] = {
    zmq.Event.HANDSHAKE_SUCCEEDED: "up",
    # The client's sockets connect once, so a closed connection attempt is a failed one.
    zmq.Event.CLOSED: "refused",
    zmq.Event.HANDSHAKE_FAILED_NO_DETAIL: "hung_up",
    zmq.Event.HANDSHAKE_FAILED_PROTOCOL: "no_handshake",
    zmq.Event.HANDSHAKE_FAILED_AUTH: "unauthenticated",
    zmq.Event.DISCONNECTED: "broken",
}
_MASK: Final = sum(_CHANGES)
_KEYED_MASK: Final = _MASK & ~int(zmq.Event.HANDSHAKE_FAILED_PROTOCOL)
_EVENT: Final = struct.Struct("=Hi")

#: Addresses of monitors are never used twice: libzmq frees one only some time after the socket that had it was closed.
_numbers: Final = count()


class Monitor(Struct):
    """Watches a client's socket; `fd` is readable (edge-triggered) when `changes` has something to say."""

    socket: Socket
    fd: int
    keyed: bool
    #: Whether the handshake is over, or its end was told: what breaks after that is a connection.
    shaken: bool = False

    @classmethod
    def attach(cls, context: Context, watched: Socket, *, keyed: bool) -> Monitor:
        """Begin to watch a socket, with a key or without, before it connects."""
        socket = attach(context, watched, _KEYED_MASK if keyed else _MASK)
        monitor = cls(socket, socket.fileno(), keyed)
        # A pipe rings only for a reader who found it empty.
        monitor.changes()
        return monitor

    def changes(self) -> list[Change]:
        """All that happened since the last time; empties the socket, so that its FD may be waited for."""
        found: list[Change] = []
        for event, value in events(self.socket):
            change = _CHANGES.get(event)
            if change == "no_handshake" and value == _MISMATCH:
                change = "other_security"
            elif change == "broken" and self.keyed and not self.shaken:
                change = "no_curve"
            if change is not None:
                self.shaken = True  # no event but CLOSED comes before the end of the handshake
                found.append(change)
        return found

    def close(self) -> None:
        """Stop watching; after this the watched socket may be closed."""
        self.socket.close()


def attach(context: Context, watched: Socket, mask: int) -> Socket:
    """A socket that tells the events of another; raises zmq.ZMQError."""
    socket = context.socket(zmq.PAIR)
    try:
        configure_monitor(socket)
        address = f"inproc://monitor-{next(_numbers)}"
        watched.monitor(address, mask)
        socket.connect(address)
    except zmq.ZMQError:
        with suppress(zmq.ZMQError):
            watched.monitor(None, 0)  # first: it would wait for ever to tell a reader that is gone
        socket.close()
        raise
    return socket


def events(socket: Socket) -> Iterator[tuple[int, int]]:
    """Events and their values, until there are no more."""
    try:
        while True:
            event, value = _EVENT.unpack(socket.recv(zmq.NOBLOCK)[: _EVENT.size])
            while socket.get(zmq.RCVMORE):
                socket.recv(zmq.NOBLOCK)
            yield event, value
    except zmq.ZMQError:  # Again: there is no more; any other: the socket was closed
        return
