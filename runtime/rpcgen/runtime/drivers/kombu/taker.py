"""Taking letters from queues, on a connection and a thread of its own."""

from __future__ import annotations

from collections.abc import Callable
from time import monotonic
from typing import Final

from rpcgen.runtime.drivers.kombu.carriers.carrier import Carrier
from rpcgen.runtime.drivers.kombu.line import Line
from rpcgen.runtime.drivers.kombu.thread import LineThread
from rpcgen.runtime.errors import RpcgenError

#: Seconds between two looks at the clock, at most.
LOOK: Final = 0.25


class Taker(LineThread):
    """A thread that waits for letters.

    Args:
        carrier, role, sender, changed: as of `LineThread`.
        opened: gets each new connection, to take from queues there. May raise LineLost.
        looked: called with the connection and the time; says when it is to be called again. May raise LineLost.
        lost: told when there is none, and why; None if it was closed.
    """

    def __init__(
        self,
        carrier: Carrier,
        role: str,
        sender: str,
        changed: Callable[[], None],
        opened: Callable[[Line], None],
        looked: Callable[[Line, float], float],
        lost: Callable[[RpcgenError | None], None],
    ) -> None:
        super().__init__(carrier, role, sender, changed)
        self._opened, self._looked, self._lost = opened, looked, lost
        self._malformed = 0
        self._line: Line | None = None

    @property
    def malformed(self) -> int:
        """Messages that were none."""
        line = self._line
        return self._malformed + (0 if line is None else line.malformed)

    def end(self) -> None:
        """Wait for no more letters than the one that comes next: whoever says this sends it."""
        self._stop.set()

    def begun(self, line: Line) -> None:
        """See `LineThread.begun`."""
        self._line = line
        self._opened(line)

    def serve(self, line: Line) -> None:
        """See `LineThread.serve`."""
        due = 0.0
        while not self._stop.is_set():
            now = monotonic()
            if now >= due:
                due = now + self._looked(line, now)
            line.drain(max(0.001, due - now))

    def ended(self, error: RpcgenError | None) -> None:
        """See `LineThread.ended`."""
        line, self._line = self._line, None
        if line is not None:
            self._malformed += line.malformed
        self._lost(error)
