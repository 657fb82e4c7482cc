"""The options of an `amqp://` URL on the oslo wire; their names are those of oslo.messaging's, without their prefixes."""

from __future__ import annotations

from typing import Literal

from rpcgen.runtime.drivers.amqp.options import AmqpOptions
from rpcgen.runtime.errors import BadUrl
from rpcgen.runtime.target import check_name

#: Numbers that may be 0, and their largest value: times to live are milliseconds to the broker.
_MOST = {
    "quorum_delivery_limit": 4_000_000,
    "quorum_max_memory_length": 4_000_000_000,
    "quorum_max_memory_bytes": 2**53,
    "qos_prefetch_count": 65535,
    "transient_queues_ttl": 4_000_000,
}


class OsloOptions(AmqpOptions, frozen=True):
    """As `AmqpOptions`, and what the other programs on the broker are configured with: it has to be the same here.

    Attributes:
        confirms: as there; the other programs have everything confirmed.
        durable_queues: queues and exchanges of topics outlive the broker.
        auto_delete: they go with their last consumer.
        quorum_queue: queues of topics are quorum queues.
        quorum_delivery_limit: how often a quorum queue delivers a message; 0: no limit is declared.
        quorum_max_memory_length, quorum_max_memory_bytes: of a quorum queue, what is held in memory; 0: no limit is declared.
        transient_quorum_queue: queues of answers and fanouts are quorum queues.
        queue_manager: `HOST:PROCESS`, for names that are the same after a restart; they are random if it is empty.
        qos_prefetch_count: requests, and answers, that the broker sends ahead of what was acknowledged; 0: of requests as
            many as a server can run and hold, and of answers any number.
        transient_queues_ttl: seconds after which unused queues of answers and fanouts go; 0: never.
    """

    confirms: Literal["kept", "always"] = "always"
    durable_queues: bool = False
    auto_delete: bool = False
    quorum_queue: bool = False
    quorum_delivery_limit: int = 0
    quorum_max_memory_length: int = 0
    quorum_max_memory_bytes: int = 0
    transient_quorum_queue: bool = False
    queue_manager: str = ""
    qos_prefetch_count: int = 0
    transient_queues_ttl: int = 1800

    def __post_init__(self) -> None:
        super().__post_init__()
        for name in ("prefix", "queue_type"):
            if getattr(self, name) != getattr(AmqpOptions(), name):
                raise BadUrl(
                    f"option {name!r} is for the native wire: queues are oslo.messaging's here"
                )
        for name, most in _MOST.items():
            value = getattr(self, name)
            if not 0 <= value <= most:
                raise BadUrl(f"option {name!r} is {value}, expected 0 to {most}")
        if self.queue_manager:
            check_name("option 'queue_manager'", self.queue_manager)
        if self.auto_delete and self.quorum_queue:
            raise BadUrl("options 'auto_delete' and 'quorum_queue' exclude each other")
