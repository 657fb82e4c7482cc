"""`carrier:///folder`: calls and casts over Unix sockets in a private folder. A driver to read, and to begin with.

Each server has a socket there, and says who it is to whoever connects. Both worlds share the threads of `line.py`; what
arrives waits in an inbox, for a thread or for an event loop. There are no events, and nothing is kept.
"""

from __future__ import annotations

from collections.abc import Sequence

from rpcgen.runtime import Target
from rpcgen.runtime.peers import Found
from rpcgen.runtime.room import ROOM, Room
from rpcgen.runtime.url import TransportUrl

from carrier.client import ANSWER, AsyncClient, BlockingClient
from carrier.server import AsyncListener, Listener


def connect(url: TransportUrl) -> BlockingClient:
    """As `DriverModule.connect`."""
    return BlockingClient(url)


def listen(
    url: TransportUrl, targets: Sequence[Target], server: str, room: Room = ROOM
) -> Listener:
    """As `DriverModule.listen`."""
    return Listener(url, targets, server)


def connect_async(url: TransportUrl) -> AsyncClient:
    """As `DriverModule.connect_async`."""
    return AsyncClient(url)


def listen_async(
    url: TransportUrl, targets: Sequence[Target], server: str, room: Room = ROOM
) -> AsyncListener:
    """As `DriverModule.listen_async`."""
    return AsyncListener(url, targets, server)


def discover(url: TransportUrl, timeout: float) -> list[Found]:
    """As `DriverModule.discover`."""
    client = BlockingClient(url)
    try:
        found: list[Found] = []
        for station in client.look(timeout):
            if station.serves is None:
                found.append(
                    Found("", "", "", station.path, f"no answer within {min(timeout, ANSWER):g} s")
                )
            elif not station.leaving:
                found += [Found(*topic, station.name, station.path) for topic in station.serves]
        return sorted(found)
    finally:
        client.close()
