"""Publishing, on a connection of its own: what is handed over, what has left, and what became of it.

Everything is returned by the broker if no queue takes it. Knows no clients and no servers.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from heapq import heappop, heappush
from itertools import count
from math import inf
from time import monotonic
from typing import Final

from rpcgen.runtime.drivers.amqp.broker import Broker
from rpcgen.runtime.drivers.amqp.bundles import bundled
from rpcgen.runtime.drivers.amqp.lane import LaneClosed
from rpcgen.runtime.drivers.amqp.link import ACCESS_REFUSED, Link, LinkLost, WouldWait
from rpcgen.runtime.drivers.amqp.message import Exchange
from rpcgen.runtime.drivers.amqp.owner import Owner, as_error
from rpcgen.runtime.drivers.amqp.queues import JunkQueue
from rpcgen.runtime.drivers.amqp.track import Parcel, Track
from rpcgen.runtime.drivers.amqp.wreck import examine
from rpcgen.runtime.errors import AuthError, ConnectionLost, NotSent, RpcgenError, TooLarge
from rpcgen.runtime.farewell import Farewell
from rpcgen.runtime.peers import Stranded

#: What may wait to be written; and bytes that were written and may wait for the system to take them. What is beyond
#: them waits where it can still be proved that it never left.
HIGH_WATER: Final = 10_000
WRITTEN: Final = 1024 * 1024

#: Seconds between two attempts to write, when we leave.
LOOK: Final = 0.02

#: By which of several channels a message goes: aside, to an exchange that others make, because the broker closes the channel
#: of who publishes to one that is not there; and whether the broker confirms what comes by it.
Way = tuple[bool, bool]


class Publisher:
    """The `Duty` of publishing.

    Args:
        broker: whom to connect.
        role: what for.
        changed: called when `ready` or `trouble` may have changed.
        exchange: one to declare on each connection, if any.
        bundles: bytes of frames in a message that several share, at most; 0: none does.
    """

    def __init__(
        self,
        broker: Broker,
        role: str,
        changed: Callable[[], None],
        exchange: Exchange | None = None,
        bundles: int = 0,
    ) -> None:
        self.owner = Owner(broker, role, self)
        self._exchange = exchange
        self._bundles = bundles
        self._changed = changed
        self._queue: deque[Parcel] = deque()
        self._link: Link | None = None
        self._tracks: dict[Way, Track] = {}
        self._always = broker.options.confirms == "always"
        self._declared: set[Exchange | JunkQueue] = set()
        self._over = False
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
    def waiting(self) -> int:
        """Messages that were handed over, and have not left."""
        return len(self._queue)

    @property
    def blocked(self) -> bool:
        """Whether the broker has told us to wait."""
        link = self._link
        return link is not None and link.blocked

    def put(self, parcel: Parcel) -> None:
        """Hand over; raises NotSent if too much waits already, or there will be no connection any more."""
        if len(self._queue) >= HIGH_WATER:
            raise NotSent(f"{HIGH_WATER} messages wait for the broker")
        self._queue.append(parcel)
        self.owner.ring()
        # `gone` says so before it looks what waits: if it has not told of this one, nobody will.
        if self._over and self.withdraw(parcel):
            raise NotSent("it was closed")

    def put_later(self, parcel: Parcel, when: float) -> None:
        """Hand over what is not to leave before `when` (monotonic seconds)."""
        with self._lock:
            heappush(self._later, (when, next(self._numbers), parcel))
        self.owner.ring()

    def forget(self, declared: JunkQueue) -> None:
        """Declare a queue anew before the next message to it."""
        self._declared.discard(declared)

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
        self._tracks = {}
        self._declared.clear()
        self._open(link, (False, self._always))
        self._link = link
        self.trouble = None
        link.changed = self._changed
        self._changed()

    def _open(self, link: Link, way: Way) -> Track:
        aside, confirmed = way
        lane = link.lane()
        if self._exchange is not None and not aside:
            lane.declare_exchange(self._exchange)
        track = self._tracks[way] = Track(lane, link.line, confirmed=confirmed)
        return track

    def work(self, now: float) -> None:
        """See `Duty.work`."""
        link = self._link
        assert link is not None
        self._take_due(now)
        if link.blocked:
            self._expire(now, "the broker is short of memory or disk, and takes nothing")
            return
        self._publish(link, now)
        for track in self._tracks.values():
            track.mark(now)

    def _publish(self, link: Link, now: float) -> None:
        queue, line = self._queue, link.line
        if self._bundles and len(queue) > 1 and line.size <= WRITTEN:
            waiting = [queue.popleft() for _ in range(len(queue))]  # nobody else takes any of it
            queue.extendleft(reversed(bundled(waiting, self._bundles)))
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
            track = self._track_for(link, parcel)
            if track is not None:
                track.publish(parcel)

    def _take_due(self, now: float) -> None:
        with self._lock:
            while self._later and self._later[0][0] <= now:
                self._queue.append(heappop(self._later)[2])

    def due(self, now: float) -> float:
        """See `Duty.due`."""
        link = self._link
        marks = inf
        # While the broker takes nothing, `work` does not mark, and would be called again and again.
        if link is not None and not link.blocked:
            # A copy, because whoever drives the connection may open one meanwhile.
            marks = min([track.wait(now) for track in list(self._tracks.values())], default=inf)
        with self._lock:
            return min(marks, self._later[0][0] - now) if self._later else marks

    def _track_for(self, link: Link, parcel: Parcel) -> Track | None:
        """Its way, with its exchange at the end; None if there can be none, and whoever waits was told."""
        way = parcel.aside, parcel.confirmed or self._always
        track, wanted = self._tracks.get(way), parcel.declares
        declared = wanted is None or wanted in self._declared
        if track is not None and declared:
            return track
        try:
            link.expect_to_wait()
            if wanted is not None and not declared and not self._declare(link, parcel, wanted):
                return None
            return track or self._open(link, way)
        except (WouldWait, LaneClosed, LinkLost):
            self._queue.appendleft(parcel)
            raise

    def _declare(self, link: Link, parcel: Parcel, wanted: Exchange | JunkQueue) -> bool:
        """See that a parcel's exchange, or queue, is there; False if it cannot be, and whoever waits was told."""
        lane = link.lane()
        try:
            if isinstance(wanted, Exchange):
                lane.declare_exchange(wanted)
            else:
                wanted.declare(lane)
        except LaneClosed as closed:
            if closed.lane is not lane:
                raise
            parcel.settled(as_error(str(closed), closed.code))
            return False
        lane.close()
        may_go = isinstance(wanted, Exchange) and wanted.auto_delete  # before the next time
        if not may_go:
            self._declared.add(wanted)
        return True

    def _expire(self, now: float, why: str) -> None:
        """What cannot leave in time never will."""
        for parcel in list(self._queue):
            overdue = parcel.deadline is not None and now >= parcel.deadline
            if overdue and (self.withdraw(parcel) or parcel.left):
                parcel.settled(_too_late(parcel, why))

    def mend(self, closed: LaneClosed) -> None:
        """See `Duty.mend`."""
        link = self._link
        assert link is not None
        self._declared.clear()  # an exchange may have been deleted
        for way, track in self._tracks.items():
            if track.lane is closed.lane:
                self._open(link, way)
                self._clear_up(track, closed)
                return
        raise LinkLost(str(closed), closed.code)

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
        text = f"the broker does not take it: {closed}"
        refused = AuthError if closed.code == ACCESS_REFUSED else NotSent
        sent[wreck.refused].settled((TooLarge if wreck.oversize else refused)(text))

    def end(self, error: RpcgenError) -> None:
        """See `Duty.end`."""
        tracks, self._tracks, self._link = self._tracks, {}, None
        self.trouble = error
        waiting = self._emptied()
        for track in tracks.values():
            sent, unsent = track.rest()
            waiting = unsent + waiting
            self._settle(sent, ConnectionLost(f"the connection was lost: {error}"))
        for parcel in waiting:
            if parcel.again:
                self._queue.append(parcel)
            else:
                parcel.settled(Stranded(f"it never left: {error}"))
        self._changed()

    def _emptied(self) -> list[Parcel]:
        """All that waits, taken one by one: others put and withdraw meanwhile."""
        waiting: list[Parcel] = []
        with suppress(IndexError):
            while True:
                waiting.append(self._queue.popleft())
        return waiting

    def _settle(self, parcels: list[Parcel], error: RpcgenError | None) -> None:
        """What may have arrived, and nobody said so: published again if it may be, else whoever waits is told.

        Without an error it has arrived, which is enough but for what has to be confirmed.
        """
        again: list[Parcel] = []
        for parcel in parcels:
            if parcel.again and (parcel.confirmed or error is not None):
                parcel.left = True
                again.append(parcel)
            else:
                parcel.settled(error)
        self._queue.extendleft(reversed(again))

    def look(self, now: float) -> None:
        """See `Duty.look`."""
        self._expire(now, "its time was over before the broker could be reached")

    def holds(self) -> bool:
        """See `Duty.holds`."""
        return bool(self._queue) and not self.blocked

    def leave(self, farewell: Farewell) -> None:
        """See `Duty.leave`: wait until the broker is known to have what was published."""
        link = self._link
        assert link is not None
        for track in self._tracks.values():
            track.mark(inf)
        link.flush()
        while (there := sum(track.open for track in self._tracks.values())) and farewell.goes_on(
            monotonic(), (link.line.gone, there)
        ):
            link.line.pause(min(farewell.by, monotonic() + LOOK))
            link.receive()
            link.flush()

    def gone(self) -> None:
        """See `Duty.gone`: whoever sent what cannot be published again is told what became of it."""
        self._link, self._over = None, True
        waiting = self._emptied()
        for track in self._tracks.values():
            sent, unsent = track.rest()
            waiting = unsent + waiting
            self._tell(sent, ConnectionLost("it was not confirmed when we left"))
        self._tracks = {}
        self._tell(waiting, Stranded("it never left"))
        self._changed()

    def _tell(self, parcels: list[Parcel], error: RpcgenError) -> None:
        for parcel in parcels:
            if not parcel.again:
                parcel.settled(error)


def _too_late(parcel: Parcel, why: str) -> RpcgenError:
    """Why a message does not leave any more; one that has left before may have arrived."""
    return ConnectionLost(f"the connection was lost, and {why}") if parcel.left else NotSent(why)
