"""What the two raw ZeroMQ adapters share: sockets with bounds, and one thread that keeps 64 requests outstanding."""

from __future__ import annotations

import time
from collections.abc import Callable

import zmq

from tests.bench.adapter import OUTSTANDING, Done, Spot

HWM = 1_000


def client_socket(spot: Spot) -> zmq.Socket[bytes]:
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.DEALER)
    _bound(socket)
    socket.connect(spot.zmq)
    return socket


def server_socket(spot: Spot) -> zmq.Socket[bytes]:
    socket: zmq.Socket[bytes] = zmq.Context.instance().socket(zmq.ROUTER)
    _bound(socket)
    socket.bind(spot.zmq)
    return socket


def pipeline(send: Callable[[], object], receive: Callable[[], object], seconds: float) -> Done:
    """Keep 64 requests outstanding from one thread."""
    clock = time.monotonic
    start = clock()
    end = start + seconds
    for _ in range(OUTSTANDING):
        send()
    calls = 0
    while clock() < end:
        receive()
        calls += 1
        send()
    for _ in range(OUTSTANDING):
        receive()
    return Done(calls + OUTSTANDING, clock() - start)


def _bound(socket: zmq.Socket[bytes]) -> None:
    socket.setsockopt(zmq.SNDHWM, HWM)
    socket.setsockopt(zmq.RCVHWM, HWM)
    socket.setsockopt(zmq.LINGER, 0)
