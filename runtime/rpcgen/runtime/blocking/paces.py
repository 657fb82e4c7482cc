"""Which handlers are so quick that it is not worth while to wake another thread beside them. Knows no threads."""

from __future__ import annotations

from typing import Final

from rpcgen.runtime.core.entry import Entry

#: Seconds that a quick handler takes at most, with all that is around it. Waking a thread costs a tenth of that, and more
#: where it then waits for the interpreter.
QUICK: Final = 0.0002

#: Quick runs that show that a handler is quick. After one that was not it takes as many for each QUICK that it took,
PROOF: Final = 16
#: and at most so many.
MEMORY: Final = 1024


class Paces:
    """How long the handlers of one server took lately.

    Threads need no lock: where two note something at once and one of them is lost, a handler is taken for quick or slow a
    little longer than it is.
    """

    __slots__ = ("_left",)

    def __init__(self) -> None:
        #: The quick runs that a handler has yet to show.
        self._left: dict[Entry, int] = {}

    def is_quick(self, entry: Entry) -> bool:
        """Whether its next run is likely to be quick."""
        return self._left.get(entry, PROOF) == 0

    def ran(self, entry: Entry, seconds: float) -> None:
        """Note how long one run took."""
        left = self._left.get(entry, PROOF)
        if seconds > QUICK:
            self._left[entry] = max(left, min(round(seconds / QUICK * PROOF), MEMORY))
        elif left:
            self._left[entry] = left - 1
