"""The ZeroMQ driver: `zmq+ipc`, `zmq+tcp`, `zmq+ring`, `zmq+redis`.

A client has a DEALER socket for each server, a server has a ROUTER; each message is one frame. Who serves what is the
matchmaker's to say (`matchmakers/`). `engine.py` and `binding.py` hold the two sides, without waiting; `blocking/`
and `aio/` wait for them. This module knows only how they are put together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rpcgen.runtime.drivers.zeromq.matchmakers import Topic, find_matchmaker
from rpcgen.runtime.drivers.zeromq.options import ZmqOptions
from rpcgen.runtime.errors import ConfigurationError
from rpcgen.runtime.target import Target, check_name
from rpcgen.runtime.url import TransportUrl

__all__ = ["connect", "connect_async", "discover", "listen", "listen_async"]

if TYPE_CHECKING:
    # Each side of each world is imported when it is opened: a blocking client pays neither for asyncio nor for servers.
    from rpcgen.runtime.drivers.zeromq.aio.client import AsyncClient
    from rpcgen.runtime.drivers.zeromq.aio.listener import AsyncListener
    from rpcgen.runtime.drivers.zeromq.binding import Binding
    from rpcgen.runtime.drivers.zeromq.blocking.client import BlockingClient
    from rpcgen.runtime.drivers.zeromq.blocking.listener import BlockingListener
    from rpcgen.runtime.drivers.zeromq.matchmaker import MatchmakerModule
    from rpcgen.runtime.peers import Found
    from rpcgen.runtime.room import Room


def connect(url: TransportUrl) -> BlockingClient:
    """See `DriverModule.connect`."""
    from rpcgen.runtime.drivers.zeromq.blocking.client import BlockingClient

    matchmaker, options = _open(url)
    return BlockingClient(matchmaker.matchmaker(url, options), options)


def listen(
    url: TransportUrl, targets: Sequence[Target], server: str, room: Room | None = None
) -> BlockingListener:
    """See `DriverModule.listen`."""
    from rpcgen.runtime.drivers.zeromq.binding import Binding
    from rpcgen.runtime.drivers.zeromq.blocking.listener import BlockingListener

    matchmaker, options = _open(url)
    serves = _topics(targets, server)
    registration = matchmaker.registration(url, options, server, serves)
    return BlockingListener(Binding(registration, options, server, serves))


def connect_async(url: TransportUrl) -> AsyncClient:
    """See `DriverModule.connect_async`."""
    from rpcgen.runtime.drivers.zeromq.aio.client import AsyncClient

    matchmaker, options = _open(url)
    return AsyncClient(matchmaker.matchmaker(url, options), options)


def listen_async(
    url: TransportUrl, targets: Sequence[Target], server: str, room: Room | None = None
) -> AsyncListener:
    """See `DriverModule.listen_async`."""
    from rpcgen.runtime.drivers.zeromq.aio.listener import AsyncListener
    from rpcgen.runtime.drivers.zeromq.binding import Binding

    matchmaker, options = _open(url)
    serves = _topics(targets, server)

    def bind() -> Binding:
        registration = matchmaker.registration(url, options, server, serves)
        return Binding(registration, options, server, serves)

    return AsyncListener(bind)


def discover(url: TransportUrl, timeout: float) -> list[Found]:
    """See `DriverModule.discover`."""
    from rpcgen.runtime.drivers.zeromq.discovery import discover as find

    return find(url, timeout)


def _open(url: TransportUrl) -> tuple[MatchmakerModule, ZmqOptions]:
    matchmaker = find_matchmaker(url)
    return matchmaker, url.options(matchmaker.Options)


def _topics(targets: Sequence[Target], server: str) -> list[Topic]:
    check_name("server", server)
    if not targets:
        raise ConfigurationError("a listener needs at least one target")
    return sorted({(target.exchange, target.topic) for target in targets})
