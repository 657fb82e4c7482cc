"""What a socket's monitor tells: connected, refused, broken. Knows nothing of what follows from it."""

from __future__ import annotations

import struct
from enum import Enum
from typing import Final

import zmq
from msgspec import Struct
from rpcgen.runtime.drivers.zeromq.sockets import Context, Socket


class Change(Enum):
    """What happened to a connection."""

    UP = "connected"
    REFUSED = "refused"
    NO_HANDSHAKE = "no ZeroMQ handshake"
    UNAUTHENTICATED = "authentication failed"
    BROKEN = "connection lost"


_CHANGES: Final[dict[int, Change]] = {
    zmq.Event.HANDSHAKE_SUCCEEDED: Change.UP,
    # The client's sockets connect once, so a closed connection attempt is a failed one.
    zmq.Event.CLOSED: Change.REFUSED,
    zmq.Event.HANDSHAKE_FAILED_NO_DETAIL: Change.NO_HANDSHAKE,
    zmq.Event.HANDSHAKE_FAILED_PROTOCOL: Change.NO_HANDSHAKE,
    zmq.Event.HANDSHAKE_FAILED_AUTH: Change.UNAUTHENTICATED,
    zmq.Event.DISCONNECTED: Change.BROKEN,
}
_MASK: Final = sum(_CHANGES)
_EVENT: Final = struct.Struct("=Hi")


class Monitor(Struct):
    """Watches one socket; `fd` is readable (edge-triggered) when `changes` has something to say."""

    socket: Socket
    fd: int

    @classmethod
    def attach(cls, context: Context, watched: Socket) -> Monitor:
        """Begin to watch a socket, before it connects."""
        address = f"inproc://monitor-{id(watched):x}"
        watched.monitor(address, _MASK)
        socket = context.socket(zmq.PAIR)
        try:
            socket.setsockopt(zmq.LINGER, 0)
            socket.connect(address)
            monitor = cls(socket, socket.fileno())
            # A pipe rings only for a reader who found it empty.
            monitor.changes()
            return monitor
        except zmq.ZMQError:
            socket.close()
            raise

    def changes(self) -> list[Change]:
        """All that happened since the last time; empties the socket, so that its FD may be waited for."""
        found: list[Change] = []
        try:
            while True:
                event, _ = _EVENT.unpack(self.socket.recv(zmq.NOBLOCK)[: _EVENT.size])
                while self.socket.get(zmq.RCVMORE):
                    self.socket.recv(zmq.NOBLOCK)
                if event in _CHANGES:
                    found.append(_CHANGES[event])
        except zmq.ZMQError:  # Again: there is no more; any other: the socket was closed
            return found

    def close(self) -> None:
        """Stop watching; after this the watched socket may be closed."""
        self.socket.close()
