"""A server's side, the same for both worlds: which queues there are, what came by them, and the answers.

Two connections: `Intake` takes requests, a `Publisher` sends answers. What comes is told on the intake's thread; the
faces for the two worlds (`blocking.py`, `aio.py`) bring it to the server.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from collections.abc import Callable, Sequence
from time import monotonic
from typing import Final

import msgspec
from msgspec import Struct
from rpcgen.runtime import forks
from rpcgen.runtime.driver import Room
from rpcgen.runtime.drivers.amqp import letters
from rpcgen.runtime.drivers.amqp.acks import Acks
from rpcgen.runtime.drivers.amqp.broker import Broker
from rpcgen.runtime.drivers.amqp.link import Lane, LaneClosed, Link, Message, Properties
from rpcgen.runtime.drivers.amqp.names import Names
from rpcgen.runtime.drivers.amqp.owner import Owner
from rpcgen.runtime.drivers.amqp.publisher import Parcel, Publisher
from rpcgen.runtime.errors import AuthError, ConfigurationError, NotSent, RpcgenError, TooLarge
from rpcgen.runtime.peers import Caller, Delivery
from rpcgen.runtime.target import Target

log = logging.getLogger("rpcgen.amqp")

#: Requests beyond those that run and wait that a server may hold: to refuse them, and for what is beside all limits.
MARGIN: Final = 16

#: Seconds: what starting waits for the broker; what withdrawing does; for which a queue of answers that was not there
#: is not written to again; after which a running request is acknowledged, because brokers close the channels of who
#: keeps them waiting (RabbitMQ: after 30 minutes).
START: Final = 5.0
WITHDRAW: Final = 1.0
REMEMBER: Final = 60.0
ACKNOWLEDGE: Final = 600.0

#: Queues of answers that are remembered not to be there.
MAX_DEAD: Final = 10_000

#: Seconds after its start at which a server sees that it can still be found: one that stopped at the same moment may
#: have believed that it was the last.
LOOK_AGAIN: Final = (1.0, 5.0)


class Request(Delivery):
    """Where a request came from, and its number there. Equal ones have the same client and label."""

    __slots__ = ("_intake", "_lane", "_tag", "label", "reply_to")

    def __init__(self, message: Message, intake: Intake, lane: Lane | None) -> None:
        super().__init__(redelivered=message.redelivered)
        self.reply_to = message.text("reply_to") or ""
        self.label = message.text("correlation_id")
        self._intake = intake
        self._lane = lane
        self._tag = message.tag

    def settle(self) -> None:
        """See `Delivery.settle`."""
        lane, self._lane = self._lane, None
        if lane is not None:
            self._intake.settle(lane, self._tag)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Request)
            and self.reply_to == other.reply_to
            and self.label == other.label
        )

    def __hash__(self) -> int:
        return hash((self.reply_to, self.label))


class Queue(Struct, frozen=True):
    """A queue of requests, which goes when its last consumer does.

    Attributes:
        name: also the routing key.
        exchange: from which it has them.
    """

    name: str
    exchange: str

    def open(self, lane: Lane, intake: Intake, prefetch: int) -> None:
        """Declare it and consume. Raises LaneClosed."""
        lane.declare_queue(self.name, auto_delete=True)
        self.bind(lane)
        came, cancelled = intake.requested, intake.cancelled
        lane.take(self.name, self.name, came, cancelled, acknowledged=True, prefetch=prefetch)

    def bind(self, lane: Lane) -> None:
        """Be found. Raises LaneClosed."""
        lane.declare_exchange(self.exchange, "direct")
        lane.bind(self.name, self.exchange, self.name)

    def withdraw(self, lane: Lane) -> None:
        """Be found no more by way of us. Raises LaneClosed.

        If nobody else consumes from it, what has been routed to it is still for us to refuse, until it goes with us: a
        queue that is deleted drops what is in it, and nobody learns of that.
        """
        if lane.consumers(self.name) > 1:
            lane.cease(self.name)
        else:
            lane.unbind(self.name, self.exchange, self.name)


class OwnQueue(Struct, frozen=True):
    """A server's own queue, of what goes to all.

    Attributes:
        exchanges: that it is bound to.
    """

    name: str
    exchanges: tuple[str, ...]

    def open(self, lane: Lane, intake: Intake, prefetch: int) -> None:
        """Declare it and consume. Raises LaneClosed."""
        lane.declare_queue(self.name, exclusive=True, auto_delete=True)
        for exchange in self.exchanges:
            lane.declare_exchange(exchange, "fanout")
            lane.bind(self.name, exchange)
        lane.take(self.name, self.name, intake.heard, intake.cancelled, acknowledged=False)

    def bind(self, lane: Lane) -> None:
        """Nobody unbinds it but us."""

    def withdraw(self, lane: Lane) -> None:
        """Be found no more; what was sent before still comes. Raises LaneClosed."""
        for exchange in self.exchanges:
            lane.unbind(self.name, exchange, "")


class Intake:
    """The `Duty` of taking requests.

    Args:
        broker: whom to connect.
        queues: what to consume from.
        prefetch: requests that may be held at once.
        arrived: gets each request.
        asked: gets the questions who is there.
    """

    def __init__(
        self,
        broker: Broker,
        queues: Sequence[Queue | OwnQueue],
        prefetch: int,
        arrived: Callable[[tuple[Caller, bytes]], object],
        asked: Callable[[str], None],
    ) -> None:
        self.owner = Owner(broker, "intake", self)
        self._queues = {queue.name: queue for queue in queues}
        self._looks: list[float] = []
        self._prefetch = prefetch
        self._arrived, self._asked = arrived, asked
        self._link: Link | None = None
        self._lane: Lane | None = None
        self._acks = Acks()
        self._settled: deque[tuple[Lane, int]] = deque()
        self._restore: set[str] = set()
        self._withdrawing = False
        self.begun = threading.Event()
        self.withdrawn = threading.Event()
        self.trouble: RpcgenError | None = None
        self.foreign = 0

    # --- any thread -------------------------------------------------------------------------------------------------

    def settle(self, lane: Lane, tag: int) -> None:
        """A request is done with."""
        self._settled.append((lane, tag))
        self.owner.ring()

    def withdraw(self) -> None:
        """Consume no more; returns when the broker has stopped sending, or after a second."""
        self._withdrawing = True
        if self._link is not None:
            self.owner.ring()
            self.withdrawn.wait(WITHDRAW)

    # --- arriving ---------------------------------------------------------------------------------------------------

    def requested(self, message: Message) -> None:
        """A request came that has to be acknowledged."""
        lane = self._lane
        self._acks.delivered(message.tag, monotonic())
        if not letters.is_ours(message, letters.REQUEST):
            self.foreign += 1
            self._acks.settle(message.tag)
            return
        self._arrived((Request(message, self, lane), message.body))

    def heard(self, message: Message) -> None:
        """Something came that all servers get."""
        if letters.is_ours(message, letters.WHO):
            self._asked(message.text("reply_to") or "")
        elif letters.is_ours(message, letters.REQUEST):
            self._arrived((Request(message, self, None), message.body))
        else:
            self.foreign += 1

    def cancelled(self, tag: str) -> None:
        """The broker ended a consumer: its queue was deleted, or moved to another node."""
        self._restore.add(tag)

    # --- the owner's thread -------------------------------------------------------------------------------------------

    def begin(self, link: Link) -> None:
        """See `Duty.begin`."""
        self._link = link
        self._open(link)
        self.trouble = None
        self.begun.set()

    def _open(self, link: Link) -> None:
        self._lane = link.lane()
        self._acks = Acks()
        self._restore.clear()
        if not self._withdrawing:
            for queue in self._queues.values():
                queue.open(self._lane, self, self._prefetch)
        now = monotonic()
        self._looks = [now + pause for pause in LOOK_AGAIN]

    def work(self, now: float) -> None:
        """See `Duty.work`."""
        lane = self._lane
        assert lane is not None
        while self._settled:
            of, tag = self._settled.popleft()
            if of is lane:  # else the broker has forgotten it with the channel
                self._acks.settle(tag)
        self._acks.settle_until(now - ACKNOWLEDGE)
        for tag, multiple in self._acks.due():
            lane.acknowledge(tag, multiple=multiple)
        if not self._withdrawing:
            self._see_to_queues(lane, now)
        elif not self.withdrawn.is_set():
            for queue in self._queues.values():
                queue.withdraw(lane)
            self.withdrawn.set()

    def _see_to_queues(self, lane: Lane, now: float) -> None:
        restore, self._restore = self._restore, set()
        for name in restore:
            log.warning("consuming from %s again: the broker had ended it", name)
            self._queues[name].open(lane, self, self._prefetch)
        if self._looks and now >= self._looks[0]:
            self._looks.pop(0)
            for queue in self._queues.values():
                queue.bind(lane)

    def mend(self, closed: LaneClosed) -> None:
        """See `Duty.mend`."""
        assert self._link is not None
        self._open(self._link)

    def end(self, error: RpcgenError) -> None:
        """See `Duty.end`."""
        self._link = self._lane = None
        self._settled.clear()
        self.trouble = error
        if isinstance(error, AuthError | ConfigurationError):
            self.begun.set()

    def look(self, now: float) -> None:
        """See `Duty.look`."""

    def leave(self) -> None:
        """See `Duty.leave`."""
        self.work(monotonic())
        self._link = None


class Desk:
    """A server's two connections.

    Args:
        broker: whom to connect.
        targets: the topics that are served.
        server: as whom.
        room: how much it takes.
        arrived: gets each request, on any thread.
        unsent: called for each answer that could not be handed over after all, on any thread.
    """

    def __init__(
        self,
        broker: Broker,
        targets: Sequence[Target],
        server: str,
        room: Room,
        arrived: Callable[[tuple[Caller, bytes]], object],
        unsent: Callable[[], None],
    ) -> None:
        if not targets:
            raise ConfigurationError("a listener needs at least one target")
        self._broker = broker
        self._born = forks.generation()
        self._names = names = Names(broker.options.prefix)
        topics = sorted({(target.exchange, target.topic) for target in targets})
        self._here = msgspec.msgpack.encode([server, topics])
        prefetch = room.concurrency + room.queue + MARGIN
        queues = _queues(names, topics, server)
        self._intake = Intake(broker, queues, prefetch, arrived, self._tell_who)
        self._publisher = Publisher(broker, "answers", lambda: None)
        self._unsent = unsent
        self._dead: dict[str, float] = {}
        self._closed = False
        self.counters = {"unreachable": 0}

    def start(self) -> None:
        """Begin to connect."""
        self._publisher.owner.start()
        self._intake.owner.start()

    def wait(self) -> None:
        """Wait until requests are taken, or a few seconds if the broker does not answer.

        Raises:
            ConfigurationError: what is on the broker does not fit, or it does not let us in.
        """
        self._intake.begun.wait(START)
        trouble = self._intake.trouble
        if isinstance(trouble, AuthError | ConfigurationError):
            self.close()
            raise (
                trouble
                if isinstance(trouble, ConfigurationError)
                else ConfigurationError(str(trouble))
            )
        if not self._intake.begun.is_set():
            log.warning("%s does not answer; trying again in the background", self._broker.text)

    def send(self, caller: Caller, frame: bytes) -> bool:
        """See `Listener.send`."""
        forks.check(self._born)
        assert isinstance(caller, Request)
        limit = self._broker.options.max_message
        if len(frame) > limit:
            raise TooLarge(f"the answer has {len(frame)} bytes, the limit is {limit}")
        label = caller.label
        return self._publish(
            caller.reply_to, frame, lambda number: letters.answer(number, label), counts=True
        )

    def _publish(
        self, queue: str, body: bytes, properties: Callable[[int], Properties], *, counts: bool
    ) -> bool:
        if self._closed or not self._names.is_reply(queue) or self._is_dead(queue):
            return False

        def settled(error: RpcgenError | None) -> None:
            if error is not None:
                self._failed(queue, error)
                if counts:
                    self._unsent()

        try:
            self._publisher.put(Parcel("", queue, body, properties, settled, again=True))
        except NotSent:
            return False
        return True

    def _failed(self, queue: str, error: RpcgenError) -> None:
        if isinstance(error, NotSent):
            self.counters["unreachable"] += 1
            if len(self._dead) >= MAX_DEAD:
                self._dead.clear()
            self._dead[queue] = monotonic() + REMEMBER

    def _is_dead(self, queue: str) -> bool:
        until = self._dead.get(queue)
        if until is None:
            return False
        if monotonic() < until:
            return True
        self._dead.pop(queue, None)
        return False

    def _tell_who(self, queue: str) -> None:
        self._publish(queue, self._here, letters.here, counts=False)

    def withdraw(self) -> None:
        """See `Listener.withdraw`."""
        forks.check(self._born)
        self._intake.withdraw()

    def close(self) -> None:
        """See `Listener.close`."""
        if self._closed or forks.generation() != self._born:
            return
        self._closed = True
        self._publisher.owner.stop(0.6)
        self._intake.owner.stop(0.4)


def _queues(names: Names, topics: Sequence[tuple[str, str]], server: str) -> list[Queue | OwnQueue]:
    queues: list[Queue | OwnQueue] = []
    fanouts: list[str] = [names.directory()]
    for exchange, topic in topics:
        for target in (Target(exchange, topic), Target(exchange, topic, server)):
            queues.append(Queue(names.call(target), names.calls()))
        fanouts.append(names.fanout(Target(exchange, topic)))
    return [*queues, OwnQueue(names.own(server), tuple(fanouts))]
