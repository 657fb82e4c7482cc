"""How much has left for a server in bundles that it may not have read (PROTOCOL.md, ZeroMQ: Bundles).

libzmq's high-water mark counts messages, whatever is in them: a server that does not read would cost its clients a
thousand times as much memory where messages are bundles. So what leaves in bundles is counted in bytes; now and then the
server is asked for a sign that it has read so far, and as long as too much is unread every frame leaves alone, and counts
for libzmq. Knows no sockets.
"""

from __future__ import annotations

from typing import Final

#: Bytes of bundles that one server may have unread.
LIMIT: Final = 8 * 1024 * 1024

#: Bytes of bundles after which it is asked.
ASK: Final = LIMIT // 4


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
