"""Bundles: several frames for one peer in one ZeroMQ message (PROTOCOL.md, ZeroMQ: Bundles).

What libzmq does for a message, and the wake-ups of its I/O threads, cost several times as much as a small frame's way
through our own core. Frames that leave together therefore travel together. Pure: bytes in, bytes out; knows no sockets.

libzmq's high-water mark counts messages, whatever is in them: a server that does not read would cost its clients a
thousand times as much memory where messages are bundles. So what leaves in bundles is counted in bytes (`Backlog`); now and
then the server is asked for a sign that it has read so far, and as long as too much is unread every frame leaves alone, and
counts for libzmq.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Final

import msgspec
from rpcgen.runtime.drivers.zeromq.control import MARK, Malformed

BUNDLE: Final = 0x06

#: What a bundle begins with.
HEAD: Final = bytes((MARK, BUNDLE))

#: Frames in one bundle at most: what a receiver has to take at once is bounded.
MAX_FRAMES: Final = 64

#: Bytes of frames in one bundle at most: less than CONTROL_LIMIT, which every receiver takes however small its
#: `max_message` is. A larger frame travels alone.
MAX_BYTES: Final = 48 * 1024

#: Bytes of bundles that one server may have unread.
LIMIT: Final = 8 * 1024 * 1024

#: Bytes of bundles after which it is asked.
ASK: Final = LIMIT // 4

_encode: Final = msgspec.msgpack.Encoder().encode
_decode: Final = msgspec.msgpack.Decoder(
    Annotated[list[bytes], msgspec.Meta(min_length=2, max_length=MAX_FRAMES)]
).decode


def pack(frames: Sequence[bytes]) -> list[tuple[bytes, int]]:
    """Messages that hold all frames in their order, each with how many it holds."""
    if len(frames) == 1:
        return [(frames[0], 1)]
    messages: list[tuple[bytes, int]] = []
    together: list[bytes] = []
    size = 0
    for frame in frames:
        size += len(frame)
        if together and (size > MAX_BYTES or len(together) == MAX_FRAMES):
            messages.append(_message(together))
            together, size = [], len(frame)
        together.append(frame)
    messages.append(_message(together))
    return messages


def _message(frames: list[bytes]) -> tuple[bytes, int]:
    if len(frames) == 1:
        return frames[0], 1
    return HEAD + _encode(frames), len(frames)


def unpack(message: bytes) -> list[bytes]:
    """The frames of a message that begins with HEAD.

    Raises:
        Malformed: it is cut, has too few or too many frames, or one that may not be in a bundle.
    """
    try:
        frames: list[bytes] = _decode(memoryview(message)[2:])
    except (ValueError, RecursionError) as error:
        raise Malformed("a bundle that is not the array it should be") from error
    for frame in frames:
        if not frame or frame[0] == MARK:
            raise Malformed("a bundle with an empty or a control frame in it")
    return frames


class Backlog:
    """What one server may have unread."""

    __slots__ = ("_asked", "_later", "_unread")

    def __init__(self) -> None:
        self._unread = 0
        self._later = 0  # of these, behind the question
        self._asked = False

    def add(self, size: int) -> bool:
        """A bundle has left; True if the server is to be asked whether it has read it."""
        self._unread += size
        self._later += size
        return self._later >= ASK and not self._asked

    def ask(self) -> None:
        """The question has left."""
        self._asked = True
        self._later = 0

    def answered(self) -> None:
        """The server has read all that left before the question, if there was one."""
        if self._asked:
            self._asked = False
            self._unread = self._later

    @property
    def full(self) -> bool:
        """Whether nothing is to leave in bundles for now."""
        return self._unread >= LIMIT
