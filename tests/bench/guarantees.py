"""What each library was asked for over a broker, so that like is compared with like.

Tests ask the broker whether confirmations and acknowledgements are as this says.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Guarantees:
    """What was on.

    Attributes:
        outstanding: what keeps 64 calls under way.
        confirmed: the broker confirms each message that either side publishes, and whoever publishes learns of it.
        acknowledged: requests are acknowledged, so that those of a server that dies are delivered again.
        kept: messages are persistent, and their queue durable.
        encoding: of arguments.
    """

    outstanding: str
    confirmed: bool = True
    acknowledged: bool = True
    kept: bool = False
    encoding: str = "msgpack, typed"


GUARANTEES = {
    # Its messages say that they are persistent, but its queues are not durable.
    "oslo_blocking": Guarantees("64 threads", encoding="JSON"),
    "aio_pika": Guarantees("64 tasks", encoding="pickle"),
    "py_amqp": Guarantees(
        "one thread", confirmed=False, acknowledged=False, encoding="none: the same bytes"
    ),
    "py_amqp_msgspec": Guarantees("one thread", confirmed=False, acknowledged=False),
    "rpcgen_blocking": Guarantees("64 threads", confirmed=False),
    "rpcgen_aio": Guarantees("64 tasks", confirmed=False),
    "rpcgen_aio_uvloop": Guarantees("64 tasks", confirmed=False),
    "rpcgen_aio_inline": Guarantees("64 tasks", confirmed=False),
    "rpcgen_confirmed_blocking": Guarantees("64 threads"),
    "rpcgen_confirmed_aio": Guarantees("64 tasks"),
    "rpcgen_kept_blocking": Guarantees("64 threads", kept=True),
    "rpcgen_kept_aio": Guarantees("64 tasks", kept=True),
    "rpcgen_oslo_blocking": Guarantees("64 threads", encoding="JSON, typed"),
    "rpcgen_oslo_aio": Guarantees("64 tasks", encoding="JSON, typed"),
}


def rows(adapters: Iterable[str]) -> list[list[str]]:
    """A table's rows, of those adapters that use a broker."""
    return [
        [
            name,
            said.outstanding,
            _yes(said.confirmed),
            _yes(said.acknowledged),
            _yes(said.kept),
            said.encoding,
        ]
        for name in adapters
        if (said := GUARANTEES.get(name)) is not None
    ]


HEAD = ("", "outstanding", "confirmed", "acknowledged", "kept on disk", "encoding")


def _yes(on: bool) -> str:
    return "yes" if on else "no"
