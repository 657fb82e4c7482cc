"""pyzmq and msgspec with types, ids and nothing else: no dispatch table, no deadlines, no errors."""

from __future__ import annotations

import itertools
from typing import Any

import msgspec

from tests.bench import sample
from tests.bench.adapter import WORKLOADS, Done, Spot, Tally
from tests.bench.adapters import _raw
from tests.bench.adapters._structs import Add, Echo, Handled, Instance, Note, Reply, Request
from tests.bench.load import cast_all, time_each

COLD = """
import msgspec
import zmq


class Add(msgspec.Struct, frozen=True, tag="add"):
    id: int
    a: int
    b: int


class Reply(msgspec.Struct, frozen=True):
    id: int
    result: int


socket = zmq.Context.instance().socket(zmq.DEALER)
socket.connect({endpoint!r})
socket.send(msgspec.msgpack.encode(Add(1, 1, 2)))
assert msgspec.msgpack.decode(socket.recv(), type=Reply).result == 3
"""


def serve(spot: Spot, tally: Tally) -> None:
    socket = _raw.server_socket(spot)
    tally.ready()
    decode = msgspec.msgpack.Decoder(Request).decode
    encode = msgspec.msgpack.Encoder().encode
    receive, send = socket.recv_multipart, socket.send_multipart
    handled = 0
    while True:
        identity, frame = receive()
        match decode(frame):
            case Note():
                handled += 1
                continue
            case Add(id, a, b):
                reply = Reply(id, a + b)
            case Echo(id, instance):
                reply = Reply(id, instance)
            case Handled(id):
                reply = Reply(id, handled)
        send([identity, encode(reply)])


class MsgspecLoad:
    """Encodes and decodes every message; waits for replies in any order."""

    workloads = WORKLOADS

    def __init__(self, spot: Spot) -> None:
        self._socket = _raw.client_socket(spot)
        self._encode = msgspec.msgpack.Encoder().encode
        self._decode = msgspec.msgpack.Decoder(Reply).decode
        self._ids = itertools.count(1)
        self._waiting = set[int]()
        self._instance = msgspec.convert(sample.instance(), Instance)

    def check(self) -> None:
        if self._small() != 3 or self._echo() != self._instance:
            raise AssertionError("the server answered wrongly")

    def unary(self, seconds: float) -> list[int]:
        return time_each(self._small, seconds)

    def small(self, seconds: float) -> Done:
        return _raw.pipeline(lambda: self._send(Add(next(self._ids), 1, 2)), self._receive, seconds)

    def objects(self, seconds: float) -> Done:
        return _raw.pipeline(
            lambda: self._send(Echo(next(self._ids), self._instance)), self._receive, seconds
        )

    def casts(self, seconds: float) -> Done:
        send, encode = self._socket.send, self._encode
        return cast_all(
            lambda: send(encode(Note(sample.NOTE_NUMBER, sample.NOTE_WORD))),
            lambda: self._call(Handled(next(self._ids))),
            seconds,
        )

    def close(self) -> None:
        self._socket.close()

    def _small(self) -> Any:
        return self._call(Add(next(self._ids), 1, 2))

    def _echo(self) -> Any:
        return self._call(Echo(next(self._ids), self._instance))

    def _call(self, request: Add | Echo | Handled) -> Any:
        self._send(request)
        return self._receive()

    def _send(self, request: Add | Echo | Handled) -> None:
        self._waiting.add(request.id)
        self._socket.send(self._encode(request))

    def _receive(self) -> Any:
        reply = self._decode(self._socket.recv())
        self._waiting.remove(reply.id)
        return reply.result


def load(spot: Spot) -> MsgspecLoad:
    return MsgspecLoad(spot)


def cold(spot: Spot) -> str:
    return COLD.format(endpoint=spot.zmq)
