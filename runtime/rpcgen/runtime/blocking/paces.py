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
    """How long the handlers of one server took lately. Threads need no lock: a run that is not counted does not matter."""

    __slots__ = ("_runs",)

    def __init__(self) -> None:
        #: More than 0: it is quick; else how many quick runs, less one, it takes until it is.
        self._runs: dict[Entry, int] = {}

    def is_quick(self, entry: Entry) -> bool:
        """Whether its next run is likely to be quick."""
        return self._runs.get(entry, 0) > 0

    def ran(self, entry: Entry, seconds: float) -> None:
        """Note how long one run took."""
        runs = self._runs.get(entry, -PROOF)
        if seconds > QUICK:
            self._runs[entry] = min(runs, -min(round(seconds / QUICK * PROOF), MEMORY))
        elif runs <= 0:
            self._runs[entry] = runs + 1
