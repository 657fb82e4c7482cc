"""The manner of the oslo wire (PROTOCOL.md 7.6, 7.7): names, queues and messages are oslo.messaging's."""

from __future__ import annotations

from collections.abc import Sequence
from math import inf
from time import monotonic
from typing import Any, Final

from rpcgen.runtime.core.codec import DECODE_ERRORS
from rpcgen.runtime.core.wires.oslo.envelope import seal, unseal
from rpcgen.runtime.drivers.amqp.letters import deadline_of, expiration
from rpcgen.runtime.drivers.amqp.manner import (
    TOGETHER,
    DressedAnswer,
    DressedRequest,
    Incoming,
    PassingPlace,
    Place,
    ReplyQueue,
    RequestQueue,
)
from rpcgen.runtime.drivers.amqp.message import PERSISTENT, Message, Properties
from rpcgen.runtime.drivers.amqp.oslo.options import OsloOptions
from rpcgen.runtime.drivers.amqp.oslo.queues import OsloQueue
from rpcgen.runtime.drivers.amqp.oslo.topology import Topology, is_reply_queue
from rpcgen.runtime.ids import new_id
from rpcgen.runtime.outgoing import Outgoing
from rpcgen.runtime.room import Room
from rpcgen.runtime.target import Target

CONTENT_TYPE: Final = "application/json"
CONTENT_ENCODING: Final = "utf-8"


class OsloManner:
    """As `Manner`."""

    #: A client declares its queue again as soon as it notices that it was lost.
    answer_tries = 5
    exchange = None
    keeps = False
    #: Its peers know no limit, and no bundles.
    most = inf
    bundles = 0

    def __init__(self, options: OsloOptions) -> None:
        self._topology = Topology(options)
        self._prefetch = options.qos_prefetch_count
        self.together = 1 if self._prefetch else TOGETHER

    def reply_queue(self) -> ReplyQueue:
        """Servers keep on trying for a while, so a queue that was lost is worth making again."""
        queue = self._topology.reply_queue()
        return ReplyQueue(
            queue.name,
            queue.arguments,
            queue.durable,
            tag="1",
            acknowledged=True,
            prefetch=self._prefetch,
            returns=True,
        )

    def place(self, target: Target, label: str) -> Place:
        """Whoever publishes declares the exchange, and nobody tells of a server that has a request."""
        exchange = self._topology.exchange(target)
        key = self._topology.key(target)
        name = target.server or str(target)
        made = PassingPlace if exchange.auto_delete else Place
        return made(name, exchange.name, key, label, declares=exchange)

    def request(
        self, place: Place, frame: bytes, message: Outgoing | None, reply_to: str, *, awaited: bool
    ) -> DressedRequest:
        """A call says where its answer goes, and for how long anybody wants it; a cast the latter only if it has a ttl."""
        expires = None
        if message is not None:
            expires = message.expires if awaited else message.worthless

        def properties(number: int, again: bool) -> Properties:
            return _properties(number, None if expires is None else expires - monotonic())

        return seal(frame, reply_queue=reply_to if awaited else None), properties

    def read_answers(self, message: Message) -> tuple[str | None, Sequence[bytes]] | None:
        """One, and nothing but the id of its request says whose it is."""
        incoming = self.read_request(message)
        return None if incoming is None else (None, (incoming.frame,))

    def queues(
        self, topics: Sequence[tuple[str, str]], server: str, room: Room
    ) -> Sequence[RequestQueue]:
        """Three for each topic, whatever comes by them; these peers number their consumers."""
        queues = [
            queue
            for exchange, topic in topics
            for queue in self._topology.queues(Target(exchange, topic), server)
        ]
        return [
            OsloQueue(queue, str(number), self._prefetch) for number, queue in enumerate(queues, 1)
        ]

    def read_request(self, message: Message) -> Incoming | None:
        """With or without an envelope; what is encoded otherwise is not read."""
        if message.text("content_type") != CONTENT_TYPE:
            return None
        try:
            opened = unseal(message.body)
        except DECODE_ERRORS:
            return None
        return Incoming(opened.payload, opened.reply_queue or "", None, deadline_of(message))

    def answer(self, frame: bytes, label: str | None, *, together: bool) -> DressedAnswer:
        """Each answer has an id of its own, also each of several to one request, and a message."""
        body = seal(frame, unique_id=new_id().hex())
        return body, lambda number: _properties(number, None), None

    def may_answer(self, queue: str) -> bool:
        """Only queues of answers."""
        return is_reply_queue(queue)


def _properties(number: int, remaining: float | None) -> Properties:
    """As these peers set them; the number is ours, and nothing to them."""
    headers: dict[str, Any] = {}
    return Properties(
        content_type=CONTENT_TYPE,
        content_encoding=CONTENT_ENCODING,
        message_id=f".{number}",
        expiration=expiration(remaining),
        delivery_mode=PERSISTENT,
        priority=0,
        headers=headers,
    )
