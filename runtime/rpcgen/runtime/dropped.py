"""Casts and events that nobody waits for, and that a client took and could not deliver. Knows no transport.

They are counted one by one, and said together: one record of the log for all that were lost in one way.
"""

from __future__ import annotations

from collections.abc import MutableMapping
from time import monotonic
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from rpcgen.runtime.core.repeats import Repeats

#: Destinations that a record names.
SHOWN: Final = 8

#: What to do, for people.
ADVICE: Final = (
    "what must not be lost belongs to a method with delivery: at_least_once, over amqp:// also with ?outbox=DIR, "
    "or is a call"
)


class Dropped:
    """The count of one client. Used by one thread at a time.

    Args:
        counters: the driver's; `dropped` and `unconfirmed` are kept there.
        logger: where people read of it.
    """

    __slots__ = ("_counters", "_doubtful", "_logger", "_repeats", "_unsaid")

    def __init__(self, counters: MutableMapping[str, int], logger: str) -> None:
        self._counters = counters
        self._logger = logger
        self._unsaid: dict[str, int] = {}
        self._doubtful = 0
        self._repeats: Repeats | None = None
        counters["dropped"] = counters["unconfirmed"] = 0

    def add(self, name: str, count: int = 1) -> None:
        """So many for one destination never left."""
        if count:
            self._counters["dropped"] += count
            self._unsaid[name] = self._unsaid.get(name, 0) + count

    def doubt(self) -> None:
        """One left, and may have arrived."""
        self._counters["unconfirmed"] += 1
        self._doubtful += 1

    def say(self, why: str, *, last: bool = False) -> None:
        """Write down what came since the last record, if something did; what comes too often, with the `last` one."""
        if not (self._unsaid or self._doubtful):
            return
        try:
            import logging  # a program that loses nothing pays for neither

            from rpcgen.runtime.core.repeats import Repeats, more
        except OSError:  # there is no file to open: the next record says it, too
            return
        self._repeats = self._repeats or Repeats()
        held = self._repeats.worth(monotonic(), "last" if last else "")
        if held is None:
            return
        unsaid, self._unsaid = self._unsaid, {}
        doubtful, self._doubtful = self._doubtful, 0
        log = logging.getLogger(self._logger)
        log.warning("%s: %s; %s%s", _summed(unsaid, doubtful), why, ADVICE, more(held))


def _summed(counts: dict[str, int], doubtful: int) -> str:
    """How many they are, and where they were to go."""
    where = [f"{count} to {name}" for name, count in list(counts.items())[:SHOWN]]
    if len(counts) > SHOWN:
        where.append(f"the rest to {len(counts) - SHOWN} others")
    parts: list[str] = []
    if counts:
        parts.append(
            f"dropped {sum(counts.values())} casts or events that had not left ({', '.join(where)})"
        )
    if doubtful:
        parts.append(f"{doubtful} casts or events that had left may not have arrived")
    return ", and ".join(parts)
