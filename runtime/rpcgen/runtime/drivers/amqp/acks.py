"""Which deliveries of one channel are to be acknowledged. Knows no channel.

Acknowledging all up to a number costs one frame for many deliveries, but is right only when every earlier one is done.
"""

from __future__ import annotations


class Acks:
    """The deliveries of one channel, which the broker numbers in order."""

    __slots__ = ("_done", "_open")

    def __init__(self) -> None:
        #: Delivered and not settled, in the order of their numbers, and when; settled and not told.
        self._open: dict[int, float] = {}
        self._done: list[int] = []

    def delivered(self, number: int, now: float) -> None:
        """It came."""
        self._open[number] = now

    def settle(self, number: int) -> None:
        """It is done with."""
        if number in self._open:
            del self._open[number]
            self._done.append(number)

    def settle_until(self, then: float) -> None:
        """All that came until then have waited long enough."""
        for number, came in list(self._open.items()):
            if came > then:
                return
            self.settle(number)

    def due(self) -> list[tuple[int, bool]]:
        """What to tell the broker now: numbers, and whether each stands for all before it."""
        done, self._done = sorted(self._done), []
        if not done:
            return []
        first_open = next(iter(self._open), None)
        covered = [number for number in done if first_open is None or number < first_open]
        told = [(number, False) for number in done[len(covered) :]]
        return [(covered[-1], len(covered) > 1), *told] if covered else told
