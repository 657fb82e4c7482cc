"""Who sent a request, and what its transport wants to hear of it. Knows nothing of how it came."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Hashable

#: Whoever sent a request; equal handles mean the same client. Opaque to all but the driver. One that is a `Delivery`
#: stands for one request, too.
Caller = Hashable


class Delivery:
    """The `Caller` of a request that its transport holds until it hears what became of it.

    Attributes:
        redelivered: another server, or this one before, may have begun it.
        kept: it is to be run at least once.
        attempt: of those that are kept: 1, or more if it could not be done before.
        deadline: monotonic seconds after which it is not to be begun, if the transport knows that, maybe better than the request.
        copied: its sender sent it again, because it did not know whether it had arrived.
    """

    __slots__ = ("attempt", "copied", "deadline", "kept", "redelivered")

    def __init__(
        self,
        *,
        redelivered: bool,
        kept: bool = False,
        attempt: int = 1,
        deadline: float | None = None,
        copied: bool = False,
    ) -> None:
        self.redelivered = redelivered
        self.kept = kept
        self.attempt = attempt
        self.deadline = deadline
        self.copied = copied

    @abstractmethod
    def settle(self) -> None:
        """It needs no one else: it was answered, refused or dropped. Idempotent, from any thread."""

    @abstractmethod
    def fail(self, reason: str, *, hopeless: bool = False) -> None:
        """One that is kept could not be done: it is to be tried again, or put aside. Idempotent, from any thread.

        Args:
            reason: for people.
            hopeless: another attempt would end in the same way.
        """

    def discard(self, reason: str) -> None:
        """It cannot be read. Who has a place where people can look at such a message puts it there. Idempotent, from any thread.

        Args:
            reason: for people.
        """
        if self.kept:
            self.fail(reason)
        else:
            self.settle()
