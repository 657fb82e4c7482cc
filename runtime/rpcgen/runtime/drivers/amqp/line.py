"""A socket with buffers on both sides, for one AMQP connection. Knows frames, not what is in them.

Takes the place of py-amqp's own transport, which blocks: here nothing waits but `connect` and `read_frame`, and they end
at `deadline`, whatever arrives meanwhile (a timeout that heartbeats restart is none).
"""

from __future__ import annotations

import select
import socket
import ssl
import struct
from collections import deque
from collections.abc import Generator
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Final

#: Bytes that one read asks for; reads in one pass; bytes of a frame beyond its payload.
_CHUNK: Final = 65536
_READS: Final = 16
_OVERHEAD: Final = 8

#: Types of frames, and what each ends with.
METHOD, HEADER, BODY, HEARTBEAT = 1, 2, 3, 8
END: Final = 0xCE

#: Frames above this are no AMQP: we agree on 128 KiB.
_LARGEST: Final = 1024 * 1024

_HEADER: Final = struct.Struct(">BHI")
_GREETING: Final = b"AMQP\x00\x00\x09\x01"

#: Type, channel, payload.
Frame = tuple[int, int, bytes]


class TlsRefused(OSError):
    """The other end is not whom we trust, or speaks no TLS: trying again does not help."""


