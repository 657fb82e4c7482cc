"""A queue of requests on the oslo wire, as a server uses it. What it is called and how it is declared is `topology.py`'s."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

from rpcgen.runtime.drivers.amqp.lane import Lane
from rpcgen.runtime.drivers.amqp.manner import Taker
from rpcgen.runtime.drivers.amqp.message import Message
from rpcgen.runtime.drivers.amqp.oslo.topology import Queue

#: Where a stream says how far it was read.
_OFFSET = "x-stream-offset"


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
        #: Of a stream: the next that is for us.
        self._offset: str | int = "next"

    def open(self, lane: Lane, intake: Taker) -> None:
        """Declare it and consume."""
        queue = self._queue
        self.bind(lane)
        lane.take(
            self.name,
            self.tag,
            self._following(intake) if queue.is_stream else intake.requested,
            intake.cancelled,
            acknowledged=True,
            prefetch=min(self._prefetch or intake.prefetch, intake.prefetch),
            arguments={_OFFSET: self._offset} if queue.is_stream else None,
        )

    def _following(self, intake: Taker) -> Callable[[Message], None]:
        def came(message: Message) -> None:
            headers: dict[str, Any] = message.properties.get("application_headers") or {}
            offset: object = headers.get(_OFFSET)
            if isinstance(offset, int):
                self._offset = offset + 1
            intake.requested(message)

        return came

    def bind(self, lane: Lane) -> None:
        """In the order in which these peers do it: exchange, queue, binding."""
        queue = self._queue
        exchange = queue.exchange
        if exchange is not None:
            lane.declare_exchange(exchange)
        lane.declare_queue(
            self.name,
            durable=queue.durable,
            auto_delete=queue.auto_delete,
            arguments=queue.arguments,
        )
        if exchange is not None:
            lane.bind(self.name, exchange.name, queue.key)

    def withdraw(self, lane: Lane) -> None:
        """Take no more; what comes waits for others, as it does when one of these peers stops."""
        lane.cease(self.tag)

    def leave(self, lane: Lane) -> None:
        """A queue of our own, which nobody else would ever read, is removed."""
        if self._queue.is_own:
            lane.delete_queue(self.name)
