"""The options of an `amqp://` URL on the oslo wire; their names are those of oslo.messaging's, without their prefixes."""

from __future__ import annotations

from rpcgen.runtime.drivers.amqp.options import AmqpOptions
from rpcgen.runtime.errors import BadUrl
from rpcgen.runtime.target import check_name

#: The longest time to live that fits into the broker's milliseconds.
_LONGEST = 4_000_000


class OsloOptions(AmqpOptions, frozen=True):
    """As `AmqpOptions`, and what the other programs on the broker are configured with: it has to be the same here.

    Attributes:
        durable_queues: queues and exchanges of topics outlive the broker.
        auto_delete: they go with their last consumer.
        quorum_queue: queues of topics are quorum queues.
        quorum_delivery_limit: how often a quorum queue delivers a message; 0: no limit is declared.
        transient_quorum_queue: queues of answers and fanouts are quorum queues.
        stream_fanout: fanouts go through one stream for all servers of a topic.
        queue_manager: `HOST:PROCESS`, for names that are the same after a restart; they are random if it is empty.
        transient_queues_ttl: seconds after which unused queues of answers and fanouts go; 0: never.
    """

    durable_queues: bool = False
    auto_delete: bool = False
    quorum_queue: bool = False
    quorum_delivery_limit: int = 0
    transient_quorum_queue: bool = False
    stream_fanout: bool = False
    queue_manager: str = ""
    transient_queues_ttl: int = 1800

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("prefix", "queue_type"):
            if getattr(self, name) != getattr(AmqpOptions(), name):
                raise BadUrl(
                    f"option {name!r} is for the native wire: queues are oslo.messaging's here"
                )
        for name in ("quorum_delivery_limit", "transient_queues_ttl"):
            value = getattr(self, name)
            if not 0 <= value <= _LONGEST:
                raise BadUrl(f"option {name!r} is {value}, expected 0 to {_LONGEST}")
        if self.queue_manager:
            check_name("option 'queue_manager'", self.queue_manager)
        if self.auto_delete and self.quorum_queue:
            raise BadUrl("options 'auto_delete' and 'quorum_queue' exclude each other")
