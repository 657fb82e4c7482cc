"""Log lines that may come often: the first of a kind at once, then one in a while that says how many there were.

Whoever sends us messages decides how often, so a log must not grow with them. Knows no clock: `now` is an argument.
"""

from __future__ import annotations

#: Seconds between two lines of a kind.
PAUSE = 10.0

#: Kinds that are told apart; more count as one, because what makes a kind may come from the wire.
KINDS = 256


class Repeats:
    """Which lines to write."""

    __slots__ = ("_kinds",)

    def __init__(self) -> None:
        #: When the next line of a kind is due (monotonic seconds), and how many were held back since the last.
        self._kinds: dict[tuple[str, ...], tuple[float, int]] = {}

    def worth(self, now: float, *kind: str) -> int | None:
        """How many lines of this kind were held back, if this one is to be written; None if it is not."""
        if kind not in self._kinds and len(self._kinds) >= KINDS:
            kind = ()
        due, held = self._kinds.get(kind, (now, 0))
        if now < due:
            self._kinds[kind] = (due, held + 1)
            return None
        self._kinds[kind] = (now + PAUSE, 0)
        return held


def more(held: int) -> str:
    """What to add to a line for those that were held back."""
    return f" ({held} more like this since the last line)" if held else ""
