"""A queue of requests on the oslo wire, as a server uses it. What it is called and how it is declared is `topology.py`'s."""

from __future__ import annotations

from typing import ClassVar

from rpcgen.runtime.drivers.amqp.lane import Lane
from rpcgen.runtime.drivers.amqp.manner import Taker
from rpcgen.runtime.drivers.amqp.oslo.topology import Queue
from rpcgen.runtime.drivers.amqp.streams import Reader


class OsloQueue:
    """As `RequestQueue`.

    Args:
        queue: which.
        tag: names its consumer.
        prefetch: requests that may be under way at once; 0: as many as the server takes.
    """

    kept: ClassVar[bool] = False

    def __init__(self, queue: Queue, tag: str, prefetch: int) -> None:
        self.name = queue.name
        self.tag = tag
        self._queue = queue
        self._prefetch = prefetch
        self._reader = Reader() if queue.is_stream else None

    def open(self, lane: Lane, intake: Taker) -> None:
        """Declare it and consume."""
        came = intake.requests()  # these peers have no queue of what cannot be read
        self._declare(lane)
        self.bind(lane)
        lane.take(
            self.name,
            self.tag,
            came if self._reader is None else self._reader.following(came),
            intake.cancelled,
            acknowledged=True,
            prefetch=min(self._prefetch or intake.prefetch, intake.prefetch),
            arguments=None if self._reader is None else self._reader.arguments(),
        )

    def _declare(self, lane: Lane) -> None:
        """In the order in which these peers do it: exchange, queue, binding."""
        queue = self._queue
        if queue.exchange is not None:
            lane.declare_exchange(queue.exchange)
        lane.declare_queue(
            self.name,
            durable=queue.durable,
            auto_delete=queue.auto_delete,
            arguments=queue.arguments,
        )

    def bind(self, lane: Lane) -> None:
        """Be found."""
        queue = self._queue
        if queue.exchange is not None:
            lane.bind(self.name, queue.exchange, queue.key)

    def withdraw(self, lane: Lane) -> None:
        """Take no more; what comes waits for others, as it does when one of these peers stops."""
        lane.cease(self.tag)

    def leave(self, lane: Lane) -> None:
        """A queue of our own, which nobody else would ever read, is removed."""
        if self._queue.is_own:
            lane.delete_queue(self.name)
