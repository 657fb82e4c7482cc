"""The end of an interpreter that finds clients open: what they took has as long to leave as if they were closed.

Knows no transport. All clients together have LONGEST seconds, so that a program ends, whoever does not answer.
"""

from __future__ import annotations

import atexit
from time import monotonic
from typing import TYPE_CHECKING, Final
from weakref import WeakSet

if TYPE_CHECKING:
    from typing import Protocol

    class Leaver(Protocol):
        """A client of a driver."""

        def leave(self, longest: float) -> None:
            """Let go what was taken, for at most so many seconds; it is not used any more. May be called after `close`."""
            ...


#: Seconds that the end of a program may take for it.
LONGEST: Final = 1.0


_open: Final[WeakSet[Leaver]] = WeakSet()


def remember(client: Leaver) -> None:
    """Have a client leave when the interpreter ends, should it still be there."""
    _open.add(client)


def _leave() -> None:
    end = monotonic() + LONGEST
    for client in list(_open):
        client.leave(max(0.0, end - monotonic()))


atexit.register(_leave)
