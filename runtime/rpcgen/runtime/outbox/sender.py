"""Handing what is in the file to a courier, and noting what became of it. One thread; writes nothing into the file."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable, Sequence
from contextlib import closing
from math import inf
from time import monotonic
from typing import Final

from rpcgen.runtime.courier import Courier, Search
from rpcgen.runtime.errors import NotSent, RpcgenError, TooLarge
from rpcgen.runtime.outbox.feed import Feed
from rpcgen.runtime.outbox.record import Clock, Record, handed
from rpcgen.runtime.outbox.store import Store, Unreadable
from rpcgen.runtime.outbox.tally import Gone, Tally
from rpcgen.runtime.peers import Peer
from rpcgen.runtime.target import Target

#: Bytes that are under way.
UNDER_WAY: Final = 4 * 1024 * 1024

#: Messages that are put aside together because they are too old; and seconds between two looks for them, at least and at most.
_SWEEP: Final = 500
_SOON, _SELDOM = 0.5, 60.0

#: Seconds for which what has arrived may stay in the file, so that it is removed together with other writing.
_LAZY: Final = 0.05


class Sender:
    """What is on its way, and what comes next.

    Args:
        store, clock, tally: of the outbox.
        courier: by whom it goes.
        ring: wakes the thread; called by any.

    Attributes:
        gone: what is to be removed from the file, by number.
        remove_at: when, at the latest (monotonic seconds).

    Raises:
        Failed: the file cannot be read.
    """

    def __init__(
        self,
        store: Store,
        clock: Clock,
        tally: Tally,
        courier: Courier,
        ring: Callable[[], None],
    ) -> None:
        self.gone: dict[int, Gone] = {}
        self.remove_at = inf
        self._store, self._clock, self._tally = store, clock, tally
        self._courier, self._ring = courier, ring
        self._search: Search | None = None
        self._outcomes: deque[tuple[Feed, Record, RpcgenError | None]] = deque()
        self._feeds = {where: Feed(last) for where, last in store.destinations().items()}
        # What an earlier process left may have been sent, and so may what ended without anybody knowing how.
        self._inherited = store.last
        self._doubtful: set[int] = set()
        self._under_way = 0
        self._sweep_at = 0.0
        self._oldest = store.oldest()

    # --- any thread -------------------------------------------------------------------------------------------------

    @property
    def age(self) -> float:
        """Seconds for which the oldest message has waited."""
        oldest = self._oldest
        return 0.0 if oldest is None else max(0.0, self._clock.now() - oldest)

    @property
    def trouble(self) -> str:
        """Why some message could not be sent lately, if that is so."""
        feeds = list(self._feeds.values())  # the thread changes them
        return next((feed.why for feed in feeds if feed.why), "")

    # --- the thread -------------------------------------------------------------------------------------------------

    @property
    def waiting(self) -> bool:
        """Whether something has ended that was not looked at."""
        return bool(self._outcomes)

    def written(self, records: Sequence[Record]) -> None:
        """More is in the file."""
        for record in records:
            self._feeds.setdefault(record.destination, Feed()).last = record.number
            self._sweep_at = min(self._sweep_at, self._clock.monotonic(record.until))

    def removed(self) -> None:
        """All that is gone is gone from the file, too."""
        self.gone, self.remove_at = {}, inf

    def take_outcomes(self) -> None:
        """Note what became of what was under way."""
        now = monotonic()
        while self._outcomes:
            feed, record, error = self._outcomes.popleft()
            number = record.number
            self._under_way -= record.size
            if error is None:
                self._remove(number, Gone(record.size), now)
                self._tally.sent += 1
                feed.arrived(number, now)
            elif isinstance(error, TooLarge):
                self._remove(number, Gone(record.size, str(error)), now)
                feed.arrived(number, now)
            else:
                if not isinstance(error, NotSent):
                    self._doubtful.add(number)
                self._tally.note(str(error))
                feed.failed(number, now, str(error))

    def _remove(self, number: int, gone: Gone, now: float) -> None:
        self.gone[number] = gone
        self._doubtful.discard(number)
        self.remove_at = min(self.remove_at, now + _LAZY)

    def send(self) -> float:
        """Hand over what may leave; seconds after which there may be more to do.

        Raises:
            Failed: the file cannot be read.
        """
        now = monotonic()
        self._bury_old(now)
        for destination in list(self._feeds):
            self._advance(destination, now)
        self._oldest = self._store.oldest()
        due = (feed.due for feed in self._feeds.values() if feed.due > now)
        return max(0.0, min(self._sweep_at, self.remove_at, *due) - now)

    def _bury_old(self, now: float) -> None:
        """Put aside what is too old."""
        if now < self._sweep_at:
            return
        for each in self._store.overdue(self._clock.now(), _SWEEP):
            feed = self._feeds.get(each.destination)
            if each.number in self.gone or (feed is not None and each.number in feed.out):
                continue
            why = "its ttl was over" if each.dated else "it was older than outbox_age"
            if feed is not None and feed.why:
                why += f"; it could not be sent: {feed.why}"
            self._remove(each.number, Gone(each.size, why), now)
        due = self._store.due()
        left = inf if due is None else due - self._clock.now()
        self._sweep_at = now + min(_SELDOM, max(_SOON, left))

    def _advance(self, destination: Hashable, now: float) -> None:
        """Hand over what may leave for one destination; it is the last to be looked at the next time."""
        feed = self._feeds[destination]
        if feed.idle:
            del self._feeds[destination]
        elif feed.room(now) > 0 and self._under_way < UNDER_WAY:
            self._feeds[destination] = self._feeds.pop(destination)
            with closing(self._store.after(destination, feed.after)) as waiting:
                for found in waiting:
                    if found.number in self.gone:
                        feed.passed(found.number)
                    elif isinstance(found, Unreadable):
                        self._tally.unreadable += 1
                        self._remove(found.number, Gone(found.size, "it cannot be read"), now)
                        feed.passed(found.number)
                    elif not self._hand_over(feed, found, now):
                        return
                feed.exhausted()

    def _hand_over(self, feed: Feed, record: Record, now: float) -> bool:
        """Give a message to the courier; False if that has to wait."""
        if feed.room(now) <= 0 or self._under_way >= UNDER_WAY:
            return False
        try:
            peer = self._peer(record.target, now)
        except RpcgenError as error:
            self._tally.cut_off(str(error))
            feed.wait(now)
            return False
        if peer is None:
            self._tally.outage = str(self._courier.unreachable())
            return False
        self._tally.outage = ""

        def settled(error: RpcgenError | None) -> None:
            self._outcomes.append((feed, record, error))
            self._ring()

        copied = record.number <= self._inherited or record.number in self._doubtful
        self._tally.repeated += copied
        feed.handed(record.number)
        self._under_way += record.size
        message = handed(record, self._clock, copied=copied)
        try:
            if self._courier.post(peer, record.frame, message, settled) is None:
                settled(None)
        except RpcgenError as error:
            settled(error)
        return True

    def _peer(self, target: Target, now: float) -> Peer | None:
        if self._search is None:
            self._search = self._courier.search()
        return self._courier.peer(target) or self._search.one(target, now)
