"""ZMTP 3.1 without security, byte by byte: what libzmq's own sockets would not do. Knows nothing of the driver."""

from __future__ import annotations

import socket
import struct
from contextlib import suppress

#: The greeting, and its length with any security.
GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x01NULL" + bytes(48)

#: A PING that promises nothing (TTL 0).
PING = b"\x04\x07\x04PING\x00\x00"

_MORE, _LONG, _COMMAND = 1, 2, 4


def ready(identity: bytes = b"", kind: str = "DEALER") -> bytes:
    """The command READY of a socket."""
    properties = (("Socket-Type", kind.encode()), ("Identity", identity))
    body = b"\x05READY" + b"".join(
        bytes([len(name)]) + name.encode() + len(value).to_bytes(4, "big") + value
        for name, value in properties
    )
    return bytes([_COMMAND, len(body)]) + body


def message(frame: bytes) -> bytes:
    """A message of one short frame."""
    return bytes([0, len(frame)]) + frame


class Stream:
    """One side of a connection, from the greeting on."""

    def __init__(self, stream: socket.socket) -> None:
        self._stream = stream
        self._held = b""
        stream.settimeout(10.0)

    @classmethod
    def to(cls, port: int) -> Stream:
        """A connection to a port of the loopback."""
        return cls(socket.create_connection(("127.0.0.1", port)))

    def greet(self, mine: bytes) -> None:
        """Do the handshake; `mine` is our READY."""
        self.say(GREETING)
        self._take(len(GREETING))
        self.say(mine)
        self.hear()

    def say(self, data: bytes) -> None:
        """Send bytes as they are."""
        self._stream.sendall(data)

    def hear(self) -> bytes:
        """The next message's or command's body."""
        while True:
            flags, size = self._take(2)
            if flags & _LONG:
                size = int.from_bytes(bytes([size]) + self._take(7), "big")
            body = self._take(size)
            if not body.startswith(b"\x04P"):  # neither PING nor PONG
                return body

    def _take(self, size: int) -> bytes:
        while len(self._held) < size:
            chunk = self._stream.recv(65536)
            assert chunk, "it hung up"
            self._held += chunk
        taken, self._held = self._held[:size], self._held[size:]
        return taken

    def was_read(self) -> bool:
        """Whether the program at the other end, which is on this machine, has taken all that we said from its system."""
        return self._theirs()[4].endswith(":00000000")

    def is_asked_for(self) -> bool:
        """Whether the system at the other end, which is this machine, will ask us whether we are there (keepalive)."""
        return self._theirs()[5].startswith("02:")

    def _theirs(self) -> list[str]:
        """What the system says of the other end."""
        here, there = (
            f":{name[1]:04X}" for name in (self._stream.getsockname(), self._stream.getpeername())
        )
        with open("/proc/net/tcp") as table:
            rows = [line.split() for line in table][1:]
        # Other connections, perhaps ended ones, may come from a port of the same number.
        [theirs] = [row for row in rows if row[1].endswith(there) and row[2].endswith(here)]
        return theirs

    def reset(self) -> None:
        """End the connection without a farewell: the other end is told that it was reset."""
        reset(self._stream)


def reset(stream: socket.socket) -> None:
    """Close a TCP connection so that the other end sees a reset."""
    with suppress(OSError):
        stream.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    stream.close()
