"""Counts of what happened, so that every promise can be seen kept or broken. Knows nothing of who reads them."""

from __future__ import annotations

from collections.abc import Mapping


class Counters:
    """A set of named counts.

    A plain `counters.sent += 1` is not interrupted by another thread (the interpreter switches threads at calls and
    backward jumps only), so counting costs no lock.
    """

    __slots__ = ()

    def snapshot(self) -> dict[str, int]:
        """All counts by name."""
        names: tuple[str, ...] = self.__slots__
        return {name: getattr(self, name) for name in names if not name.startswith("_")}


class ClientCounters(Counters):
    """What a transport's client side counts.

    calls, casts: messages handed to the driver; replies: answers that reached their caller; late: answers that
    nobody waited for any more; expired: calls that ended at their deadline; cancelled: calls given up by the program;
    lost: calls whose server went away; rejected: calls a server refused; moved: messages sent on to another server
    because the first was gone or draining, or to the same one because it had been away; retried: idempotent calls tried again; unreadable: frames that were no
    message; dropped: casts and events that were taken, and are known not to have left: they waited here when their
    connection ended, or the transport was closed; unconfirmed: those that left, and whose connection ended before it was
    known that they had arrived, where a transport can know that. The driver counts these two.
    """

    __slots__ = (
        "_driver",
        "calls",
        "cancelled",
        "casts",
        "expired",
        "late",
        "lost",
        "moved",
        "rejected",
        "replies",
        "retried",
        "unreadable",
    )

    def __init__(self) -> None:
        self.calls = self.casts = self.replies = self.late = self.expired = self.retried = 0
        self.cancelled = self.lost = self.rejected = self.moved = self.unreadable = 0
        self._driver: Mapping[str, int] = {}

    def include(self, driver: Mapping[str, int]) -> None:
        """Have what a driver counts for us."""
        self._driver = driver

    @property
    def dropped(self) -> int:
        """See above."""
        return self._driver.get("dropped", 0)

    @property
    def unconfirmed(self) -> int:
        """See above."""
        return self._driver.get("unconfirmed", 0)

    def snapshot(self) -> dict[str, int]:
        """All counts by name."""
        own = super().snapshot()
        return {**own, "dropped": self.dropped, "unconfirmed": self.unconfirmed}


class ServerCounters(Counters):
    """What a server counts.

    received: requests that could be read; handled: handlers that returned; declared: ended in a declared error;
    failed: ended in any other exception; rejected: refused before a handler ran; overloaded, expired, stale: those of
    them refused for that reason; cancelled: given up by their caller; redelivered: not run, because another server may
    have run them; answered: answers handed to the driver; unanswered: those whose caller was gone; unreadable: frames that were no message; drifted: messages
    of a build of the same version that differs from ours; repeated: requests that came again, and were dropped; missed:
    fanouts that were sent while we listened to their sender, and have not come (one that comes late is taken off again);
    committed: those of a store's that came again, and were not run, because they had been committed.
    """

    __slots__ = (
        "answered",
        "cancelled",
        "committed",
        "declared",
        "drifted",
        "expired",
        "failed",
        "handled",
        "missed",
        "overloaded",
        "received",
        "redelivered",
        "rejected",
        "repeated",
        "stale",
        "unanswered",
        "unreadable",
    )

    def __init__(self) -> None:
        self.received = self.handled = self.declared = self.failed = self.rejected = 0
        self.overloaded = self.expired = self.cancelled = self.redelivered = self.unanswered = 0
        self.unreadable = self.drifted = self.stale = self.repeated = self.missed = 0
        self.committed = self.answered = 0
