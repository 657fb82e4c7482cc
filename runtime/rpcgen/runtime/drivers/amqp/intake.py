"""Taking requests, on a connection of its own. Knows queues, and not what is in a request."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from math import inf
from time import monotonic
from typing import Final

from rpcgen.runtime.deliveries import Caller
from rpcgen.runtime.drivers.amqp import letters
from rpcgen.runtime.drivers.amqp.broker import Broker
from rpcgen.runtime.drivers.amqp.lane import Lane, LaneClosed
from rpcgen.runtime.drivers.amqp.link import Link
from rpcgen.runtime.drivers.amqp.manner import Manner, RequestQueue
from rpcgen.runtime.drivers.amqp.message import Message
from rpcgen.runtime.drivers.amqp.owner import Owner
from rpcgen.runtime.drivers.amqp.queues import KeptQueue
from rpcgen.runtime.drivers.amqp.requests import Berth, Request
from rpcgen.runtime.errors import AuthError, ConfigurationError, RpcgenError
from rpcgen.runtime.farewell import Farewell
from rpcgen.runtime.room import Room

log = logging.getLogger("rpcgen.amqp")

#: Requests beyond those that run and wait that a server may hold: to refuse them, and for what is beside all limits.
MARGIN: Final = 16


#: Seconds: what withdrawing waits for the broker; after which a running request is acknowledged, because brokers close
#: the channels of who keeps them waiting (RabbitMQ: after 30 minutes).
WITHDRAW: Final = 1.0
ACKNOWLEDGE: Final = 600.0

#: Seconds after its start, and then between two times, at which a server sees to it that it can still be found: one that
#: stopped at the same moment may have believed that it was the last, and nobody is told of an exchange that is deleted.
LOOK_AGAIN: Final = 1.0
LOOK_ALWAYS: Final = 3.5


class Intake:
    """The `Duty` of taking requests.

    Args:
        broker: whom to connect.
        manner: how to read what comes.
        queues: what to consume from.
        room: how many requests may be held at once.
        arrived: gets each request.
        asked: gets the questions who is there.
        failed: gets what is kept and could not be done: the request, where to acknowledge it, the queue, why, and
            whether it never can be.
        junked: gets what is not kept and cannot be read: the message, where to acknowledge it, the queue to put it
            into, and why.
        counters: `foreign` is what is no request.
    """

    def __init__(
        self,
        broker: Broker,
        manner: Manner,
        queues: Sequence[RequestQueue],
        room: Room,
        arrived: Callable[[tuple[Caller, bytes]], object],
        asked: Callable[[str], None],
        failed: Callable[[Request, Berth, KeptQueue, str, bool], None],
        junked: Callable[[Message, Berth, str, str], None],
        counters: dict[str, int],
    ) -> None:
        self.owner = Owner(broker, "intake", self)
        self.concurrency = room.concurrency
        self.prefetch = room.concurrency + room.queue + MARGIN + manner.together
        self._manner = manner
        self._together = manner.together
        #: By the tags of their consumers.
        self._queues = {queue.tag: queue for queue in queues}
        self._look_at = inf
        self._arrived, self._asked = arrived, asked
        self._failed, self._junked = failed, junked
        self._link: Link | None = None
        self._berth: Berth | None = None
        #: Apart, because the broker closes the channel of who keeps it waiting for an acknowledgement.
        self._kept: Berth | None = None
        #: Apart from both, for queues that others may have made otherwise; None: there are none, or they have.
        self._aside: Lane | None = None
        self._restore: set[str] = set()
        self._withdrawing = False
        self.begun = threading.Event()
        self.withdrawn = threading.Event()
        self.trouble: RpcgenError | None = None
        self._counters = counters
        counters["foreign"] = 0

    # --- any thread -------------------------------------------------------------------------------------------------

    def withdraw(self) -> None:
        """Consume no more; returns when the broker has stopped sending, or after a second."""
        self._withdrawing = True
        if self._link is not None:
            self.owner.ring()
            self.withdrawn.wait(WITHDRAW)

    # --- arriving ---------------------------------------------------------------------------------------------------

    def requests(self, junk: str = "") -> Callable[[Message], None]:
        """What takes the requests of a queue, which have to be acknowledged. See `Taker`."""

        def failed(request: Request, where: Berth, reason: str, hopeless: bool) -> None:
            self._junked(request.message, where, junk, reason)

        unread = failed if junk else None

        def came(message: Message) -> None:
            berth = self._berth
            assert berth is not None
            berth.came(message.tag)
            incoming = self._manner.read_request(message)
            request = Request(message, incoming, berth, None, unread)
            if incoming is not None:
                self._arrived((request, incoming.frame))
            else:
                self._counters["foreign"] += 1
                request.discard(letters.foreign(message))

        return came

    def kept_came(self, message: Message, queue: KeptQueue) -> None:
        """A message came that is kept until it is acknowledged."""
        berth = self._kept
        assert berth is not None
        berth.came(message.tag)

        def failed(request: Request, where: Berth, reason: str, hopeless: bool) -> None:
            self._failed(request, where, queue, reason, hopeless)

        incoming = self._manner.read_request(message)
        request = Request(message, incoming, berth, letters.kept_of(message), failed)
        if incoming is None:
            self._counters["foreign"] += 1
            request.fail("it is no request")
        elif message.redelivered:
            # Whoever had it may have died of it, so that is counted before anybody has it again.
            berth.moves(message.tag)
            request.fail("its server went away")
        else:
            arrival = (request, incoming.frame)
            if request.attempt > 1:
                berth.when_moved(lambda: self._arrived(arrival))
            else:
                self._arrived(arrival)

    def heard(self, message: Message) -> None:
        """Something came that all servers get."""
        if letters.is_ours(message, letters.WHO):
            self._asked(message.text("reply_to") or "")
        elif (incoming := self._manner.read_request(message)) is not None:
            self._arrived((Request(message, incoming, None), incoming.frame))
        else:
            self._counters["foreign"] += 1

    def cancelled(self, tag: str) -> None:
        """The broker ended a consumer: its queue was deleted, or moved to another node."""
        self._restore.add(tag)

    # --- whoever drives the connection --------------------------------------------------------------------------------

    def begin(self, link: Link) -> None:
        """See `Duty.begin`."""
        self._link = link
        self._open(link)
        self.trouble = None
        self.begun.set()

    def _open(self, link: Link) -> None:
        self._open_berth(link, kept=False)
        self._open_berth(link, kept=True)
        keeps = any(queue.kept for queue in self._queues.values())
        self._aside = link.lane() if keeps else None
        self._look_at = monotonic() + LOOK_AGAIN

    def _open_berth(self, link: Link, *, kept: bool) -> None:
        berth = Berth(link.lane(), self.owner.ring, 1 if kept else self._together)
        self._leave_berth(self._kept if kept else self._berth)
        if kept:
            self._kept = berth
        else:
            self._berth = berth
            berth.lane.limit(self._manner.most)
        queues = [queue for queue in self._queues.values() if queue.kept == kept]
        self._restore.difference_update(queue.tag for queue in queues)
        if not self._withdrawing:
            for queue in queues:
                queue.open(berth.lane, self)

    def _leave_berth(self, berth: Berth | None) -> None:
        if berth is not None:
            berth.over = True

    def _lane_of(self, queue: RequestQueue) -> Lane:
        berth = self._kept if queue.kept else self._berth
        assert berth is not None
        return berth.lane

    def work(self, now: float) -> None:
        """See `Duty.work`."""
        link = self._link
        assert link is not None
        assert self._berth is not None
        assert self._kept is not None
        assert self._link is not None
        self._berth.acknowledge(now, now - ACKNOWLEDGE)
        self._kept.acknowledge(now)
        if moved := self._kept.moved():
            self._link.flush()
            for act in moved:
                act()
        if not self._withdrawing:
            self._restore_queues(link)
            self._see_that_we_are_found(now)
        elif not self.withdrawn.is_set():
            link.expect_to_wait()
            for queue in self._queues.values():
                queue.withdraw(self._lane_of(queue))
            self.withdrawn.set()

    def _restore_queues(self, link: Link) -> None:
        if self._restore:
            link.expect_to_wait()
        restore, self._restore = self._restore, set()
        for queue in [self._queues[tag] for tag in restore]:
            log.warning("consuming from %s again: the broker had ended it", queue.name)
            queue.open(self._lane_of(queue), self)

    def _see_that_we_are_found(self, now: float) -> None:
        if now >= self._look_at:
            self._look_at = now + LOOK_ALWAYS
            for queue in self._queues.values():
                queue.bind(self._lane_of(queue))
                if self._aside is not None and isinstance(queue, KeptQueue):
                    queue.bury(self._aside)

    def due(self, now: float) -> float:
        """See `Duty.due`."""
        return inf

    def mend(self, closed: LaneClosed) -> None:
        """See `Duty.mend`."""
        assert self._link is not None
        if self._aside is not None and closed.lane is self._aside:
            self._aside = None
            return
        kept = self._kept is not None and closed.lane is self._kept.lane
        self._open_berth(self._link, kept=kept)

    def end(self, error: RpcgenError) -> None:
        """See `Duty.end`."""
        self._leave_berth(self._berth)
        self._leave_berth(self._kept)
        self._link = self._berth = self._kept = self._aside = None
        self.trouble = error
        if isinstance(error, AuthError | ConfigurationError):
            self.begun.set()

    def look(self, now: float) -> None:
        """See `Duty.look`."""

    def holds(self) -> bool:
        """See `Duty.holds`."""
        return False

    def gone(self) -> None:
        """See `Duty.gone`: the broker gives to others what is not acknowledged."""

    def leave(self, farewell: Farewell) -> None:
        """See `Duty.leave`."""
        self.work(monotonic())
        assert self._berth is not None
        self._berth.acknowledge(inf)
        self._link = None
        for queue in self._queues.values():
            queue.leave(self._lane_of(queue))