class Line:
    """One connection's socket.

    Args:
        host, port: whom to connect.
        context: of TLS, or None.
        server_name: whose certificate is expected.
        patience: seconds after which the system gives up what the peer does not acknowledge.
        deadline: monotonic seconds at which connecting, or a wait, ends as TimeoutError.
    """

    def __init__(
        self,
        host: str,
        port: int,
        context: ssl.SSLContext | None,
        server_name: str | None,
        patience: float,
        deadline: float,
    ) -> None:
        self._address = (host, port)
        self._context = context
        self._server_name = server_name
        self._patience = patience
        self.deadline = deadline
        self.sock: socket.socket | None = None
        self.connected = False
        self.heard = self.spoke = monotonic()
        self._in = bytearray()
        self._out = bytearray()
        #: Bytes that the system has taken.
        self._gone = 0
        self._frames: deque[Frame] = deque()

    # --- used by py-amqp ------------------------------------------------------------------------------------------

    def connect(self) -> None:
        """Connect, and greet."""
        error: OSError | None = None
        for family, kind, protocol, _, address in socket.getaddrinfo(
            *self._address, type=socket.SOCK_STREAM
        ):
            sock = socket.socket(family, kind, protocol)
            try:
                sock.settimeout(self._left())
                sock.connect(address)
                self.sock = self._prepared(sock)
            except OSError as failure:
                sock.close()
                error = failure
            else:
                self.connected = True
                self.write(_GREETING)
                return
        raise error or OSError(f"{self._address[0]} has no address")

    def _prepared(self, sock: socket.socket) -> socket.socket:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if hasattr(socket, "TCP_USER_TIMEOUT"):
            patience = int(self._patience * 1000)
            sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, patience)
        if self._context is not None:
            wrapped = self._context.wrap_socket(
                sock, server_hostname=self._server_name, do_handshake_on_connect=False
            )
            try:
                wrapped.setblocking(False)
                self._shake_hands(wrapped)
            except BaseException:
                wrapped.close()  # it has taken the descriptor from the socket that it wraps
                raise
            return wrapped
        sock.setblocking(False)
        return sock

    def _shake_hands(self, sock: ssl.SSLSocket) -> None:
        while True:
            try:
                sock.do_handshake()
            except ssl.SSLWantReadError:
                self._wait(sock, select.POLLIN)
            except ssl.SSLWantWriteError:
                self._wait(sock, select.POLLOUT)
            except ssl.SSLEOFError as error:
                raise ConnectionResetError("the broker closed the connection") from error
            except ssl.SSLError as error:
                raise self._refusal(error) from error
            else:
                return

    def _refusal(self, error: ssl.SSLError) -> TlsRefused:
        why = getattr(error, "verify_message", "") or error.reason or error
        return TlsRefused(f"no TLS with {self._address[0]}: {why}")

    def write(self, data: bytes | memoryview) -> None:
        """Let it leave with the next `flush`."""
        if not self.connected:
            raise OSError("the connection is closed")
        self._out += data

    def read_frame(self) -> Frame:
        """The next frame; waits until `deadline`, and sends what is to be sent meanwhile."""
        while not self._frames:
            if not self.connected or self.sock is None:
                raise OSError("the connection is closed")
            gone = self.flush()
            if not self.receive() and not self.more:
                self._wait(self.sock, select.POLLIN | (0 if gone else select.POLLOUT))
        return self._frames.popleft()

    @contextmanager
    def having_timeout(self, timeout: float | None) -> Generator[socket.socket | None]:
        """Nothing: `deadline` counts."""
        yield self.sock

    def close(self) -> None:
        """Hang up. Idempotent."""
        self.connected = False
        sock, self.sock = self.sock, None
        if sock is not None:
            # A loop may still watch it by a descriptor of its own, which would keep the connection.
            with suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    # --- used by the owner ----------------------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether something waits to be sent."""
        return bool(self._out)

    @property
    def size(self) -> int:
        """Bytes that wait to be sent."""
        return len(self._out)

    @property
    def gone(self) -> int:
        """Bytes that the system has taken so far."""
        return self._gone

    @property
    def written(self) -> int:
        """Bytes that were written so far."""
        return self._gone + len(self._out)

    def left(self, written: int) -> bool:
        """Whether all that was written up to there may have reached the broker: the system has it."""
        return written <= self._gone

    @property
    def more(self) -> bool:
        """Whether there are frames, or bytes in TLS, that no descriptor tells of."""
        return bool(self._frames) or (
            isinstance(self.sock, ssl.SSLSocket) and self.sock.pending() > 0
        )

    def flush(self) -> bool:
        """Send as much as there is room for; whether that was all."""
        while self._out:
            try:
                with memoryview(self._out) as view:
                    assert self.sock is not None
                    sent = self.sock.send(view[: 16 * _CHUNK])
            except (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                return False
            del self._out[:sent]
            self._gone += sent
            self.spoke = monotonic()
        return True

    def receive(self) -> bool:
        """Read what is there; whether there are whole frames now. Raises OSError at the end of the stream."""
        assert self.sock is not None
        for _ in range(_READS):
            try:
                data = self.sock.recv(_CHUNK)
            except (BlockingIOError, InterruptedError, ssl.SSLWantReadError, ssl.SSLWantWriteError):
                break
            except ssl.SSLError as error:
                if "ALERT" in (error.reason or ""):  # it has looked at our certificate
                    raise self._refusal(error) from error
                raise
            if not data:
                raise ConnectionResetError("the broker closed the connection")
            self._in += data
            self.heard = monotonic()
            if len(data) < _CHUNK and self._context is None:
                break
        self._parse()
        return bool(self._frames)

    def take(self) -> Frame | None:
        """The next frame that was read, if there is one."""
        return self._frames.popleft() if self._frames else None

    def _parse(self) -> None:
        with memoryview(self._in) as buffer:
            at = self._take_apart(buffer)
        del self._in[:at]

    def _take_apart(self, buffer: memoryview) -> int:
        """Keep the whole frames that a buffer begins with; where the rest begins."""
        at, end = 0, len(buffer)
        while end - at >= _HEADER.size:
            kind, channel, size = _HEADER.unpack_from(buffer, at)
            if size > _LARGEST:
                raise OSError(f"the broker sent a frame of {size} bytes")
            after = at + _OVERHEAD + size
            if after > end:
                break
            if buffer[after - 1] != END:
                raise OSError("the broker sent what is no AMQP frame")
            self._frames.append((kind, channel, bytes(buffer[at + _HEADER.size : after - 1])))
            at = after
        return at

    def _left(self) -> float:
        left = self.deadline - monotonic()
        if left <= 0.0:
            raise TimeoutError("the broker did not answer in time")
        return left

    def pause(self, until: float) -> None:
        """Wait for something to read, until then at most."""
        assert self.sock is not None
        poll = select.poll()
        poll.register(self.sock, select.POLLIN)
        poll.poll(max(0.0, until - monotonic()) * 1000)

    def _wait(self, sock: socket.socket, events: int) -> None:
        poll = select.poll()
        poll.register(sock, events)
        poll.poll(self._left() * 1000)
