"""What comes on a client's links: frames for the program go to an inbox, those about the connection to whoever heeds them.

Knows nothing of what follows from either, nor of who waits for descriptors.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import zmq
from rpcgen.runtime.drivers.zeromq import bundles, control
from rpcgen.runtime.drivers.zeromq.link import Link
from rpcgen.runtime.peers import Arrival

# As a plain number: an enum costs on every call.
_NOBLOCK: Final = int(zmq.NOBLOCK)

#: Frames taken from one link before the others have their turn.
BATCH: Final = 64

#: Frames taken at once from a link that brings more than we wait for.
SURPLUS: Final = 16


class Reception:
    """Takes frames from links.

    Args:
        counters: `malformed` counts frames that no server of ours would send.
        heed: is told of each control frame.

    Attributes:
        inbox: what arrived and was not taken yet; replaced when it is taken.
    """

    __slots__ = ("_counters", "_heed", "inbox")

    def __init__(self, counters: dict[str, int], heed: Callable[[Link, bytes], None]) -> None:
        self._counters = counters
        self._heed = heed
        self.inbox: list[Arrival] = []

    def receive(self, link: Link, limit: int = BATCH, *, again: bool = False) -> bool:
        """Move what came on a link to the inbox.

        True if there is no more, so that its FD may be waited for. Stops early when all outstanding calls may have
        been answered: finding out that there is nothing costs as much as ten messages. But not if we ask `again`
        after that: then more comes than we wait for, and one at a time would cost most.
        """
        recv, inbox = link.recv, self.inbox
        outstanding = SURPLUS if again and link.outstanding < SURPLUS else link.outstanding
        taken = 0
        try:
            while taken < limit:
                frame = recv(_NOBLOCK)
                taken += 1
                if not frame:
                    self._counters["malformed"] += 1
                elif frame[0] != control.MARK:
                    inbox.append((link, frame))
                    if taken == outstanding:
                        return False
                elif frame.startswith(bundles.HEAD):
                    taken += self._unpack(link, frame) - 1
                    if taken >= outstanding:
                        return False
                else:
                    self._heed(link, frame)
        except zmq.ZMQError:  # Again: there is no more; any other: the link was closed
            return True
        return False

    def _unpack(self, link: Link, message: bytes) -> int:
        """Move the frames of a bundle to the inbox; how many there were."""
        try:
            frames = bundles.unpack(message)
        except control.Malformed:
            self._counters["malformed"] += 1
            return 1
        self.inbox.extend([(link, frame) for frame in frames])
        return len(frames)

    def take(self) -> list[Arrival]:
        """Empty the inbox."""
        inbox = self.inbox
        if inbox:
            self.inbox = []
        return inbox
