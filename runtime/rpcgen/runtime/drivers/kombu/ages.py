"""How long letters were under way, by comparing clocks that show different times. Knows no clock: `now` is an argument.

Each sender writes its own monotonic time on what it sends. The smallest difference between that and ours, at arrival, is
that of the clocks and the shortest way; what is above it is time that a letter lay in its queue.
"""

from __future__ import annotations


class Ages:
    """The senders that are known."""

    __slots__ = ("_shortest",)

    def __init__(self) -> None:
        self._shortest: dict[str, float] = {}

    def age(self, sender: str, sent: float, now: float) -> float:
        """Seconds that a letter was under way longer than its sender's fastest one."""
        difference = now - sent
        shortest = self._shortest.get(sender)
        if shortest is None or difference < shortest:
            self._shortest[sender] = difference
            return 0.0
        return difference - shortest

    def forget(self, sender: str) -> None:
        """It is gone."""
        self._shortest.pop(sender, None)

    def __len__(self) -> int:
        return len(self._shortest)
