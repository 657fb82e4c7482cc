"""Publishing, on a connection of its own: what is handed over, what has left, and what became of it.

Everything is confirmed by the broker, and returned if no queue takes it. Knows no clients and no servers.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from heapq import heappop, heappush
from itertools import count
from math import inf
from time import monotonic
from typing import Final

from rpcgen.runtime.drivers.amqp import letters
from rpcgen.runtime.drivers.amqp.broker import Broker
from rpcgen.runtime.drivers.amqp.lane import Lane, LaneClosed
from rpcgen.runtime.drivers.amqp.ledger import Ledger
from rpcgen.runtime.drivers.amqp.line import Line
from rpcgen.runtime.drivers.amqp.link import Link, WouldWait
from rpcgen.runtime.drivers.amqp.message import Exchange, Message, Properties
from rpcgen.runtime.drivers.amqp.owner import Owner
from rpcgen.runtime.drivers.amqp.wreck import examine
from rpcgen.runtime.errors import (
    ConnectionLost,
    NotSent,
    RpcgenError,
    TooLarge,
    Undeliverable,
)
from rpcgen.runtime.peers import Stranded

#: What may wait to be written; and bytes that were written and may wait for the system to take them. What is beyond
#: them waits where it can still be proved that it never left.
HIGH_WATER: Final = 10_000
WRITTEN: Final = 1024 * 1024


class Parcel:
    """A message to publish.

    Args:
        exchange, key: where. An exchange that others make is published to `aside`.
        declares: the exchange, if it is to be declared, or looked for, before.
        frame: its body.
        properties: makes the rest, of the number that it is published by.
        settled: gets what became of it: None once the broker has it; NotSent, if it never left, or no queue took it (Undeliverable);
            Stranded, if it may be sent again at once; ConnectionLost, if that is not known. Called once, by whoever
            drives the connection.
        deadline: monotonic seconds after which it is not to leave, or None.
        again: whether it may be published twice.
    """

    __slots__ = (
        "again",
        "aside",
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
        declares: Exchange | None = None,
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


class Track:
    """One channel, and what is on its way by it."""

    __slots__ = ("_ledger", "_line", "lane")

    def __init__(self, lane: Lane, line: Line) -> None:
        self.lane = lane
        self._line = line
        self._ledger: Ledger[Parcel] = Ledger()
        lane.confirm(self._confirmed, self._refused, self._returned)

    def publish(self, parcel: Parcel) -> None:
        """Write it."""
        number = self._ledger.enter(parcel)
        properties = parcel.properties(number)
        self.lane.publish(
            parcel.exchange, parcel.key, parcel.frame, properties, mandatory=parcel.mandatory
        )
        parcel.end = self._line.written

    @property
    def open(self) -> bool:
        """Whether something is not confirmed yet."""
        return bool(self._ledger)

    def rest(self) -> tuple[list[Parcel], list[Parcel]]:
        """What nobody confirmed, when it has ended: what may have arrived, and what cannot have."""
        parcels = self._ledger.rest()
        kept_back = next(
            (at for at, parcel in enumerate(parcels) if not self._line.left(parcel.end)),
            len(parcels),
        )
        return parcels[:kept_back], parcels[kept_back:]

    def _confirmed(self, number: int, multiple: bool) -> None:
        for parcel in self._ledger.settled(number, multiple=multiple):
            parcel.settled(None)

    def _refused(self, number: int, multiple: bool) -> None:
        for parcel in self._ledger.settled(number, multiple=multiple):
            parcel.settled(ConnectionLost("the broker could not take care of the message"))

    def _returned(self, message: Message, text: str) -> None:
        parcel = self._ledger.returned(letters.number_of(message))
        if parcel is not None:
            parcel.settled(Undeliverable(f"no queue took the message ({text})"))


class Publisher:
    """The `Duty` of publishing.

    Args:
        broker: whom to connect.
        role: what for.
        changed: called when `ready` or `trouble` may have changed.
        exchange: one to declare on each connection, if any.
    """

    def __init__(
        self,
        broker: Broker,
        role: str,
        changed: Callable[[], None],
        exchange: Exchange | None = None,
    ) -> None:
        self.owner = Owner(broker, role, self)
        self._exchange = exchange
        self._changed = changed
        self._queue: deque[Parcel] = deque()
        self._link: Link | None = None
        self._main: Track | None = None
        #: For exchanges that others make: the broker closes the channel of who publishes to one that is not there.
        self._side: Track | None = None
        self._declared: set[Exchange] = set()
        self.trouble: RpcgenError | None = None
        self._lock = threading.Lock()
        self._later: list[tuple[float, int, Parcel]] = []
        self._numbers = count()

    # --- any thread -----------------------------------------------------------------------------------------------

    @property
    def ready(self) -> bool:
        """Whether what is handed over now leaves at once, as far as we know."""
        link = self._link
        return link is not None and not link.blocked

    @property
    def blocked(self) -> bool:
        """Whether the broker has told us to wait."""
        link = self._link
        return link is not None and link.blocked

    def put(self, parcel: Parcel) -> None:
        """Hand over; raises NotSent if too much waits already."""
        if len(self._queue) >= HIGH_WATER:
            raise NotSent(f"{HIGH_WATER} messages wait for the broker")
        self._queue.append(parcel)
        self.owner.ring()

    def put_later(self, parcel: Parcel, when: float) -> None:
        """Hand over what is not to leave before `when` (monotonic seconds)."""
        with self._lock:
            heappush(self._later, (when, next(self._numbers), parcel))
        self.owner.ring()

    def withdraw(self, parcel: Parcel) -> bool:
        """Take back what has not left; False if it has, or may have."""
        try:
            self._queue.remove(parcel)
        except ValueError:
            return False
        return not parcel.left

    # --- whoever drives the connection ------------------------------------------------------------------------------

    def begin(self, link: Link) -> None:
        """See `Duty.begin`."""
        self._main = self._open(link)
        self._side = None
        self._declared.clear()
        self._link = link
        self.trouble = None
        link.changed = self._changed
        self._changed()

    def _open(self, link: Link) -> Track:
        lane = link.lane()
        if self._exchange is not None:
            lane.declare_exchange(self._exchange)
        return Track(lane, link.line)

    def work(self, now: float) -> None:
        """See `Duty.work`."""
        link, main = self._link, self._main
        assert link is not None
        assert main is not None
        queue, line = self._queue, link.line
        self._take_due(now)
        if link.blocked:
            self._expire(now, "the broker is short of memory or disk, and takes nothing")
            return
        while queue:
            if line.size > WRITTEN:
                link.flush()
                if line.size > WRITTEN:
                    return
            try:
                parcel = queue.popleft()
            except IndexError:  # it was withdrawn
                return
            if parcel.deadline is not None and now >= parcel.deadline:
                parcel.settled(_too_late(parcel, "its time was over before it could leave"))
                continue
            if not link.may_wait and self._asks(parcel):
                queue.appendleft(parcel)
                raise WouldWait
            if parcel.declares is not None and not self._declare(link, parcel, parcel.declares):
                continue
            if parcel.aside:
                self._aside(link, parcel)
            else:
                main.publish(parcel)

    def _take_due(self, now: float) -> None:
        with self._lock:
            while self._later and self._later[0][0] <= now:
                self._queue.append(heappop(self._later)[2])

    def due(self, now: float) -> float:
        """See `Duty.due`."""
        with self._lock:
            return self._later[0][0] - now if self._later else inf

    def _asks(self, parcel: Parcel) -> bool:
        """Whether something has to be asked of the broker before it can leave."""
        if parcel.declares is not None:
            return parcel.declares not in self._declared
        return parcel.aside and self._side is None

    def _declare(self, link: Link, parcel: Parcel, exchange: Exchange) -> bool:
        """See that a parcel's exchange is there; False if it cannot be, and whoever waits was told."""
        if exchange in self._declared:
            return True
        lane = link.lane()
        try:
            lane.declare_exchange(exchange)
        except LaneClosed as closed:
            if closed.lane is not lane:
                self._queue.appendleft(parcel)
                raise
            parcel.settled(NotSent(str(closed)))
            return False
        lane.close()
        if not exchange.auto_delete:  # else it may be gone the next time
            self._declared.add(exchange)
        return True

    def _aside(self, link: Link, parcel: Parcel) -> None:
        if self._side is None:
            self._side = Track(link.lane(), link.line)
        self._side.publish(parcel)

    def _expire(self, now: float, why: str) -> None:
        """What cannot leave in time never will."""
        for parcel in list(self._queue):
            overdue = parcel.deadline is not None and now >= parcel.deadline
            if overdue and (self.withdraw(parcel) or parcel.left):
                parcel.settled(_too_late(parcel, why))

    def mend(self, closed: LaneClosed) -> None:
        """See `Duty.mend`."""
        link, main, side = self._link, self._main, self._side
        assert link is not None
        self._declared.clear()  # an exchange may have been deleted
        if side is not None and closed.lane is side.lane:
            self._side = None
            self._clear_up(side, closed)
            return
        self._main = self._open(link)
        if main is not None:
            self._clear_up(main, closed)

    def _clear_up(self, track: Track, closed: LaneClosed) -> None:
        """Whoever published what the broker did not take is told; what it did not read is published again."""
        sent, unsent = track.rest()
        lost = ConnectionLost(f"the broker closed the channel: {closed}")
        if not sent or not closed.publishing:
            self._queue.extendleft(reversed(unsent))
            self._settle(sent, lost)
            return
        wreck = examine(sent, str(closed))
        self._queue.extendleft(reversed(sent[wreck.refused + 1 :] + unsent))
        self._settle(sent[wreck.taken : wreck.refused], lost)
        self._settle(sent[: wreck.taken], None)
        refused = TooLarge if wreck.oversize else NotSent
        sent[wreck.refused].settled(refused(f"the broker does not take it: {closed}"))

    def end(self, error: RpcgenError) -> None:
        """See `Duty.end`."""
        tracks = [track for track in (self._main, self._side) if track is not None]
        self._main = self._side = self._link = None
        self.trouble = error
        waiting = list(self._queue)
        self._queue.clear()
        for track in tracks:
            sent, unsent = track.rest()
            waiting = unsent + waiting
            self._settle(sent, ConnectionLost(f"the connection was lost: {error}"))
        for parcel in waiting:
            if parcel.again:
                self._queue.append(parcel)
            else:
                parcel.settled(Stranded(f"it never left: {error}"))
        self._changed()

    def _settle(self, parcels: list[Parcel], error: RpcgenError | None) -> None:
        """What may have arrived, and was not confirmed: published again if it may be, else whoever waits is told."""
        for parcel in reversed(parcels):
            if parcel.again:
                parcel.left = True
                self._queue.appendleft(parcel)
        for parcel in parcels:
            if not parcel.again:
                parcel.settled(error)

    def look(self, now: float) -> None:
        """See `Duty.look`."""
        self._expire(now, "its time was over before the broker could be reached")

    def leave(self) -> None:
        """See `Duty.leave`."""
        end = monotonic() + 0.2
        while self._unconfirmed() and monotonic() < end:
            assert self._link is not None
            self._link.line.pause(end)
            self._link.receive()
        self._link = None

    def _unconfirmed(self) -> bool:
        return any(track is not None and track.open for track in (self._main, self._side))


def _too_late(parcel: Parcel, why: str) -> RpcgenError:
    """Why a message does not leave any more; one that has left before may have arrived."""
    return ConnectionLost(f"the connection was lost, and {why}") if parcel.left else NotSent(why)
