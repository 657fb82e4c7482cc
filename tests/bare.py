"""Bare ZeroMQ sockets that speak what a test wants of PROTOCOL.md's section 5. They know nothing of the driver."""

from __future__ import annotations

import os
import threading
from types import TracebackType
from typing import Any, Self

import msgspec
import zmq

HELLO = bytes.fromhex("c1 01 91 01")
BUNDLE = b"\xc1\x06"


def bundle(*frames: Any) -> bytes:
    """One message of several frames, whether or not they may be in one."""
    return BUNDLE + msgspec.msgpack.encode(frames)


def frames_of(message: bytes) -> list[bytes]:
    """What came in one message."""
    if not message.startswith(BUNDLE):
        return [message]
    frames: list[bytes] = msgspec.msgpack.decode(message[2:], type=list[bytes])
    return frames


class _Bare:
    """One socket, which is closed at the end of a `with` block."""

    kind: int

    def __init__(self, hwm: int = 0) -> None:
        self._context = zmq.Context()
        self.socket = self._context.socket(self.kind)
        self.socket.set(zmq.LINGER, 0)
        self.socket.set(zmq.SNDTIMEO, 5000)
        self.socket.set(zmq.SNDHWM, 0)
        self.socket.set(zmq.RCVHWM, hwm)

    def close(self) -> None:
        self.socket.close()
        self._context.term()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _message(self, limit: float) -> bytes:
        assert self.socket.poll(round(limit * 1000)), "nothing came"
        return self.socket.recv_multipart()[-1]

    def messages(self, count: int, limit: float = 5.0) -> list[list[bytes]]:
        """The next messages that hold so many frames, each as its frames; control frames do not count."""
        found: list[list[bytes]] = []
        while sum(map(len, found)) < count:
            frames = frames_of(self._message(limit))
            if frames[0][:1] != b"\xc1":
                found.append(frames)
        return found

    def frames(self, count: int, limit: float = 5.0) -> list[bytes]:
        """The next frames, however they came."""
        return [frame for frames in self.messages(count, limit) for frame in frames]


class BareClient(_Bare):
    """A DEALER that a server takes for a client.

    Args:
        address: of the server.
        hwm: messages of the server's that may wait here.
    """

    kind = zmq.DEALER

    def __init__(self, address: str, hwm: int = 0) -> None:
        super().__init__(hwm)
        self.socket.set(zmq.ROUTING_ID, b"R" + os.urandom(16))
        self.socket.connect(address)
        self.say(HELLO)
        assert self._message(5.0).startswith(b"\xc1\x02"), "no WELCOME"

    def say(self, message: bytes) -> None:
        """Send one message as it is."""
        self.socket.send(message)

    def say_together(self, *frames: bytes) -> None:
        """Send frames, up to 64 of them in one message."""
        for start in range(0, len(frames), 64):
            part = frames[start : start + 64]
            self.say(bundle(*part) if len(part) > 1 else part[0])


class BareServer(_Bare):
    """A ROUTER that a client takes for a server.

    Args:
        address: where it listens.
        name, topic: what its WELCOME says; the exchange is `test`.
        hwm: messages of a client's that may wait here.
    """

    kind = zmq.ROUTER

    def __init__(self, address: str, name: str = "s1", topic: str = "echo", hwm: int = 0) -> None:
        super().__init__(hwm)
        self._welcome = b"\xc1\x02" + msgspec.msgpack.encode((1, name, [("test", topic)], False))
        self._caller = b""
        self.socket.bind(address)
        self._greeter = threading.Thread(target=self._greet)
        self._greeter.start()

    def _greet(self) -> None:
        if self.socket.poll(5000):
            self._caller, hello = self.socket.recv_multipart()
            assert hello == HELLO
            self.welcome()

    def welcome(self) -> None:
        """Answer HELLO."""
        self.say(self._welcome)

    def greeted(self) -> None:
        """To be called when a client has found it, before anything else."""
        self._greeter.join()
        assert self._caller

    def say(self, message: bytes) -> None:
        """Send one message to the client as it is."""
        self.socket.send_multipart([self._caller, message])

    def close(self) -> None:
        self._greeter.join()
        super().close()
