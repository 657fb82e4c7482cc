"""Frames that leave together.

Each message that is handed to libzmq costs more than the frame in it, and may wake the I/O thread. So the first frame
of a pass of the loop leaves at once, and those that follow in the same pass leave together, bundled, at its end: a
single call or cast waits for nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Final, Generic, TypeVar, cast

from rpcgen.runtime.drivers.zeromq.bundles import pack

if TYPE_CHECKING:
    from rpcgen.runtime.outgoing import Outgoing

P = TypeVar("P")

#: What all frames are of that nobody waits for, and that are counted should they not leave.
CAST: Final = cast("Outgoing", object())

#: So many frames leave at the latest, whether the pass has ended or not: the other side begins with them meanwhile.
TOGETHER: Final = 32

#: Seconds after which a frame that is put off takes all others along: a pass with slow handlers in it may be long.
LATE: Final = 0.001


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
