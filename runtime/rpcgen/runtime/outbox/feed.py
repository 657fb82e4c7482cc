"""How far the messages to one destination have come, so that they leave in order. Knows no files, threads or transport.

A first message goes alone; when it has arrived, so many may be under way. When one could not be sent, those under way are waited for, and
after a pause it is the first to go, alone.
"""

from __future__ import annotations

from typing import Final

#: Messages to one destination that are under way.
WINDOW: Final = 256

#: Seconds to wait before what could not be sent is tried again: at first, and at most.
FIRST_PAUSE: Final = 0.1
LONGEST_PAUSE: Final = 5.0


class Feed:
    """One destination.

    Attributes:
        after: the number of the last message that was handed over; what waits behind it is next.
        last: the number of the last one that there is.
        out: numbers of those that are under way.
        due: when the next may be handed over (monotonic seconds).
        why: one of them could not be sent lately.
    """

    __slots__ = ("_failed", "_pause", "_proven", "after", "due", "last", "out", "why")

    def __init__(self, last: int = 0) -> None:
        self.after = 0
        self.last = last
        self.out: set[int] = set()
        self.due = 0.0
        self.why = ""
        self._proven = False
        self._failed: int | None = None
        self._pause = FIRST_PAUSE

    @property
    def idle(self) -> bool:
        """Whether there is nothing left of it."""
        return not self.out and self.after >= self.last

    def room(self, now: float) -> int:
        """How many may be handed over now."""
        if self._failed is not None or now < self.due or self.after >= self.last:
            return 0
        return (WINDOW if self._proven else 1) - len(self.out)

    def handed(self, number: int) -> None:
        """A message was handed over."""
        self.after = number
        self.out.add(number)

    def passed(self, number: int) -> None:
        """A message is not to be handed over."""
        self.after = number

    def exhausted(self) -> None:
        """There is nothing behind the last that was handed over."""
        self.after = max(self.after, self.last)

    def arrived(self, number: int, now: float) -> None:
        """A message needs nobody any more."""
        self.out.discard(number)
        self._proven = True
        self._pause = FIRST_PAUSE
        self.why = ""
        self._begin_anew(now)

    def failed(self, number: int, now: float, why: str) -> None:
        """A message could not be sent."""
        self.out.discard(number)
        self.why = why
        self._failed = number if self._failed is None else min(number, self._failed)
        self._begin_anew(now)

    def wait(self, now: float) -> None:
        """Nothing can be sent for a while."""
        self.due = now + LONGEST_PAUSE

    def _begin_anew(self, now: float) -> None:
        if self._failed is None or self.out:
            return
        self.after = self._failed - 1
        self._failed = None
        self._proven = False
        self.due = now + self._pause
        self._pause = min(2 * self._pause, LONGEST_PAUSE)
