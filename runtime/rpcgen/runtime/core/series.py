"""The numbers that fanouts carry, so that a server can tell how many it has missed (PROTOCOL.md 3.1).

Knows neither who sends to whom, nor why a copy was lost.
"""

from __future__ import annotations

from collections.abc import Callable
from itertools import count

from rpcgen.runtime.target import Target

#: The id of a series, and which of it this is, from 1.
Place = tuple[bytes, int]

#: A series has no more than this; the next one has another id.
LONGEST = 2**31 - 1

#: Series that a server remembers; above that the one that was heard longest ago is forgotten.
REMEMBERED = 4096


class Series:
    """A client's: one series for each topic. Safe for threads."""

    __slots__ = ("_new_id", "_series")

    def __init__(self, new_id: Callable[[], bytes]) -> None:
        self._new_id = new_id
        self._series: dict[tuple[str, str], tuple[bytes, count[int]]] = {}

    def next(self, target: Target) -> Place:
        """The place of the next fanout to a target."""
        key = (target.exchange, target.topic)
        series = self._series.get(key)
        if series is None:
            series = self._series.setdefault(key, (self._new_id(), count(1)))
        number = next(series[1])
        if number >= LONGEST:
            self._series.pop(key, None)
        return series[0], min(number, LONGEST)


class Gaps:
    """A server's: what it heard of each series."""

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
