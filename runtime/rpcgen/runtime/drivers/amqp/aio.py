"""The two sides for asyncio. The loop drives the connections where nothing has to be waited for (`stint.py`); what their
threads bring when it does not enters it in batches."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence

from rpcgen.runtime.aio.listening import AsyncDeskListener
from rpcgen.runtime.aio.sending import AsyncCourierClient
from rpcgen.runtime.deliveries import Caller
from rpcgen.runtime.drivers.amqp.broker import Broker
from rpcgen.runtime.drivers.amqp.courier import Courier
from rpcgen.runtime.drivers.amqp.desk import Desk
from rpcgen.runtime.peers import Arrival
from rpcgen.runtime.room import Room
from rpcgen.runtime.target import Target


class AsyncClient(AsyncCourierClient):
    """An `AsyncClientDriver`."""

    def __init__(self, broker: Broker) -> None:
        def open_courier(take: Callable[[Arrival], object], changed: Callable[[], None]) -> Courier:
            courier = Courier(broker, take, changed)
            courier.drive_by(asyncio.get_running_loop())
            return courier

        super().__init__(open_courier)


class AsyncListener(AsyncDeskListener):
    """An `AsyncListener`."""

    def __init__(self, broker: Broker, targets: Sequence[Target], server: str, room: Room) -> None:
        def open_desk(
            take: Callable[[tuple[Caller, bytes]], object], unsent: Callable[[], None]
        ) -> Desk:
            desk = Desk(broker, targets, server, room, take, unsent)
            desk.drive_by(asyncio.get_running_loop())
            return desk

        super().__init__(broker.text, open_desk)
