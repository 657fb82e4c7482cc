"""One connection: a thread reads it, and another writes what waits. Knows neither clients nor servers.

A message is its length, its kind, and its bytes.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Callable

#: Who a server is; a frame; it takes nothing new; it has answered all that it will answer.
HELLO, FRAME, BYE, END = range(4)

HEADER = struct.Struct("!IB")
WAITING = 10_000  # messages


class Line:
    """A connection.

    Args:
        connection: a connected socket.
        limit: bytes of the largest message that is read.
        arrived: called by a thread of the line's own for each message, with its kind.
        ended: called once, by such a thread, with the labels of what was taken and never left.
    """

    def __init__(
        self,
        connection: socket.socket,
        limit: int,
        arrived: Callable[[Line, int, bytes], None],
        ended: Callable[[Line, list[object]], None],
    ) -> None:
        self._socket = connection
        self._limit = limit
        self._arrived = arrived
        self._ended = ended
        self._waiting: deque[tuple[int, bytes, object]] = deque()
        self._news = threading.Condition()
        self._closing = False
        self._broken = False
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._writer = threading.Thread(target=self._write, daemon=True)

    def start(self) -> None:
        """Begin to read and to write."""
        self._writer.start()  # first: the reader waits for it at its end
        self._reader.start()

    def put(self, kind: int, data: bytes, label: object = None) -> bool:
        """Have a message written; False if the other end does not read, or is gone. Never waits."""
        with self._news:
            if self._closing or self._broken or len(self._waiting) >= WAITING:
                return False
            self._waiting.append((kind, data, label))
            self._news.notify()
        return True

    def finish(self) -> None:
        """Take nothing more, and end when all that waits was written. Returns at once."""
        with self._news:
            self._closing = True
            self._news.notify()

    def close(self, end: float) -> None:
        """As `finish`; wait for it until `end` (monotonic seconds), and then end it."""
        self.finish()
        self._writer.join(max(0.0, end - time.monotonic()))
        self._shut()
        self._reader.join(1.0)

    def _shut(self) -> None:
        with self._news:
            self._broken = True
            self._news.notify()
        with contextlib.suppress(OSError):
            # A child of a fork may have the socket, too: only this ends the connection.
            self._socket.shutdown(socket.SHUT_RDWR)

    def _write(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                with self._news:
                    self._news.wait_for(lambda: self._waiting or self._closing or self._broken)
                    if self._broken or not self._waiting:
                        break
                    kind, data, _ = self._waiting[0]
                self._socket.sendall(HEADER.pack(len(data), kind) + data)
                with self._news:
                    self._waiting.popleft()
        self._shut()

    def _read(self) -> None:
        with contextlib.suppress(OSError):
            while header := self._exactly(HEADER.size):
                size, kind = HEADER.unpack(header)
                if size > self._limit:
                    break
                data = self._exactly(size)
                if data is None:
                    break
                self._arrived(self, kind, data)
        self._shut()
        self._writer.join()
        self._socket.close()
        self._ended(self, [label for kind, _, label in self._waiting if kind == FRAME])

    def _exactly(self, size: int) -> bytes | None:
        """So many bytes; None if the connection ended."""
        data = bytearray()
        while len(data) < size:
            part = self._socket.recv(min(size - len(data), 65536))
            if not part:
                return None
            data += part
        return bytes(data)
