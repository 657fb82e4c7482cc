"""The queues that a server of the native wire consumes from: how each is declared, found, and left (PROTOCOL.md 6.1, 6.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Final

from msgspec import Struct
from rpcgen.runtime.drivers.amqp.lane import Lane
from rpcgen.runtime.drivers.amqp.message import Exchange, Message
from rpcgen.runtime.drivers.amqp.streams import Reader

if TYPE_CHECKING:
    from rpcgen.runtime.drivers.amqp.manner import Taker

#: The broker delivers to one consumer, whatever others there are, until that one goes.
SINGLE: Final[dict[str, Any]] = {"x-single-active-consumer": True}

#: How a stream is declared: it forgets what is older than half an hour, by the segment, so segments are small.
STREAM: Final[dict[str, Any]] = {
    "x-queue-type": "stream",
    "x-max-age": "1800s",
    "x-stream-max-segment-size-bytes": 50_000_000,
}


#: How a queue of what cannot be read is declared: whoever may publish decides how much of it there is.
JUNK: Final[dict[str, Any]] = {
    "x-queue-type": "classic",
    "x-max-length": 1000,
    "x-max-length-bytes": 16 * 1024 * 1024,
    "x-overflow": "drop-head",
}


class NamedQueue(Struct, frozen=True):
    name: str

    @property
    def tag(self) -> str:
        """The consumer is called as the queue is."""
        return self.name


class Queue(NamedQueue, frozen=True):
    """A queue of requests, which goes when its last consumer does.

    Attributes:
        name: also the routing key.
        exchange: from which it has them.
        junk: the queue of what cannot be read.
        single: one server at a time gets what is in it.
    """

    exchange: str
    junk: str
    single: bool = False

    kept: ClassVar[bool] = False

    def open(self, lane: Lane, intake: Taker) -> None:
        """Declare it and consume. Raises LaneClosed."""
        lane.declare_queue(self.name, auto_delete=True, arguments=SINGLE if self.single else None)
        self.bind(lane)
        came, cancelled, prefetch = intake.requests(self.junk), intake.cancelled, intake.prefetch
        lane.take(self.name, self.tag, came, cancelled, acknowledged=True, prefetch=prefetch)

    def bind(self, lane: Lane) -> None:
        """Be found."""
        lane.bind(self.name, Exchange(self.exchange, "direct"), self.name)

    def withdraw(self, lane: Lane) -> None:
        """Be found no more by way of us. Raises LaneClosed.

        If nobody else consumes from it, what has been routed to it is still for us to refuse, until it goes with us: a
        queue that is deleted drops what is in it, and nobody learns of that.
        """
        if lane.consumers(self.name) > 1:
            lane.cease(self.tag)
        else:
            lane.unbind(self.name, self.exchange, self.name)

    def leave(self, lane: Lane) -> None:
        """It goes by itself."""


class JunkQueue(NamedQueue, frozen=True):
    """A queue of what no server could read; it stays, and lets go of the oldest when there is too much."""

    def declare(self, lane: Lane) -> None:
        """See that it is there. Raises LaneClosed."""
        lane.declare_queue(self.name, durable=True, arguments=JUNK)


class KeptQueue(NamedQueue, frozen=True):
    """A queue of messages that are kept until they have been run; it stays when nobody consumes.

    Attributes:
        name: also the routing key.
        exchange: from which it has them.
        dead: the queue of those that could not be run.
        kind: `classic` or `quorum`.
        single: one server at a time gets what is in it.
    """

    exchange: str
    dead: str
    kind: str
    single: bool = False
    kept: ClassVar[bool] = True

    def open(self, lane: Lane, intake: Taker) -> None:
        """Declare it and consume. Raises LaneClosed."""
        kind = self._type
        lane.declare_queue(self.dead, durable=True, arguments=kind)
        # What has waited for too long goes there, too, by way of the default exchange.
        over = {"x-dead-letter-exchange": "", "x-dead-letter-routing-key": self.dead}
        single = SINGLE if self.single else {}
        lane.declare_queue(self.name, durable=True, arguments={**kind, **over, **single})
        self.bind(lane)

        def came(message: Message) -> None:
            intake.kept_came(message, self)

        lane.take(
            self.name,
            self.tag,
            came,
            intake.cancelled,
            acknowledged=True,
            prefetch=intake.concurrency,
        )

    def bind(self, lane: Lane) -> None:
        """Be found."""
        lane.bind(self.name, Exchange(self.exchange, "direct"), self.name)

    @property
    def _type(self) -> dict[str, Any]:
        return {"x-queue-type": self.kind}

    def bury(self, lane: Lane) -> None:
        """See that the queue of those that could not be run is there: nobody is told of one that is deleted."""
        lane.keep_queue(self.dead, self._type)

    def withdraw(self, lane: Lane) -> None:
        """Consume no more; what comes waits for another server. Raises LaneClosed."""
        lane.cease(self.tag)

    def leave(self, lane: Lane) -> None:
        """It stays."""


class Stream:
    """What went to all servers of a topic, which each of them reads for itself; it stays when nobody does.

    Args:
        name: of the queue.
        exchange: from which it has them.
    """

    kept: ClassVar[bool] = False

    def __init__(self, name: str, exchange: str) -> None:
        self.name = self.tag = name
        self._exchange = exchange
        self._reader = Reader()

    def open(self, lane: Lane, intake: Taker) -> None:
        """Declare it and consume. Raises LaneClosed."""
        lane.declare_queue(self.name, durable=True, arguments=STREAM)
        self.bind(lane)
        lane.take(
            self.name,
            self.tag,
            self._reader.following(intake.requests()),
            intake.cancelled,
            acknowledged=True,
            prefetch=intake.prefetch,
            arguments=self._reader.arguments(),
        )

    def bind(self, lane: Lane) -> None:
        """Be found."""
        lane.bind(self.name, Exchange(self._exchange, "fanout"))

    def withdraw(self, lane: Lane) -> None:
        """Read no more. Raises LaneClosed."""
        lane.cease(self.tag)

    def leave(self, lane: Lane) -> None:
        """It stays."""


class OwnQueue(NamedQueue, frozen=True):
    """A server's own queue, of what goes to all.

    Attributes:
        exchanges: that it is bound to.
    """

    exchanges: tuple[str, ...]
    kept: ClassVar[bool] = False

    def open(self, lane: Lane, intake: Taker) -> None:
        """Declare it and consume. Raises LaneClosed."""
        lane.declare_queue(self.name, exclusive=True, auto_delete=True)
        self.bind(lane)
        lane.take(self.name, self.tag, intake.heard, intake.cancelled, acknowledged=False)

    def bind(self, lane: Lane) -> None:
        """Be found."""
        for exchange in self.exchanges:
            lane.bind(self.name, Exchange(exchange, "fanout"))

    def withdraw(self, lane: Lane) -> None:
        """Be found no more; what was sent before still comes. Raises LaneClosed."""
        for exchange in self.exchanges:
            lane.unbind(self.name, exchange, "")

    def leave(self, lane: Lane) -> None:
        """It goes by itself."""
