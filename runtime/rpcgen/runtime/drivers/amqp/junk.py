"""What is no request, or cannot be read, on its way to the queue where people can look at it (PROTOCOL.md 6.4).

Whoever may publish decides how much of that there is, so it is bounded: in the queue (`queues.JUNK`), under way, and in a
time. What is beyond that is dropped, and counted. Knows no channel.
"""

from __future__ import annotations

import logging
import threading
from math import inf
from time import monotonic
from typing import Final

from rpcgen.runtime.core.repeats import Repeats, more
from rpcgen.runtime.drivers.amqp import letters
from rpcgen.runtime.drivers.amqp.message import Message
from rpcgen.runtime.drivers.amqp.publisher import Publisher
from rpcgen.runtime.drivers.amqp.queues import JunkQueue
from rpcgen.runtime.drivers.amqp.requests import Berth
from rpcgen.runtime.drivers.amqp.track import Parcel
from rpcgen.runtime.errors import ConnectionLost, NotSent, RpcgenError, Undeliverable
from rpcgen.runtime.peers import Stranded

log = logging.getLogger("rpcgen.amqp")

#: Bytes of one message that are kept.
LARGEST: Final = 64 * 1024

#: Messages in so many seconds: as many as the queue holds.
MOST: Final = 1000
PERIOD: Final = 10.0

#: Messages that the broker has not confirmed, of which each takes the place of a request; at least, and at most.
FEWEST_OPEN, MOST_OPEN = 16, 256

#: Seconds: what the broker may take for one; before one is published again; without any, if it does not take them.
LIFE: Final = 10.0
PAUSE: Final = 0.5
REST: Final = 60.0

#: What passes: the queue was deleted, or the connection lost.
_PASSES: Final = (Undeliverable, Stranded, ConnectionLost)


class Junk:
    """All of one server's.

    Args:
        publisher: by which it goes.
        room: requests that the server takes at once.
        counters: `junk` is what is in a queue now, `dropped` what is not.
    """

    def __init__(self, publisher: Publisher, room: int, counters: dict[str, int]) -> None:
        self._publisher = publisher
        self._most_open = max(FEWEST_OPEN, min(MOST_OPEN, room // 4))
        self._counters = counters
        counters |= {"junk": 0, "dropped": 0}
        self._repeats = Repeats()
        self._lock = threading.Lock()
        self._open: set[Parcel] = set()
        #: Until when `_left` counts; until when there is no use in trying.
        self._until = self._rests = -inf
        self._left = 0

    def put(self, message: Message, berth: Berth, queue: str, reason: str) -> None:
        """Publish it to a queue, on any thread, and acknowledge it when the broker has it there; at once, if it is too much."""
        if not (
            self._admits(monotonic()) and self._sends(message, berth, JunkQueue(queue), reason)
        ):
            with self._lock:
                self._counters["dropped"] += 1
            berth.settle(message.tag)

    def _admits(self, now: float) -> bool:
        with self._lock:
            if now >= self._until:
                self._until, self._left = now + PERIOD, MOST
            if now < self._rests or not self._left or len(self._open) >= self._most_open:
                return False
            self._left -= 1
            return True

    def _sends(self, message: Message, berth: Berth, queue: JunkQueue, reason: str) -> bool:
        parcel = self._parcel(message, berth, queue, reason)
        with self._lock:
            self._open.add(parcel)
        try:
            self._publisher.put(parcel)
        except NotSent:  # too much waits already, or we are leaving
            with self._lock:
                self._open.discard(parcel)
            return False
        return True

    def _parcel(self, message: Message, berth: Berth, queue: JunkQueue, reason: str) -> Parcel:
        tag = message.tag  # the rest of it may be large
        body, properties = letters.junk(message, reason, LARGEST)
        deadline = monotonic() + LIFE

        def settled(error: RpcgenError | None) -> None:
            now = monotonic()
            if isinstance(error, _PASSES) and now < deadline:
                self._publisher.forget(queue)
                self._publisher.put_later(parcel, now + PAUSE)
                return
            with self._lock:
                self._open.discard(parcel)
            if error is None:
                self._is_there(queue, reason, now)
            else:
                self._is_not(queue, error, now)
            berth.settle(tag)

        parcel = Parcel(
            "",
            queue.name,
            body,
            properties,
            settled,
            deadline=deadline,
            confirmed=True,
            declares=queue,
        )
        return parcel

    def _is_there(self, queue: JunkQueue, reason: str, now: float) -> None:
        self._counters["junk"] += 1
        held = self._repeats.worth(now, queue.name)
        if held is not None:
            log.warning("put into %s: %s%s", queue.name, ascii(reason[:500]), more(held))

    def _is_not(self, queue: JunkQueue, error: RpcgenError, now: float) -> None:
        """All that is under way has the same end, without asking the broker for each."""
        with self._lock:
            self._counters["dropped"] += 1
            known, self._rests = now < self._rests, now + REST
            for parcel in self._open:
                parcel.deadline = -inf
        if not known:
            text = "%s: %s; what cannot be read is dropped for the next %d s"
            log.warning(text, queue.name, error, REST)
