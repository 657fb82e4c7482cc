"""The plain prototype over RabbitMQ: py-amqp as it comes, bytes that were encoded before, one thread and one connection a side.

A queue of requests and one of answers, correlation ids. Nothing is confirmed, acknowledged or persistent, and there are no
types, deadlines, errors or reconnection. What came is handled after the library's callback: publishing inside of it may
enter the dispatcher again.
"""

from __future__ import annotations

from collections import deque
from functools import partial
from itertools import count
from typing import Any

import amqp as _amqp
import msgspec

from tests.bench import sample
from tests.bench.adapter import WORKLOADS, Done, Spot, Tally
from tests.bench.adapters import _raw
from tests.bench.load import cast_all, time_each
from tests.rabbitd import PASSWORD, USER

amqp: Any = _amqp

#: As many bytes as a small typed request with its id has.
SMALL = msgspec.msgpack.encode([1, "add", {"a": 1, "b": 2}])
OBJECT = msgspec.msgpack.encode([1, "echo", sample.instance()])
CAST, HANDLED = b"c", b"h"
REQUESTS = "requests"

COLD = """
import amqp
connection = amqp.Connection({host!r}, {user!r}, {password!r}, virtual_host={vhost!r}, login_method="PLAIN")
connection.connect()
channel = connection.channel()
answers = channel.queue_declare("", exclusive=True, auto_delete=True).queue
came = []
channel.basic_consume(answers, no_ack=True, callback=came.append)
channel.basic_publish(amqp.Message({body!r}, reply_to=answers, correlation_id="1"), "", {queue!r})
while not came:
    connection.drain_events()
assert came[0].body == {body!r}
"""


class End:
    """One side: a connection, its channel, and what came by it."""

    def __init__(self, spot: Spot) -> None:
        self.connection = amqp.Connection(
            f"127.0.0.1:{spot.port}",
            USER,
            PASSWORD,
            virtual_host=spot.vhost,
            login_method="PLAIN",
        )
        self.connection.connect()
        self.channel = self.connection.Channel(self.connection, auto_decode=False)
        self.channel.open()
        self.came: deque[Any] = deque()

    def consume(self, queue: str, *, exclusive: bool) -> str:
        """Declare a queue and take what comes by it; its name."""
        name: str = self.channel.queue_declare(queue, exclusive=exclusive, auto_delete=True).queue
        self.channel.basic_consume(name, no_ack=True, callback=self.came.append)
        return name

    def next(self) -> Any:
        """The next message."""
        while not self.came:
            self.connection.drain_events()
        return self.came.popleft()

    def publish(self, queue: str, body: bytes, **properties: str) -> None:
        self.channel.basic_publish(amqp.Message(body, **properties), "", queue)


def serve(spot: Spot, tally: Tally) -> None:
    end = End(spot)
    end.consume(REQUESTS, exclusive=False)
    tally.ready()
    handled = 0
    while True:
        message = end.next()
        body = bytes(message.body)
        if body[:1] == CAST:
            handled += 1
            continue
        answer = b"%d" % handled if body == HANDLED else body
        end.publish(message.reply_to, answer, correlation_id=message.correlation_id)


class PlainLoad:
    """Sends the same bytes again and again."""

    workloads = WORKLOADS

    def __init__(self, spot: Spot) -> None:
        self._end = End(spot)
        self._answers = self._end.consume("", exclusive=True)
        self._ids = map(str, count(1))
        self._outstanding: set[str] = set()

    def check(self) -> None:
        for body in (SMALL, OBJECT):
            if self._call(body) != body:
                raise AssertionError("the server did not echo the bytes")

    def unary(self, seconds: float) -> list[int]:
        return time_each(partial(self._call, SMALL), seconds)

    def small(self, seconds: float) -> Done:
        return _raw.pipeline(partial(self._send, SMALL), self._receive, seconds)

    def objects(self, seconds: float) -> Done:
        return _raw.pipeline(partial(self._send, OBJECT), self._receive, seconds)

    def casts(self, seconds: float) -> Done:
        cast = partial(self._end.publish, REQUESTS, CAST + SMALL)
        return cast_all(cast, partial(self._call, HANDLED), seconds)

    def close(self) -> None:
        self._end.connection.close()

    def _send(self, body: bytes) -> None:
        number = next(self._ids)
        self._outstanding.add(number)
        self._end.publish(REQUESTS, body, reply_to=self._answers, correlation_id=number)

    def _receive(self) -> bytes:
        message = self._end.next()
        self._outstanding.remove(message.correlation_id)
        return bytes(message.body)

    def _call(self, body: bytes) -> bytes:
        self._send(body)
        return self._receive()


def load(spot: Spot) -> PlainLoad:
    return PlainLoad(spot)


def cold(spot: Spot) -> str:
    return COLD.format(
        host=f"127.0.0.1:{spot.port}",
        user=USER,
        password=PASSWORD,
        vhost=spot.vhost,
        queue=REQUESTS,
        body=SMALL,
    )
