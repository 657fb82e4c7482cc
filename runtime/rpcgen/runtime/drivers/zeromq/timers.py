"""Things to do later, without a clock or a thread: the owner asks `due` and calls `run` when it is time."""

from __future__ import annotations

import math
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count


class Timers:
    """A heap of callbacks by time. A callback checks for itself whether it is still wanted.

    Attributes:
        due: when the next callback wants to run; infinity if there is none.
    """

    __slots__ = ("_heap", "_order", "due")

    def __init__(self) -> None:
        self._heap: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()  # callbacks do not compare; equal times run in the order they came
        self.due = math.inf

    def at(self, when: float, callback: Callable[[], None]) -> None:
        """Run `callback` at `when`, on the caller's clock."""
        heappush(self._heap, (when, next(self._order), callback))
        self.due = self._heap[0][0]

    def run(self, now: float) -> None:
        """Run what is due."""
        while self._heap and self._heap[0][0] <= now:
            _, _, callback = heappop(self._heap)
            callback()
        self.due = self._heap[0][0] if self._heap else math.inf
