"""Requests that came by a channel, and their acknowledgement."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Final

from rpcgen.runtime.deliveries import Delivery
from rpcgen.runtime.drivers.amqp.acks import Acks
from rpcgen.runtime.drivers.amqp.lane import Lane
from rpcgen.runtime.drivers.amqp.letters import Kept, deadline_of
from rpcgen.runtime.drivers.amqp.manner import Incoming
from rpcgen.runtime.drivers.amqp.message import Message

#: Seconds for which the broker may not be told what was settled.
PATIENCE: Final = 1.0


class Request(Delivery):
    """Where a request came from, and its number there. Equal ones have the same client and label.

    Args:
        message: what came.
        incoming: what it says of its answer; None: it is no request.
        berth: where it is to be acknowledged; None: nowhere.
        kept: what travels with one that is kept, or None.
        failed: gets one that is kept and could not be done, why, and whether it never can be; and one that cannot be
            read, unless it is None.
    """

    __slots__ = ("_berth", "_failed", "label", "message", "reply_to", "together", "travels")

    def __init__(
        self,
        message: Message,
        incoming: Incoming | None,
        berth: Berth | None,
        kept: Kept | None = None,
        failed: Callable[[Request, Berth, str, bool], None] | None = None,
    ) -> None:
        attempt = 1 if kept is None else kept.attempt
        known = None if incoming is None else incoming.deadline
        super().__init__(
            redelivered=message.redelivered or attempt > 1,
            kept=kept is not None,
            attempt=attempt,
            deadline=known if kept is None else deadline_of(message),
            copied=kept is not None and kept.copied,
        )
        self.message = message
        self.reply_to = "" if incoming is None else incoming.reply_to
        self.label = None if incoming is None else incoming.label
        self.together = incoming is not None and incoming.together
        self.travels = kept or Kept()
        self._berth = berth
        self._failed = failed

    def settle(self) -> None:
        """See `Delivery.settle`."""
        berth, self._berth = self._berth, None
        if berth is not None:
            berth.settle(self.message.tag)

    def fail(self, reason: str, *, hopeless: bool = False) -> None:
        """See `Delivery.fail`."""
        berth, self._berth = self._berth, None
        if berth is not None and self._failed is not None:
            self._failed(self, berth, reason, hopeless)

    def discard(self, reason: str) -> None:
        """See `Delivery.discard`."""
        if self._failed is not None:
            self.fail(reason)
        else:
            self.settle()

    def left(self) -> float | None:
        """Seconds that it may still wait; None: for ever."""
        return None if self.deadline is None else self.deadline - monotonic()

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Request)
            and self.reply_to == other.reply_to
            and self.label == other.label
        )

    def __hash__(self) -> int:
        return hash((self.reply_to, self.label))


class Berth:
    """One channel of an intake, and what came by it. It ends with its connection; what is settled then is forgotten.

    Messages of a server that died move: they are published anew, and then acknowledged. Their copies come back before
    that, and wait for it: if one of them ended this process, too, the broker would have all of them twice.

    Args:
        lane: the channel.
        ring: wakes whoever drives its connection.
        together: so many are acknowledged together, or as many as there are after `PATIENCE`.
    """

    __slots__ = (
        "_acks",
        "_moving",
        "_ring",
        "_settled",
        "_together",
        "_told",
        "_waiting",
        "lane",
        "over",
    )

    def __init__(self, lane: Lane, ring: Callable[[], None], together: int = 1) -> None:
        self.lane = lane
        #: The broker gives what was not acknowledged here to others.
        self.over = False
        self._ring = ring
        self._together = together
        #: When the broker was last told.
        self._told = -inf
        self._acks = Acks()
        self._settled: deque[int] = deque()
        self._moving: set[int] = set()
        self._waiting: list[Callable[[], object]] = []

    def moves(self, tag: int) -> None:
        """A message is about to be published anew."""
        self._moving.add(tag)

    def stays(self, tag: int) -> None:
        """It could not be, on any thread."""
        self._moving.discard(tag)
        self._ring()

    def when_moved(self, act: Callable[[], object]) -> None:
        """Act when nothing moves, which may be now."""
        if self._moving:
            self._waiting.append(act)
        else:
            act()

    def moved(self) -> list[Callable[[], object]]:
        """What has waited until now."""
        if self._moving:
            return []
        waiting, self._waiting = self._waiting, []
        return waiting

    def settle(self, tag: int) -> None:
        """A message is done with, on any thread."""
        self._settled.append(tag)
        if len(self._settled) >= self._together:
            self._ring()

    def came(self, tag: int) -> None:
        """A message came."""
        self._acks.delivered(tag, monotonic())

    def acknowledge(self, now: float, then: float = -inf) -> None:
        """Tell the broker what was settled, if that is due, and of all that came until `then`."""
        if len(self._settled) < self._together and now < self._told + PATIENCE:
            return
        self._told = now
        while self._settled:
            tag = self._settled.popleft()
            self._acks.settle(tag)
            self._moving.discard(tag)
        self._acks.settle_until(then)
        for tag, multiple in self._acks.due():
            self.lane.acknowledge(tag, multiple=multiple)
