"""Which requests a server has seen, so that one that comes twice runs once (PROTOCOL.md 3.1).

Whatever lies between a client and a server may deliver bytes again. Knows no connections: ids are like no others.
"""

from __future__ import annotations

#: At least so many requests back, and at most twice as many, one that comes again is known.
WINDOW = 32_768


class Seen:
    """Remembers the latest requests; the oldest half is forgotten at once, which costs nothing when it is not due."""

    __slots__ = ("_before", "_now", "_window")

    def __init__(self, window: int = WINDOW) -> None:
        self._window = window
        self._now: set[bytes] = set()
        self._before: set[bytes] = set()

    def again(self, call_id: bytes, attempt: int) -> bool:
        """Whether this attempt at a call has come before; it is remembered."""
        key = call_id if attempt == 1 else call_id + attempt.to_bytes(4, "big")
        now = self._now
        if key in now or key in self._before:
            return True
        now.add(key)
        if len(now) >= self._window:
            self._before, self._now = now, set()
        return False
