"""How long the end of a connection may take: longer for as long as something still leaves by it. Knows no connection."""

from __future__ import annotations

from collections.abc import Hashable


class Farewell:
    """When to wait no longer.

    Args:
        now: monotonic seconds.
        patience: seconds to wait while nothing leaves.
        longest: seconds to wait in all.

    Attributes:
        by: until when to wait, if nothing leaves from now on.
    """

    __slots__ = ("_last", "_patience", "_seen", "by")

    def __init__(self, now: float, patience: float, longest: float) -> None:
        self.by = now + patience
        self._last = now + longest
        self._patience = patience
        self._seen: Hashable = None

    def goes_on(self, now: float, progress: Hashable) -> bool:
        """Whether to wait; `progress` is something else each time that something has left."""
        if progress != self._seen:
            self._seen = progress
            self.by = min(self._last, now + self._patience)
        return now < self.by
