"""The limit: bytes that were encoded before, one frame a message, DEALER to ROUTER, one thread a side."""

from __future__ import annotations

from functools import partial

import msgspec

from tests.bench import sample
from tests.bench.adapter import WORKLOADS, Done, Spot, Tally
from tests.bench.adapters import _raw
from tests.bench.load import cast_all, time_each

#: As many bytes as a small typed request with its id has.
SMALL = msgspec.msgpack.encode([1, "add", {"a": 1, "b": 2}])
OBJECT = msgspec.msgpack.encode([1, "echo", sample.instance()])
CAST, HANDLED = b"c", b"h"


def serve(spot: Spot, tally: Tally) -> None:
    socket = _raw.server_socket(spot)
    tally.ready()
    receive, send = socket.recv_multipart, socket.send_multipart
    handled = 0
    while True:
        message = receive()
        frame = message[1]
        if frame[:1] == CAST:
            handled += 1
        elif frame == HANDLED:
            send([message[0], b"%d" % handled])
        else:
            send(message)


class RawLoad:
    """Sends the same frames again and again."""

    workloads = WORKLOADS

    def __init__(self, spot: Spot) -> None:
        self._socket = _raw.client_socket(spot)

    def check(self) -> None:
        for frame in (SMALL, OBJECT):
            if self._call(frame) != frame:
                raise AssertionError("the server did not echo the frame")

    def unary(self, seconds: float) -> list[int]:
        return time_each(partial(self._call, SMALL), seconds)

    def small(self, seconds: float) -> Done:
        return self._pipeline(SMALL, seconds)

    def objects(self, seconds: float) -> Done:
        return self._pipeline(OBJECT, seconds)

    def casts(self, seconds: float) -> Done:
        frame = CAST + SMALL
        return cast_all(partial(self._socket.send, frame), partial(self._call, HANDLED), seconds)

    def close(self) -> None:
        self._socket.close()

    def _call(self, frame: bytes) -> bytes:
        self._socket.send(frame)
        return self._socket.recv()

    def _pipeline(self, frame: bytes, seconds: float) -> Done:
        return _raw.pipeline(partial(self._socket.send, frame), self._socket.recv, seconds)


def load(spot: Spot) -> RawLoad:
    return RawLoad(spot)


def cold(spot: Spot) -> str:
    """Mean the client of `zmq_msgspec`, which has types."""
    return ""
