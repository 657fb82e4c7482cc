"""A corner of a broker where tests plant what no program of ours would send to a server, and see what becomes of it."""

from __future__ import annotations

import secrets
from types import ModuleType
from typing import Any

import amqp
from rpcgen.runtime import Server
from rpcgen.runtime.drivers.amqp import letters

from tests.conformance.lab import Bench, endpoint
from tests.conformance.waiting import eventually
from tests.rabbitd import RabbitServer

#: Seconds; many, because a machine may be slow.
LIMIT = 20.0

#: What requests say of themselves.
OURS = {"content_type": letters.CONTENT_TYPE, "type": letters.REQUEST}


class Site:
    """A prefix of one test's own, and what is on the broker there."""

    def __init__(self, rabbit: RabbitServer) -> None:
        self.rabbit = rabbit
        self.prefix = f"test-{secrets.token_hex(6)}"
        self.url = rabbit.url(f"prefix={self.prefix}", f"name={self.prefix}")
        self.calls = f"{self.prefix}.call/test/lab"
        self.junk = f"{self.prefix}.junk/test/lab"
        self._connection = rabbit.connect()
        self.channel = self._connection.channel()

    def plant(self, queue: str, body: bytes, **properties: Any) -> None:
        self.channel.basic_publish_confirm(amqp.Message(body, **properties), routing_key=queue)

    def flood(self, queue: str, count: int) -> None:
        """Many messages that cannot be read."""
        for number in range(count):
            message = amqp.Message(b"junk %d" % number, **OURS)
            self.channel.basic_publish(message, routing_key=queue)

    def junk_is(self, count: int) -> None:
        eventually(lambda: self.ready(self.junk) == count, LIMIT)

    def ready(self, queue: str) -> int | None:
        """Messages in a queue; None if it is not there."""
        channel = self._connection.channel()
        try:
            found: int = channel.queue_declare(queue, passive=True).message_count
        except amqp.NotFound:
            return None
        channel.close()
        return found

    def take(self) -> Any:
        """The oldest message in the queue of junk."""
        message = self.channel.basic_get(self.junk, no_ack=True)
        assert message is not None
        return message

    def taken(self) -> None:
        """Nothing is left in the queues of requests, also nothing that nobody has acknowledged."""
        eventually(lambda: self.rabbit.messages(f"{self.prefix}.call") == 0, LIMIT)

    def close(self) -> None:
        self._connection.close()


def serve(lab: ModuleType, site: Site) -> Server:
    return Server(site.url, server="s1", endpoints=[endpoint(lab, Bench(), "s1")])


def counters(server: Any) -> dict[str, int]:
    """Those of its listener."""
    found: dict[str, int] = server._listeners[0].counters
    return found


def reason_of(message: Any) -> str:
    said: str = message.properties["application_headers"][letters.LAST]
    return said
