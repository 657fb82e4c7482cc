"""Events on the broker: where they are published, and the queues of those who subscribe (PROTOCOL.md 6.8).

Everything else is as for casts: what is kept is confirmed, tried again, and put aside after so many attempts.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar, Final

from rpcgen.runtime.deliveries import Caller
from rpcgen.runtime.drivers.amqp.broker import Broker
from rpcgen.runtime.drivers.amqp.desk import Desk
from rpcgen.runtime.drivers.amqp.lane import Lane
from rpcgen.runtime.drivers.amqp.manner import RequestQueue, Taker
from rpcgen.runtime.drivers.amqp.message import Exchange
from rpcgen.runtime.drivers.amqp.names import Names
from rpcgen.runtime.drivers.amqp.native import NativeManner
from rpcgen.runtime.drivers.amqp.options import AmqpOptions
from rpcgen.runtime.drivers.amqp.queues import SINGLE, KeptQueue, NamedQueue
from rpcgen.runtime.room import Room
from rpcgen.runtime.subscription import Heard, Subscription

#: What a queue is bound by: exchanges, and the keys there, which are the names of events.
Bindings = tuple[tuple[str, str], ...]


def _bind(lane: Lane, queue: str, bindings: Bindings) -> None:
    for exchange, key in bindings:
        lane.bind(queue, Exchange(exchange, "topic"), key)


class _BoundQueue(NamedQueue, frozen=True):
    """A queue of events that are delivered at most once."""

    bindings: Bindings
    kept: ClassVar[bool] = False

    def bind(self, lane: Lane) -> None:
        """Get what is published. Raises LaneClosed."""
        _bind(lane, self.name, self.bindings)

    def _consume(self, lane: Lane, intake: Taker, junk: str = "") -> None:
        """Be bound, once it is declared, and take as many as can be run."""
        self.bind(lane)
        came, cancelled, prefetch = intake.requests(junk), intake.cancelled, intake.concurrency
        lane.take(self.name, self.tag, came, cancelled, acknowledged=True, prefetch=prefetch)


class GroupQueue(_BoundQueue, frozen=True):
    """A group's queue of events that are delivered at most once; it stays when nobody consumes.

    Attributes:
        kind: `classic` or `quorum`.
        single: one member at a time gets what is in it.
        junk: the queue of what cannot be read.
    """

    kind: str
    single: bool
    junk: str

    def open(self, lane: Lane, intake: Taker) -> None:
        """Declare it and consume. Raises LaneClosed."""
        arguments = {"x-queue-type": self.kind, **(SINGLE if self.single else {})}
        lane.declare_queue(self.name, durable=True, arguments=arguments)
        self._consume(lane, intake, self.junk)

    def withdraw(self, lane: Lane) -> None:
        """Consume no more; what comes waits for another member. Raises LaneClosed."""
        lane.cease(self.tag)

    def leave(self, lane: Lane) -> None:
        """It stays."""


class KeptGroupQueue(KeptQueue, frozen=True):
    """The same, of events that are kept until a member has handled them."""

    bindings: Bindings = ()

    def bind(self, lane: Lane) -> None:
        """Get what is published. Raises LaneClosed."""
        _bind(lane, self.name, self.bindings)


class EarQueue(_BoundQueue, frozen=True):
    """The queue of one program that names no group; it goes with its connection."""

    def open(self, lane: Lane, intake: Taker) -> None:
        """Declare it and consume. Raises LaneClosed."""
        lane.declare_queue(self.name, exclusive=True, auto_delete=True)
        self._consume(lane, intake)

    def withdraw(self, lane: Lane) -> None:
        """Get nothing new; what was published before still comes. Raises LaneClosed."""
        for exchange, key in self.bindings:
            lane.unbind(self.name, exchange, key)

    def leave(self, lane: Lane) -> None:
        """It goes by itself."""


#: What the queues of a group are called, of events that are (kept, ordered).
GROUPS: Final = {
    (False, False): "group",
    (False, True): "group-ordered",
    (True, False): "group-keep",
    (True, True): "group-keep-ordered",
}


class EventManner(NativeManner):
    """The manner of a program that subscribes. What it has done makes room for the next at once."""

    together = 1

    def __init__(self, options: AmqpOptions, subscription: Subscription) -> None:
        super().__init__(options)
        self._subscription = subscription

    def queues(
        self, topics: Sequence[tuple[str, str]], server: str, room: Room
    ) -> Sequence[RequestQueue]:
        """PROTOCOL.md 6.8."""
        names, subscription = self._names, self._subscription
        if subscription.group is None:
            return [EarQueue(names.own(server), _bindings(names, subscription.events))]
        apart: dict[tuple[str, str, str, bool, bool], list[Heard]] = {}
        for heard in subscription.events:
            target = heard.target
            place = (target.exchange, target.topic, heard.interface, heard.kept, heard.ordered)
            apart.setdefault(place, []).append(heard)
        return [self._queue(found, subscription.group) for found in apart.values()]

    def _queue(self, found: list[Heard], group: str) -> RequestQueue:
        names, first = self._names, found[0]
        bindings = _bindings(names, found)
        name = names.group(GROUPS[first.kept, first.ordered], first.target, first.interface, group)
        if not first.kept:
            junk = names.group("junk", first.target, first.interface, group)
            return GroupQueue(name, bindings, self._kind, first.ordered, junk)
        dead = names.group("group-dead", first.target, first.interface, group)
        return KeptGroupQueue(name, "", dead, self._kind, first.ordered, bindings)


def _bindings(names: Names, found: Sequence[Heard]) -> Bindings:
    return tuple((names.event(each.target), each.target.event or "") for each in found)


def event_desk(
    broker: Broker,
    subscription: Subscription,
    take: Callable[[tuple[Caller, bytes]], object],
    unsent: Callable[[], None],
) -> Desk:
    """The two connections of a program that subscribes."""
    targets = [heard.target for heard in subscription.events]
    room = Room(subscription.concurrency, 0)
    manner = EventManner(broker.options, subscription)
    return Desk(broker, targets, subscription.member, room, take, unsent, manner)
