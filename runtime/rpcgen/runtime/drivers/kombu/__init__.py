"""The driver for kombu's virtual transports: `kombu+redis`, `kombu+filesystem`, `kombu+memory` and their like.

Such a transport is a set of named queues and no more: it confirms nothing, returns nothing, and notices nobody's death. So
servers are found by asking (`directory.py`), each has a queue of its own, and whoever falls silent is lost. `carriers/`
knows kombu's transports apart; `line.py` is one connection, `sender.py` and `taker.py` the threads that have one;
`courier.py` is a client's side, `desk.py` a server's, and `events.py` a subscriber's. This module knows only how they are put together.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rpcgen.runtime.drivers.kombu.carriers import find_carrier
from rpcgen.runtime.room import ROOM, Room
from rpcgen.runtime.subscription import Subscription
from rpcgen.runtime.target import Target, check_name
from rpcgen.runtime.url import TransportUrl

__all__ = [
    "connect",
    "connect_async",
    "discover",
    "listen",
    "listen_async",
    "subscribe",
    "subscribe_async",
]

if TYPE_CHECKING:
    # Each world is imported when it is opened: a blocking program does not pay for asyncio.
    from rpcgen.runtime.aio.listening import AsyncDeskListener
    from rpcgen.runtime.blocking.listening import DeskListener
    from rpcgen.runtime.drivers.kombu.aio import AsyncClient, AsyncListener
    from rpcgen.runtime.drivers.kombu.blocking import BlockingClient, BlockingListener
    from rpcgen.runtime.peers import Found


def connect(url: TransportUrl) -> BlockingClient:
    """See `DriverModule.connect`."""
    from rpcgen.runtime.drivers.kombu.blocking import BlockingClient

    return BlockingClient(find_carrier(url))


def listen(
    url: TransportUrl, targets: Sequence[Target], server: str, room: Room = ROOM
) -> BlockingListener:
    """See `DriverModule.listen`."""
    from rpcgen.runtime.drivers.kombu.blocking import BlockingListener

    check_name("server", server)
    return BlockingListener(find_carrier(url), targets, server)


def connect_async(url: TransportUrl) -> AsyncClient:
    """See `DriverModule.connect_async`."""
    from rpcgen.runtime.drivers.kombu.aio import AsyncClient

    return AsyncClient(find_carrier(url))


def listen_async(
    url: TransportUrl, targets: Sequence[Target], server: str, room: Room = ROOM
) -> AsyncListener:
    """See `DriverModule.listen_async`."""
    from rpcgen.runtime.drivers.kombu.aio import AsyncListener

    check_name("server", server)
    return AsyncListener(find_carrier(url), targets, server)


def subscribe(url: TransportUrl, subscription: Subscription) -> DeskListener:
    """See `EventModule.subscribe`."""
    from rpcgen.runtime.blocking.listening import DeskListener
    from rpcgen.runtime.drivers.kombu.events import EventDesk

    carrier = find_carrier(url)
    return DeskListener(carrier.text, lambda take, _: EventDesk(carrier, subscription, take))


def subscribe_async(url: TransportUrl, subscription: Subscription) -> AsyncDeskListener:
    """See `EventModule.subscribe_async`."""
    from rpcgen.runtime.aio.listening import AsyncDeskListener
    from rpcgen.runtime.drivers.kombu.events import EventDesk

    carrier = find_carrier(url)
    return AsyncDeskListener(carrier.text, lambda take, _: EventDesk(carrier, subscription, take))


def discover(url: TransportUrl, timeout: float) -> list[Found]:
    """See `DriverModule.discover`."""
    from rpcgen.runtime.drivers.kombu.blocking import discover as find

    return find(find_carrier(url), timeout)
