"""Frames that leave together, as one ZeroMQ message (PROTOCOL.md, ZeroMQ: Bundles). Knows no sockets.

Each message that is handed to libzmq costs more than the frame in it, and may wake the I/O thread. So the first frame
of a pass of the loop leaves at once, and those that follow in the same pass leave together, bundled, at its end
(`Outbox`): a single call or cast waits for nothing.

libzmq's high-water mark counts messages, whatever is in them: a server that does not read would cost its clients a
thousand times as much memory where messages are bundles. So what leaves in bundles is counted in bytes (`Backlog`); now and
then the server is asked for a sign that it has read so far, and as long as too much is unread every frame leaves alone, and
counts for libzmq.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from operator import itemgetter
from time import monotonic
from typing import TYPE_CHECKING, Final, Generic, TypeVar, cast

from rpcgen.runtime import bundles
from rpcgen.runtime.drivers.zeromq.control import MARK, Malformed

if TYPE_CHECKING:
    from rpcgen.runtime.outgoing import Outgoing

P = TypeVar("P")

BUNDLE: Final = 0x06

_FIRST_BYTE: Final = itemgetter(0)

#: What a bundle begins with.
HEAD: Final = bytes((MARK, BUNDLE))

#: Bytes of bundles that one server may have unread.
LIMIT: Final = 8 * 1024 * 1024

#: Bytes of bundles after which it is asked.
ASK: Final = LIMIT // 4

#: What all frames are of that nobody waits for, and that are counted should they not leave.
CAST: Final = cast("Outgoing", object())

#: So many frames leave at the latest, whether the pass has ended or not: the other side begins with them meanwhile.
TOGETHER: Final = 32

#: Seconds after which a frame that is put off takes all others along: a pass with slow handlers in it may be long.
LATE: Final = 0.001


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
    if MARK in map(_FIRST_BYTE, frames):
        raise Malformed("a bundle with a control frame in it")
    return frames


class Backlog:
    """What one server may have unread.

    Attributes:
        asked: whether it was asked, and has not answered.
    """

    __slots__ = ("_later", "_unread", "asked")

    def __init__(self) -> None:
        self._unread = 0
        self._later = 0  # of these, behind the question
        self.asked = False

    def add(self, size: int) -> bool:
        """A bundle has left; True if the server is to be asked whether it has read it."""
        self._unread += size
        self._later += size
        return self._later >= ASK and not self.asked

    def ask(self) -> None:
        """The question has left."""
        self.asked = True
        self._later = 0

    def answered(self) -> None:
        """The server has read all that left before the question, if there was one."""
        if self.asked:
            self.asked = False
            self._unread = self._later

    @property
    def full(self) -> bool:
        """Whether nothing is to leave in bundles for now."""
        return self._unread >= LIMIT


class Outbox(Generic[P]):
    """What is to leave at the end of this pass.

    Args:
        send: hands over a message with so many frames; False if there is no room, and they have to wait.
        together: whether frames may be bundled for a peer.

    Attributes:
        frames: those that wait, in order, by their peer, each with what it is of if that is not to be lost unnoticed.
        full: for whom there was no room.
    """

    __slots__ = ("_count", "_send", "_since", "_together", "frames", "full")

    def __init__(
        self,
        send: Callable[[P, bytes, int], bool],
        together: Callable[[P], bool] = lambda _: True,
    ) -> None:
        self._send = send
        self._count = 0
        self._since = 0.0
        self._together = together
        self.frames: dict[P, list[tuple[bytes, Outgoing | None]]] = {}
        self.full: set[P] = set()

    def put(self, peer: P, frame: bytes, message: Outgoing | None = None) -> None:
        """Let a frame leave with the others."""
        waiting = self.frames.get(peer)
        if waiting is None:
            self.frames[peer] = [(frame, message)]
        else:
            waiting.append((frame, message))
        now = monotonic()
        if self._count == 0:
            self._since = now
        self._count += 1
        if (self._count >= TOGETHER or now > self._since + LATE) and not self.full:
            self.flush()

    def flush(self) -> None:
        """Hand over what there is room for."""
        frames, self.frames = self.frames, {}
        self._count = 0
        self.full.clear()
        for peer, waiting in frames.items():
            sent = 0
            bundled = len(waiting) > 1 and self._together(peer)
            alone = [frame for frame, _ in waiting]
            for message, count in pack(alone) if bundled else [(frame, 1) for frame in alone]:
                if not self._send(peer, message, count):
                    self.full.add(peer)
                    self.frames[peer] = waiting[sent:]
                    break
                sent += count

    @property
    def waiting(self) -> int:
        """How many frames wait."""
        return sum(map(len, self.frames.values()))

    def strand(self, peer: P) -> list[Outgoing]:
        """The connection to a peer has ended: forget what has not left for it; of what that was.

        Must not be called by `send`.
        """
        self.full.discard(peer)
        return [message for _, message in self.frames.pop(peer, ()) if message is not None]
