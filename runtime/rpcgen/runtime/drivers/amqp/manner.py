"""What one wire asks of the broker: what things are called, how they are declared, what a frame is as a message.

The rest of the driver knows connections, publishing and consuming, and asks a manner for all that.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf
from typing import TYPE_CHECKING, Any, ClassVar, Final, Protocol

from msgspec import Struct
from rpcgen.runtime.drivers.amqp.broker import Broker
from rpcgen.runtime.drivers.amqp.lane import Lane
from rpcgen.runtime.drivers.amqp.message import Exchange, Message, Properties
from rpcgen.runtime.drivers.amqp.oslo.options import OsloOptions
from rpcgen.runtime.errors import NotSent, Undeliverable
from rpcgen.runtime.outgoing import Outgoing
from rpcgen.runtime.peers import Peer
from rpcgen.runtime.room import Room
from rpcgen.runtime.target import Target

if TYPE_CHECKING:
    from rpcgen.runtime.drivers.amqp.queues import KeptQueue

#: Requests that are acknowledged together, where nobody limits what is not acknowledged.
TOGETHER: Final = 64

#: A body, and what makes the rest, of the number that it is published by: of an answer, and of a bundle that it may leave
#: in, if there may be one; of a request, and of whether it may have arrived before.
DressedAnswer = tuple[bytes, Callable[[int], Properties], Callable[[int], Properties] | None]
DressedRequest = tuple[bytes, Callable[[int, bool], Properties]]


class Place(Peer):
    """A destination: whoever consumes from a queue, or all whose queues are bound to an exchange.

    Attributes:
        exchange, key: how it is reached; keep: the key for what is kept.
        ordered, keep_ordered: the same for what has to be handled in order.
        declares: the exchange, if whoever publishes to it declares it, or looks for it, before.
        everybody: by which a cancellation reaches whoever has the request; None: as the request did.
        label: comes back with its answers.
        proven: until when (monotonic seconds) it is believed to be there.
    """

    __slots__ = (
        "declares",
        "everybody",
        "exchange",
        "keep",
        "keep_ordered",
        "key",
        "label",
        "ordered",
        "proven",
    )

    def __init__(
        self,
        name: str,
        exchange: str,
        key: str,
        label: str,
        *,
        keep: str = "",
        ordered: str = "",
        keep_ordered: str = "",
        everybody: Place | None = None,
        declares: Exchange | None = None,
    ) -> None:
        super().__init__(name)
        self.exchange = exchange
        self.key = key
        self.keep = keep or key
        self.ordered = ordered or key
        self.keep_ordered = keep_ordered or self.keep
        self.label = label
        self.everybody = everybody
        self.declares = declares
        self.proven = 0.0

    #: With so many messages waiting to leave, the next one is waited for, whatever it is: as many as leave while a
    #: program ends, wherever it runs.
    crowd: ClassVar[int] = 1024

    def settles(self, message: Outgoing) -> bool:
        """Whether whoever sends something that nobody answers waits until it is known what became of it."""
        return message.kept or message.ordered

    def nobody(self, why: str) -> NotSent:
        """That no queue took a message."""
        return NotSent(f"nobody serves {self.name} {why}")

    def key_of(self, message: Outgoing | None) -> str:
        """The key of one message."""
        if message is None:
            return self.key
        if message.ordered:
            return self.keep_ordered if message.kept else self.ordered
        return self.keep if message.kept else self.key


class PassingPlace(Place):
    """One whose exchange may go between two messages, so that each takes a question to the broker."""

    __slots__ = ()

    crowd = 64


class EventPlace(Place):
    """The exchange of an event, which whoever publishes declares."""

    __slots__ = ()

    # Whoever publishes more than leaves waits for it, so that little is lost with a program that ends.
    crowd = 64

    def settles(self, message: Outgoing) -> bool:
        """Also if somebody has to subscribe."""
        return message.required or super().settles(message)

    def nobody(self, why: str) -> NotSent:
        """That no queue took an event."""
        return Undeliverable(f"nobody subscribes to {self.name} {why}")


class ReplyQueue(Struct, frozen=True):
    """A client's queue of answers.

    Attributes:
        tag: names its consumer.
        acknowledged: what the broker sent, and we did not have when a connection was lost, comes again.
        prefetch: of those, so many may be under way at once; 0: any number.
        returns: a queue of its name takes the answers that are still to come, should the broker lose it.
        most: bytes of the largest message that is taken from it.
    """

    name: str
    arguments: dict[str, Any]
    durable: bool = False
    tag: str = "answers"
    acknowledged: bool = False
    prefetch: int = 0
    returns: bool = False
    most: float = inf


class Incoming(Struct, frozen=True):
    """A request: its frame, where its answers go, and what they have to carry.

    Attributes:
        deadline: monotonic seconds after which nobody waits, if that is known and not in the frame.
        together: whether its answer may come in a bundle.
    """

    frame: bytes
    reply_to: str
    label: str | None
    deadline: float | None = None
    together: bool = False


class Taker(Protocol):
    """Who takes what comes by a queue.

    Attributes:
        concurrency, prefetch: of what is kept, and of other requests, so many may be held at once.
    """

    @property
    def concurrency(self) -> int: ...
    @property
    def prefetch(self) -> int: ...

    def requests(self, junk: str = "") -> Callable[[Message], None]:
        """What takes all that comes by a queue, and has to be acknowledged.

        Args:
            junk: the queue of what cannot be read; none: that is dropped.
        """
        ...

    def heard(self, message: Message) -> None:
        """It comes by a queue of what all servers get, and needs no acknowledgement."""
        ...

    def kept_came(self, message: Message, queue: KeptQueue) -> None:
        """It is kept until it is acknowledged."""
        ...

    def cancelled(self, tag: str) -> None:
        """The broker ended a consumer."""
        ...


class RequestQueue(Protocol):
    """A queue of requests to one server. All of it but `bind`, which waits for nothing, may raise LaneClosed.

    Attributes:
        kept: what comes by it is kept until it has been run.
    """

    kept: ClassVar[bool]

    @property
    def name(self) -> str: ...
    @property
    def tag(self) -> str:
        """Names our consumer on its channel."""
        ...

    def open(self, lane: Lane, intake: Taker) -> None:
        """Declare it and consume."""
        ...

    def bind(self, lane: Lane) -> None:
        """Be found."""
        ...

    def withdraw(self, lane: Lane) -> None:
        """Be found no more by way of us."""
        ...

    def leave(self, lane: Lane) -> None:
        """What is to be removed when we go."""
        ...


class Manner(Protocol):
    """What both sides ask.

    Attributes:
        keeps: messages can be kept until they have been run.
        answer_tries: how often an answer is published whose queue is not there.
        most: bytes of the largest frame that is taken, but of those that are kept.
        together: so many requests are acknowledged together at most.
        bundles: bytes of frames in a message that answers share, at most; 0: none does.
        exchange: of requests to one server, which a client declares when it connects; None if there are several.
    """

    @property
    def keeps(self) -> bool: ...
    @property
    def answer_tries(self) -> int: ...
    @property
    def most(self) -> float: ...
    @property
    def together(self) -> int: ...
    @property
    def bundles(self) -> int: ...
    @property
    def exchange(self) -> Exchange | None: ...

    def reply_queue(self) -> ReplyQueue:
        """For the answers to one client; another one at each call."""
        ...

    def place(self, target: Target, label: str) -> Place:
        """Where messages to a target go."""
        ...

    def request(
        self, place: Place, frame: bytes, message: Outgoing | None, reply_to: str, *, awaited: bool
    ) -> DressedRequest:
        """A frame on its way to a server; `awaited` if somebody waits for an answer."""
        ...

    def read_answers(self, message: Message) -> tuple[str | None, Sequence[bytes]] | None:
        """The label and the frames of answers, None for the label if they have none; None if it is no answer."""
        ...

    def queues(
        self, topics: Sequence[tuple[str, str]], server: str, room: Room
    ) -> Sequence[RequestQueue]:
        """What a server of topics (exchange and name) consumes from; the room says what messages come there."""
        ...

    def read_request(self, message: Message) -> Incoming | None:
        """A request as it came; None if it is none."""
        ...

    def answer(self, frame: bytes, label: str | None, *, together: bool) -> DressedAnswer:
        """A frame on its way to a client; `together` if it reads bundles."""
        ...

    def may_answer(self, queue: str) -> bool:
        """Whether a queue is one of answers: what a request asks for must not make a server write to others."""
        ...


def manner_of(broker: Broker) -> Manner:
    """That of the wire that the URL names."""
    if isinstance(broker.options, OsloOptions):
        from rpcgen.runtime.drivers.amqp.oslo.manner import OsloManner

        return OsloManner(broker.options)
    from rpcgen.runtime.drivers.amqp.native import NativeManner

    return NativeManner(broker.options)
