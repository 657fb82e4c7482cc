"""The AMQP driver: `amqp`, `amqps`, and the name `rabbit`.

`line.py`, `link.py` and `lane.py` are a socket, a connection and a channel, `inbound.py` and `outbound.py` messages as
frames, `owner.py` the thread that has a connection and `stint.py` a loop that borrows it, `publisher.py` what is sent by
it and `track.py` what of that is on its way; `courier.py` is a client's side and `desk.py` a server's. What is decided without
a connection is apart: `message.py`, `names.py`, `letters.py`, `bundles.py`, `events.py`, `ledger.py`, `marks.py`, `wreck.py`, `acks.py`, `hosts.py`.
This module knows only how they are put together.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from rpcgen.runtime.drivers.amqp.broker import read_broker
from rpcgen.runtime.room import ROOM, Room
from rpcgen.runtime.subscription import Subscription
from rpcgen.runtime.target import Target, check_name
from rpcgen.runtime.url import TransportUrl

__all__ = [
    "connect",
    "connect_async",
    "discover",
    "keeping",
    "listen",
    "listen_async",
    "subscribe",
    "subscribe_async",
]

if TYPE_CHECKING:
    # Each world is imported when it is opened: a blocking program does not pay for asyncio.
    from rpcgen.runtime.aio.listening import AsyncDeskListener
    from rpcgen.runtime.blocking.listening import DeskListener
    from rpcgen.runtime.courier import Keeping
    from rpcgen.runtime.deliveries import Caller
    from rpcgen.runtime.desk import Desk
    from rpcgen.runtime.drivers.amqp.aio import AsyncClient, AsyncListener
    from rpcgen.runtime.drivers.amqp.blocking import BlockingClient, BlockingListener
    from rpcgen.runtime.peers import Found


def connect(url: TransportUrl) -> BlockingClient:
    """See `DriverModule.connect`."""
    from rpcgen.runtime.drivers.amqp.blocking import BlockingClient

    return BlockingClient(read_broker(url))


def listen(
    url: TransportUrl, targets: Sequence[Target], server: str, room: Room = ROOM
) -> BlockingListener:
    """See `DriverModule.listen`."""
    from rpcgen.runtime.drivers.amqp.blocking import BlockingListener

    check_name("server", server)
    return BlockingListener(read_broker(url), targets, server, room)


def connect_async(url: TransportUrl) -> AsyncClient:
    """See `DriverModule.connect_async`."""
    from rpcgen.runtime.drivers.amqp.aio import AsyncClient

    return AsyncClient(read_broker(url))


def listen_async(
    url: TransportUrl, targets: Sequence[Target], server: str, room: Room = ROOM
) -> AsyncListener:
    """See `DriverModule.listen_async`."""
    from rpcgen.runtime.drivers.amqp.aio import AsyncListener

    check_name("server", server)
    return AsyncListener(read_broker(url), targets, server, room)


def keeping(url: TransportUrl) -> Keeping:
    """See `KeepingModule.keeping`."""
    from rpcgen.runtime.courier import Keeping
    from rpcgen.runtime.drivers.amqp.courier import Courier

    broker = read_broker(url)
    return Keeping(lambda take, changed: Courier(broker, take, changed), broker.options.max_message)


def subscribe(url: TransportUrl, subscription: Subscription) -> DeskListener:
    """See `EventModule.subscribe`."""
    from rpcgen.runtime.blocking.listening import DeskListener
    from rpcgen.runtime.drivers.amqp.events import event_desk

    broker = read_broker(url)
    return DeskListener(
        broker.text, lambda take, unsent: event_desk(broker, subscription, take, unsent)
    )


def subscribe_async(url: TransportUrl, subscription: Subscription) -> AsyncDeskListener:
    """See `EventModule.subscribe_async`."""
    from asyncio import get_running_loop

    from rpcgen.runtime.aio.listening import AsyncDeskListener
    from rpcgen.runtime.drivers.amqp.events import event_desk

    broker = read_broker(url)

    def open_desk(
        take: Callable[[tuple[Caller, bytes]], object], unsent: Callable[[], None]
    ) -> Desk:
        desk = event_desk(broker, subscription, take, unsent)
        desk.drive_by(get_running_loop())
        return desk

    return AsyncDeskListener(broker.text, open_desk)


def discover(url: TransportUrl, timeout: float) -> list[Found]:
    """See `DriverModule.discover`."""
    from rpcgen.runtime.drivers.amqp.discovery import discover as find

    return find(read_broker(url), timeout)
