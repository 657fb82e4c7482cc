"""Taking answers, on a connection of its own: one queue, which outlives a short loss of the connection.

Knows no requests, nor what an answer is to.
"""

from __future__ import annotations

from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Final

from rpcgen.runtime.drivers.amqp.broker import Broker
from rpcgen.runtime.drivers.amqp.lane import Lane, LaneClosed
from rpcgen.runtime.drivers.amqp.link import Link
from rpcgen.runtime.drivers.amqp.manner import Manner
from rpcgen.runtime.drivers.amqp.message import Message
from rpcgen.runtime.drivers.amqp.owner import Owner
from rpcgen.runtime.errors import RpcgenError
from rpcgen.runtime.farewell import Farewell

#: Seconds for which calls that wait for an answer outlive the connection.
GRACE: Final = 1.5

_NOT_FOUND: Final = 404


class Mailbox:
    """The `Duty` of taking answers: one queue, which outlives a short loss of the connection.

    Args:
        broker: whom to connect.
        manner: what it is called, and how it is declared.
        arrived: gets each answer.
        lost: called when answers may have been lost: no request that was sent before will be answered for sure.
        changed: called when `queue` or `trouble` may have changed.
    """

    def __init__(
        self,
        broker: Broker,
        manner: Manner,
        arrived: Callable[[Message], None],
        lost: Callable[[str], None],
        changed: Callable[[], None],
    ) -> None:
        self.owner = Owner(broker, "answers", self)
        self._arrived, self._lost, self._changed = arrived, lost, changed
        self._queue = manner.reply_queue()
        self._link: Link | None = None
        self._made = False
        self._lane: Lane | None = None
        #: The last that came and is not acknowledged; 0: none.
        self._came = 0
        self._gone_at: float | None = None
        self._restore = False
        self.trouble: RpcgenError | None = None

    @property
    def queue(self) -> str | None:
        """Where answers are to go; None while nobody would read them."""
        return self._queue.name if self._link is not None else None

    def begin(self, link: Link) -> None:
        """See `Duty.begin`."""
        self._open(link)
        self._link = link
        self._gone_at = None
        self.trouble = None
        self._changed()

    def _open(self, link: Link) -> None:
        lane = link.lane()
        if self._made:
            try:
                lane.declare_queue(self._queue.name, passive=True)
            except LaneClosed as closed:
                if closed.code != _NOT_FOUND:
                    raise
                self._made = False
                if not self._queue.returns:
                    self._lost("the broker has lost our queue of answers")
                lane = link.lane()
        if not self._made:
            queue = self._queue
            lane.declare_queue(queue.name, durable=queue.durable, arguments=queue.arguments)
            self._made = True
        self._lane, self._came = lane, 0
        queue = self._queue
        lane.limit(queue.most)
        lane.take(
            queue.name,
            queue.tag,
            self._counted if queue.acknowledged else self._arrived,
            self._cancelled,
            acknowledged=queue.acknowledged,
            prefetch=queue.prefetch,
        )

    def _counted(self, message: Message) -> None:
        self._came = message.tag
        self._arrived(message)

    def _cancelled(self, tag: str) -> None:
        self._restore = True

    def work(self, now: float) -> None:
        """See `Duty.work`."""
        if self._restore and self._link is not None:
            self._link.expect_to_wait()
            self._restore = False
            self._open(self._link)
        if self._came and self._lane is not None:
            self._lane.acknowledge(self._came, multiple=True)
            self._came = 0

    def due(self, now: float) -> float:
        """See `Duty.due`."""
        return inf

    def mend(self, closed: LaneClosed) -> None:
        """See `Duty.mend`."""
        if self._link is not None:
            self._open(self._link)

    def end(self, error: RpcgenError) -> None:
        """See `Duty.end`."""
        self._link = None
        if self._made and self._gone_at is None:
            self._gone_at = monotonic()
        self.trouble = error
        self._changed()

    def look(self, now: float) -> None:
        """See `Duty.look`."""
        if self._gone_at is not None and now - self._gone_at > GRACE:
            self._gone_at = None
            self._lost(f"the connection for answers was lost: {self.trouble}")

    def holds(self) -> bool:
        """See `Duty.holds`."""
        return False

    def gone(self) -> None:
        """See `Duty.gone`: nobody waits for answers any more."""

    def leave(self, farewell: Farewell) -> None:
        """See `Duty.leave`."""
        link, self._link = self._link, None
        if link is not None:
            link.lane().delete_queue(self._queue.name)
