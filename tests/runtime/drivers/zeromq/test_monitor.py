"""A client's connection and its monitor."""

from __future__ import annotations

from rpcgen.runtime.drivers.zeromq.link import Link
from rpcgen.runtime.drivers.zeromq.matchmakers import Endpoint
from rpcgen.runtime.drivers.zeromq.options import ZmqOptions
from rpcgen.runtime.drivers.zeromq.sockets import new_context


def test_a_connection_may_follow_another_at_once(tcp: str) -> None:
    """Nothing of the one before is in its way, though libzmq is still closing that, and its place in memory is free."""
    endpoint = Endpoint("here", tcp.removeprefix("zmq+"))
    context = new_context()
    for _ in range(300):
        Link(context, endpoint, ZmqOptions()).close()
    context.term()
