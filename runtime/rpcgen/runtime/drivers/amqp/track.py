"""Messages on their way by one channel: what was written, and how the broker is known to have it. Knows no connection."""

from __future__ import annotations

from collections.abc import Callable
from math import inf

from rpcgen.runtime.drivers.amqp import letters
from rpcgen.runtime.drivers.amqp.lane import Lane
from rpcgen.runtime.drivers.amqp.ledger import Ledger
from rpcgen.runtime.drivers.amqp.line import Line
from rpcgen.runtime.drivers.amqp.marks import Marks
from rpcgen.runtime.drivers.amqp.message import Exchange, Message, Properties
from rpcgen.runtime.drivers.amqp.queues import JunkQueue
from rpcgen.runtime.errors import ConnectionLost, RpcgenError, Undeliverable

#: Bytes of a message that is not kept for longer than it takes to hear that the broker has it.
LARGE = 64 * 1024


class Parcel:
    """A message to publish.

    Args:
        exchange, key: where. An exchange that others make is published to `aside`.
        declares: the exchange, or the queue, if it is to be declared, or looked for, before.
        frame: its body.
        properties: makes the rest, of the number that it is published by.
        settled: gets what became of it: None once the broker has it; NotSent, if it never left, or no queue took it (Undeliverable);
            Stranded, if it may be sent again at once; ConnectionLost, if that is not known. Called once, by whoever
            drives the connection.
        deadline: monotonic seconds after which it is not to leave, or None.
        again: whether it may be published twice.
        confirmed: whether the broker has to confirm that it keeps it.
        urgent: whether somebody waits for `settled`.
        shared: makes the properties of a bundle that it may leave in, with others that have an equal one and the same
            key; None: it leaves alone.
    """

    __slots__ = (
        "again",
        "aside",
        "confirmed",
        "deadline",
        "declares",
        "end",
        "exchange",
        "frame",
        "key",
        "left",
        "mandatory",
        "properties",
        "settled",
        "shared",
        "urgent",
    )

    def __init__(
        self,
        exchange: str,
        key: str,
        frame: bytes,
        properties: Callable[[int], Properties],
        settled: Callable[[RpcgenError | None], None],
        *,
        deadline: float | None = None,
        again: bool = False,
        mandatory: bool = True,
        aside: bool = False,
        confirmed: bool = False,
        urgent: bool = False,
        declares: Exchange | JunkQueue | None = None,
        shared: Callable[[int], Properties] | None = None,
    ) -> None:
        self.aside = aside
        #: Whether it was published, and may have arrived, on a connection that is gone.
        self.left = False
        #: Where it ends among the bytes of its connection.
        self.end = 0
        self.declares = declares
        self.exchange = exchange
        self.key = key
        self.frame = frame
        self.properties = properties
        self.settled = settled
        self.deadline = deadline
        self.again = again
        self.mandatory = mandatory
        self.confirmed = confirmed
        self.urgent = urgent
        self.shared = shared


class Track:
    """One channel, and what is on its way by it.

    Args:
        lane: the channel.
        line: its connection's socket.
        confirmed: whether the broker confirms what is published.
    """

    __slots__ = ("_ledger", "_line", "_marks", "lane")

    def __init__(self, lane: Lane, line: Line, *, confirmed: bool) -> None:
        self.lane = lane
        self._line = line
        self._ledger: Ledger[Parcel] = Ledger()
        self._marks = None if confirmed else Marks()
        lane.expect_returns(self._returned)
        if confirmed:
            lane.confirm(self._taken, self._refused)
        else:
            lane.heed_marks(self._passed)

    def publish(self, parcel: Parcel) -> None:
        """Write it."""
        number = self._ledger.enter(parcel)
        properties = parcel.properties(number)
        self.lane.publish(
            parcel.exchange, parcel.key, parcel.frame, properties, mandatory=parcel.mandatory
        )
        parcel.end = self._line.written
        if self._marks is not None:
            self._marks.published(number, urgent=parcel.urgent or len(parcel.frame) > LARGE)

    def mark(self, now: float) -> None:
        """Ask how far the broker has come, if that is due."""
        if self._marks is not None and self._marks.wait(now) <= 0.0:
            self.lane.mark()
            self._marks.asked(now)

    def wait(self, now: float) -> float:
        """Seconds until that is due; infinity if it never is."""
        return inf if self._marks is None else self._marks.wait(now)

    @property
    def open(self) -> int:
        """How many the broker is not known to have."""
        return len(self._ledger)

    def rest(self) -> tuple[list[Parcel], list[Parcel]]:
        """What it is not known to have, when it has ended: what may have arrived, and what cannot have."""
        parcels = self._ledger.rest()
        kept_back = next(
            (at for at, parcel in enumerate(parcels) if not self._line.left(parcel.end)),
            len(parcels),
        )
        return parcels[:kept_back], parcels[kept_back:]

    def _passed(self) -> None:
        assert self._marks is not None
        self._taken(self._marks.answered(), True)

    def _taken(self, number: int, multiple: bool) -> None:
        for parcel in self._ledger.settled(number, multiple=multiple):
            parcel.settled(None)

    def _refused(self, number: int, multiple: bool) -> None:
        for parcel in self._ledger.settled(number, multiple=multiple):
            parcel.settled(ConnectionLost("the broker could not take care of the message"))

    def _returned(self, message: Message, text: str) -> None:
        parcel = self._ledger.returned(letters.number_of(message))
        if parcel is not None:
            parcel.settled(Undeliverable(f"no queue took the message ({text})"))
