"""What a program wants to hear of events, and one that it has taken. Knows no driver."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct
from rpcgen.runtime.deliveries import Delivery
from rpcgen.runtime.target import Target


class Heard(Struct, frozen=True):
    """An event that a program subscribes to.

    Attributes:
        target: where it is published.
        interface: whose it is.
        kept: it is to be delivered at least once.
        ordered: it may have to be handled after others.
        dated: it may wait for only so long.
    """

    target: Target
    interface: str
    kept: bool = False
    ordered: bool = False
    dated: bool = False


class Subscription(Struct, frozen=True):
    """What a program wants to hear.

    Attributes:
        events: of one or several interfaces.
        group: those who share one copy of each event, also of what was published while none of them ran; None: a copy
            of its own, of what is published while it runs.
        member: the program's name.
        concurrency: handlers that run at once: so many events are taken, and hardly more.
    """

    events: tuple[Heard, ...]
    group: str | None
    member: str
    concurrency: int


class Taken(Delivery):
    """An event that a program has, of those that are kept nowhere. Whoever settles it makes room for the next.

    Args:
        done: called once.
        deadline: see `Delivery`.
    """

    __slots__ = ("_done",)

    def __init__(self, done: Callable[[], None], deadline: float | None = None) -> None:
        super().__init__(redelivered=False, deadline=deadline)
        self._done: Callable[[], None] | None = done

    def settle(self) -> None:
        """See `Delivery.settle`."""
        done, self._done = self._done, None
        if done is not None:
            done()

    def fail(self, reason: str, *, hopeless: bool = False) -> None:
        """It is not tried again: nothing is kept."""
        self.settle()
