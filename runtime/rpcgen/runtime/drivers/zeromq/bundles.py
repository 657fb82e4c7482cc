"""Bundles as ZeroMQ messages (PROTOCOL.md, ZeroMQ: Bundles). Pure: bytes in, bytes out; knows no sockets.

libzmq's high-water mark counts messages, whatever is in them: a server that does not read would cost its clients a
thousand times as much memory where messages are bundles. So what leaves in bundles is counted in bytes (`Backlog`); now and
then the server is asked for a sign that it has read so far, and as long as too much is unread every frame leaves alone, and
counts for libzmq.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from rpcgen.runtime import bundles
from rpcgen.runtime.drivers.zeromq.control import MARK, Malformed

BUNDLE: Final = 0x06

#: What a bundle begins with.
HEAD: Final = bytes((MARK, BUNDLE))

#: Bytes of bundles that one server may have unread.
LIMIT: Final = 8 * 1024 * 1024

#: Bytes of bundles after which it is asked.
ASK: Final = LIMIT // 4


def pack(frames: Sequence[bytes]) -> list[tuple[bytes, int]]:
    """Messages that hold all frames in their order, each with how many it holds."""
    if len(frames) == 1:
        return [(frames[0], 1)]
    return [
        (packed, 1) if count == 1 else (HEAD + packed, count)
        for packed, count in bundles.pack(frames)
    ]


def unpack(message: bytes) -> list[bytes]:
    """The frames of a message that begins with HEAD.

    Raises:
        Malformed: it is cut, has too few or too many frames, or one that may not be in a bundle.
    """
    try:
        frames = bundles.unpack(memoryview(message)[len(HEAD) :])
    except ValueError as error:
        raise Malformed(str(error)) from error
    for frame in frames:
        if frame[0] == MARK:
            raise Malformed("a bundle with a control frame in it")
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
