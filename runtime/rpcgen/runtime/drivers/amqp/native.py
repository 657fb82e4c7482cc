"""The manner of the native wire (PROTOCOL.md 6): names by prefix, queues that go with the programs that use them."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from time import monotonic
from typing import Final

from rpcgen.runtime.bundles import MAX_BYTES, OVERHEAD, unpack
from rpcgen.runtime.drivers.amqp import letters
from rpcgen.runtime.drivers.amqp.manner import (
    TOGETHER,
    DressedAnswer,
    DressedRequest,
    EventPlace,
    Incoming,
    Place,
    ReplyQueue,
    RequestQueue,
)
from rpcgen.runtime.drivers.amqp.message import Exchange, Message, Properties
from rpcgen.runtime.drivers.amqp.names import Names
from rpcgen.runtime.drivers.amqp.options import AmqpOptions
from rpcgen.runtime.drivers.amqp.queues import KeptQueue, OwnQueue, Queue, Stream
from rpcgen.runtime.outgoing import Outgoing
from rpcgen.runtime.room import Room
from rpcgen.runtime.target import Target

#: Seconds for which the queue of answers outlives its consumer on the broker.
REPLY_EXPIRES: Final = 60


class NativeManner:
    """As `Manner`. A client whose queue of answers is gone has given up what it waited for."""

    keeps = True
    answer_tries = 1
    together = TOGETHER

    def __init__(self, options: AmqpOptions) -> None:
        self._kind = options.queue_type
        self._streams = options.stream_fanout
        self.most = options.max_message
        self.bundles = max(0, min(MAX_BYTES, self.most - OVERHEAD))
        self._names = Names(options.prefix)
        self.exchange = Exchange(self._names.calls(), "direct")

    def reply_queue(self) -> ReplyQueue:
        """PROTOCOL.md 6.1."""
        most = max(self.most, MAX_BYTES + OVERHEAD)
        return ReplyQueue(self._names.reply(), {"x-expires": REPLY_EXPIRES * 1000}, most=most)

    def place(self, target: Target, label: str) -> Place:
        """PROTOCOL.md 6.1."""
        names = self._names
        if target.event is not None:
            event = names.event(target)
            declared = Exchange(event, "topic")
            return EventPlace(str(target), event, target.event, label, declares=declared)
        if target.fanout:
            fanout = names.fanout(target)
            looked_for = Exchange(fanout, "fanout", passive=True)
            return Place(str(target), fanout, "", label, declares=looked_for)
        name = target.server or str(target)
        everybody = None if target.server else Place(name, names.fanout(target), "", label)
        call, keep = names.call(target), names.keep(target)
        ordered = keep_ordered = ""
        if target.server is None:
            ordered, keep_ordered = names.call_ordered(target), names.keep_ordered(target)
        return Place(
            name,
            names.calls(),
            call,
            label,
            keep=keep,
            ordered=ordered,
            keep_ordered=keep_ordered,
            everybody=everybody,
        )

    def request(
        self, place: Place, frame: bytes, message: Outgoing | None, reply_to: str, *, awaited: bool
    ) -> DressedRequest:
        """PROTOCOL.md 6.2."""
        message_id = b"" if message is None else message.id
        expires = None if message is None else message.expires

        def properties(number: int, again: bool) -> Properties:
            remaining = None if expires is None else expires - monotonic()
            if message is not None and message.kept:
                copied = again or message.copied
                kept, text = letters.Kept(copied=copied), message_id.hex()
                return letters.keep(number, text, reply_to, place.label, kept, remaining)
            return letters.request(number, message_id, remaining, reply_to, place.label)

        return frame, properties

    def read_answers(self, message: Message) -> tuple[str | None, Sequence[bytes]] | None:
        """PROTOCOL.md 6.2."""
        label = message.text("correlation_id") or ""
        if letters.is_ours(message, letters.ANSWER):
            return label, (message.body,)
        if letters.is_ours(message, letters.ANSWERS):
            with suppress(ValueError):
                return label, unpack(message.body)
        return None

    def queues(
        self, topics: Sequence[tuple[str, str]], server: str, room: Room
    ) -> Sequence[RequestQueue]:
        """PROTOCOL.md 6.1."""
        names = self._names
        queues: list[RequestQueue] = []
        own: list[str] = [names.directory()]
        for exchange, topic in topics:
            everybody = Target(exchange, topic)
            junk = names.junk(everybody)
            for target in (everybody, Target(exchange, topic, server)):
                queues.append(Queue(names.call(target), names.calls(), junk))
            if self._streams:
                queues.append(Stream(names.stream(everybody), names.fanout(everybody)))
            else:
                own.append(names.fanout(everybody))
        queues.append(OwnQueue(names.own(server), tuple(own)))
        for target in room.ordered:
            ordered = names.call_ordered(target)
            queues.append(Queue(ordered, names.calls(), names.junk(target), single=True))
        for target in room.kept:
            exchange, dead = names.calls(), names.dead(target)
            for each in (target, Target(target.exchange, target.topic, server)):
                queues.append(KeptQueue(names.keep(each), exchange, dead, self._kind))
            if target in room.ordered:
                keep = names.keep_ordered(target)
                queues.append(KeptQueue(keep, exchange, dead, self._kind, single=True))
        return queues

    def read_request(self, message: Message) -> Incoming | None:
        """PROTOCOL.md 6.2."""
        if not letters.is_ours(message, letters.REQUEST):
            return None
        return Incoming(
            message.body,
            message.text("reply_to") or "",
            message.text("correlation_id"),
            together=message.properties.get("app_id") == letters.BUNDLES,
        )

    def answer(self, frame: bytes, label: str | None, *, together: bool) -> DressedAnswer:
        """PROTOCOL.md 6.2."""
        shared = letters.Bundle(label) if together else None
        return frame, lambda number: letters.answer(number, label), shared

    def may_answer(self, queue: str) -> bool:
        """PROTOCOL.md 6.2."""
        return self._names.is_reply(queue)
