"""The plain prototype over RabbitMQ with types: as `py_amqp`, and both sides encode and decode every message.

No dispatch table, no deadlines, no errors, and nothing is read back after it was encoded.
"""

from __future__ import annotations

import itertools
from functools import partial
from typing import Any

import msgspec

from tests.bench import sample
from tests.bench.adapter import WORKLOADS, Done, Spot, Tally
from tests.bench.adapters import _raw
from tests.bench.adapters._structs import Add, Echo, Handled, Instance, Note, Reply, Request
from tests.bench.adapters.py_amqp import REQUESTS, End
from tests.bench.load import cast_all, time_each


def serve(spot: Spot, tally: Tally) -> None:
    end = End(spot)
    end.consume(REQUESTS, exclusive=False)
    tally.ready()
    decode = msgspec.msgpack.Decoder(Request).decode
    encode = msgspec.msgpack.Encoder().encode
    handled = 0
    while True:
        message = end.next()
        match decode(message.body):
            case Note():
                handled += 1
                continue
            case Add(id, a, b):
                reply = Reply(id, a + b)
            case Echo(id, instance):
                reply = Reply(id, instance)
            case Handled(id):
                reply = Reply(id, handled)
        end.publish(message.reply_to, encode(reply), correlation_id=message.correlation_id)


class TypedLoad:
    """Encodes and decodes every message; waits for answers in any order."""

    workloads = WORKLOADS

    def __init__(self, spot: Spot) -> None:
        self._end = End(spot)
        self._answers = self._end.consume("", exclusive=True)
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(Reply).decode
        self._ids = itertools.count(1)
        self._outstanding: set[str] = set()
        self._instance = msgspec.convert(sample.instance(), Instance)

    def check(self) -> None:
        if self._call(self._add()) != 3 or self._call(self._echo()) != self._instance:
            raise AssertionError("the server answered wrongly")

    def unary(self, seconds: float) -> list[int]:
        return time_each(lambda: self._call(self._add()), seconds)

    def small(self, seconds: float) -> Done:
        return _raw.pipeline(lambda: self._send(self._add()), self._receive, seconds)

    def objects(self, seconds: float) -> Done:
        return _raw.pipeline(lambda: self._send(self._echo()), self._receive, seconds)

    def casts(self, seconds: float) -> Done:
        note = Note(sample.NOTE_NUMBER, sample.NOTE_WORD)
        cast = partial(self._end.publish, REQUESTS)
        return cast_all(
            lambda: cast(self._encode(note)),
            lambda: self._call(Handled(next(self._ids))),
            seconds,
        )

    def close(self) -> None:
        self._end.connection.close()

    def _add(self) -> Add:
        return Add(next(self._ids), 1, 2)

    def _echo(self) -> Echo:
        return Echo(next(self._ids), self._instance)

    def _call(self, request: Add | Echo | Handled) -> Any:
        self._send(request)
        return self._receive()

    def _send(self, request: Add | Echo | Handled) -> None:
        number = str(request.id)
        self._outstanding.add(number)
        body = self._encode(request)
        self._end.publish(REQUESTS, body, reply_to=self._answers, correlation_id=number)

    def _receive(self) -> Any:
        message = self._end.next()
        self._outstanding.remove(message.correlation_id)
        return self._decode(message.body).result


def load(spot: Spot) -> TypedLoad:
    return TypedLoad(spot)


def cold(spot: Spot) -> str:
    """Nothing that `py_amqp` would not say."""
    return ""
