"""What many threads leave to the one that polls, for it to send.

Each of libzmq's calls lets go of the interpreter, and where many threads send they then wait for it, and for one
another's lock, longer than sending takes. So they leave their frames, without a lock, to the thread that polls, as long
as there is one that stays; it sends them together. Knows nothing of sockets.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING, Generic, TypeVar

from rpcgen.runtime.drivers.zeromq.bundles import Outbox
from rpcgen.runtime.drivers.zeromq.waiting import Bell

if TYPE_CHECKING:
    from rpcgen.runtime.outgoing import Outgoing

P = TypeVar("P")


class Mail(Generic[P]):
    """Frames that wait for the thread that polls.

    The order of things that keeps a frame from lying there: who leaves one puts it down and then looks whether that
    thread waits; that thread says that it waits and then looks whether a frame lies there.

    Args:
        bell: wakes the thread that polls.
        send, together: as of an `Outbox`.
        most: so many frames may lie here; who leaves one more has to send them.

    Attributes:
        staying: whether a thread polls that will poll again soon, so that frames may be left.
        waiting: whether it waits for descriptors.
        full: peers for which there is no room.
    """

    __slots__ = ("_bell", "_left", "_most", "_outbox", "_rung", "full", "staying", "waiting")

    def __init__(
        self,
        bell: Bell,
        send: Callable[[P, bytes, int], bool],
        most: int,
        together: Callable[[P], bool] = lambda _: True,
    ) -> None:
        self._bell = bell
        self._most = most
        self._left: deque[tuple[P, bytes, Outgoing | None]] = deque()
        self._outbox: Outbox[P] = Outbox(send, together)
        self._rung = False
        self.staying = False
        self.waiting = False
        self.full = self._outbox.full

    def leave(self, peer: P, frame: bytes, message: Outgoing | None = None) -> bool:
        """Leave a frame; False if `flush` must be called: nobody may be there any more, or too much lies there.

        Takes no lock.
        """
        self._left.append((peer, frame, message))
        if self.waiting and not self._rung:
            self._rung = True
            self._bell.ring()
        return self.staying and len(self._left) <= self._most

    @property
    def lies(self) -> bool:
        """Whether there is something to send."""
        return bool(self._left or self._outbox.frames)

    @property
    def stuck(self) -> bool:
        """Whether there is something for which there was no room."""
        return bool(self._outbox.frames)

    def flush(self) -> None:
        """Send what there is room for; with the driver's lock."""
        self._rung = False
        left, outbox = self._left, self._outbox
        while left:
            outbox.put(*left.popleft())
        outbox.flush()

    def strand(self, peer: P) -> list[Outgoing]:
        """See `Outbox.strand`; with the driver's lock. What was just left lies here on, for `send` to throw away."""
        left = list(self._left)  # copied in one step: others leave more meanwhile
        return [
            *self._outbox.strand(peer),
            *(message for whom, _, message in left if whom is peer and message is not None),
        ]
