"""What a server remembers: requests, so that one that comes twice runs once, and fanouts, to tell how many it has missed.

See PROTOCOL.md 3.1. Whatever lies between a client and a server may deliver bytes again. Knows no connections: ids are like no others.
"""

from __future__ import annotations

#: At least so many requests back, and at most twice as many, one that comes again is known.
WINDOW = 32_768

#: Series of fanouts that are remembered; above that the one that was heard longest ago is forgotten.
REMEMBERED = 4096


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


class Gaps:
    """What was heard of each series of fanouts, which carry numbers; knows nothing of why one was lost."""

    __slots__ = ("_heard", "_remembered")

    def __init__(self, remembered: int = REMEMBERED) -> None:
        self._remembered = remembered
        #: The first and the last number of each series, the latest heard last.
        self._heard: dict[bytes, tuple[int, int]] = {}

    def heard(self, series: bytes, number: int) -> int:
        """How many more are missing now that one has come: fewer by one if it is one that was missed before.

        What was sent before the first that came was not meant for us.
        """
        first, last = self._heard.pop(series, (number, number))
        self._heard[series] = first, max(last, number)
        if len(self._heard) > self._remembered:
            del self._heard[next(iter(self._heard))]
        if number > last:
            return number - last - 1
        return -1 if first < number < last else 0
