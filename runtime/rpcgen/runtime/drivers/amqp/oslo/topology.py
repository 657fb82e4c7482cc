"""What these peers declare on the broker, exactly as they do (PROTOCOL.md 7.6). Describes, and makes nothing.

Whoever describes a queue otherwise than it is there is refused by the broker, so every argument counts.
"""

from __future__ import annotations

import re
import secrets
from typing import Any

from msgspec import Struct
from rpcgen.runtime.drivers.amqp.message import Exchange
from rpcgen.runtime.drivers.amqp.oslo.numbers import next_number
from rpcgen.runtime.drivers.amqp.oslo.options import OsloOptions
from rpcgen.runtime.errors import InvalidTarget
from rpcgen.runtime.target import Target

#: Octets that a name may have in AMQP.
MAX_NAME = 255

_REPLY = re.compile(r"reply_[A-Za-z0-9_.:@+-]{1,249}", re.ASCII)


class Queue(Struct, frozen=True):
    """A queue, as it is declared, and the exchange that it is bound to by a key; None: the default one.

    Attributes:
        is_own: it has a random name, so nobody will ever use it again.
    """

    name: str
    durable: bool
    auto_delete: bool
    arguments: dict[str, Any]
    exchange: Exchange | None = None
    key: str = ""
    is_own: bool = False

    @property
    def is_stream(self) -> bool:
        """Whether it keeps what was read, and is read by an offset."""
        return self.arguments.get("x-queue-type") == "stream"


class Topology:
    """Everything that is declared, under the options of one URL."""

    def __init__(self, options: OsloOptions) -> None:
        self._options = options
        self._durable = options.durable_queues or options.quorum_queue

    # --- sending --------------------------------------------------------------------------------------------------

    def exchange(self, target: Target) -> Exchange:
        """By which a message to a target goes."""
        if target.fanout:
            return self._fanout_exchange(target.topic)
        return Exchange(target.exchange, "topic", self._durable, self._options.auto_delete)

    def key(self, target: Target) -> str:
        """The routing key of a message to a target."""
        if target.fanout:
            return ""
        return _name(target.topic, "." if target.server else "", target.server or "")

    def reply_queue(self) -> Queue:
        """Of the answers to one client; another one at each call."""
        return self._transient(_name("reply_", self._unique()))

    # --- serving --------------------------------------------------------------------------------------------------

    def queues(self, target: Target, server: str) -> list[Queue]:
        """The queues of one server of a topic, in the order in which they are declared."""
        own = Target(target.exchange, target.topic, server)
        return [self._topic_queue(target), self._topic_queue(own), self._fanout_queue(target.topic)]

    def _topic_queue(self, target: Target) -> Queue:
        options, key = self._options, self.key(target)
        arguments = self._quorum() if options.quorum_queue else {}
        return Queue(key, self._durable, options.auto_delete, arguments, self.exchange(target), key)

    def _fanout_queue(self, topic: str) -> Queue:
        options, exchange = self._options, self._fanout_exchange(topic)
        if not options.stream_fanout:
            name = _name(topic, "_fanout_", self._unique())
            return self._transient(name, exchange, topic)
        arguments: dict[str, Any] = {"x-queue-type": "stream"}
        if options.transient_queues_ttl:
            arguments["x-max-age"] = f"{options.transient_queues_ttl}s"
        return Queue(_name(topic, "_fanout"), True, False, arguments, exchange, topic)

    # --- parts ----------------------------------------------------------------------------------------------------

    def _fanout_exchange(self, topic: str) -> Exchange:
        durable = self._options.transient_quorum_queue or self._options.stream_fanout
        return Exchange(_name(topic, "_fanout"), "fanout", durable, auto_delete=True)

    def _transient(self, name: str, exchange: Exchange | None = None, key: str = "") -> Queue:
        """A queue that goes when nobody has used it for a while."""
        options = self._options
        arguments = self._quorum() if options.transient_quorum_queue else {}
        if options.transient_queues_ttl:
            arguments["x-expires"] = options.transient_queues_ttl * 1000
        own = not options.queue_manager
        return Queue(
            name, options.transient_quorum_queue, False, arguments, exchange, key, is_own=own
        )

    def _quorum(self) -> dict[str, Any]:
        options = self._options
        limits = {
            "x-delivery-limit": options.quorum_delivery_limit,
            "x-max-in-memory-length": options.quorum_max_memory_length,
            "x-max-in-memory-bytes": options.quorum_max_memory_bytes,
        }
        return {"x-queue-type": "quorum"} | {name: most for name, most in limits.items() if most}

    def _unique(self) -> str:
        """What tells one client, or one server, from all others."""
        manager = self._options.queue_manager
        return f"{manager}:{next_number(manager)}" if manager else secrets.token_hex(16)


def is_reply_queue(name: object) -> bool:
    """Whether a server may answer there: what a request asks for must not make it write to other queues."""
    return isinstance(name, str) and _REPLY.fullmatch(name) is not None


def _name(*parts: str) -> str:
    name = "".join(parts)
    if len(name) > MAX_NAME:
        raise InvalidTarget(
            f"{name[:64]}... has {len(name)} characters as the name of a queue; AMQP allows {MAX_NAME}"
        )
    return name
