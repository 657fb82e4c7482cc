"""The two sides for threads."""

from __future__ import annotations

from collections.abc import Sequence

from rpcgen.runtime.blocking.listening import DeskListener
from rpcgen.runtime.blocking.sending import CourierClient
from rpcgen.runtime.drivers.amqp.broker import Broker
from rpcgen.runtime.drivers.amqp.courier import Courier
from rpcgen.runtime.drivers.amqp.desk import Desk
from rpcgen.runtime.room import Room
from rpcgen.runtime.target import Target


class BlockingClient(CourierClient):
    """A `ClientDriver`."""

    def __init__(self, broker: Broker) -> None:
        super().__init__(lambda take, changed: Courier(broker, take, changed))


class BlockingListener(DeskListener):
    """A `Listener`."""

    def __init__(self, broker: Broker, targets: Sequence[Target], server: str, room: Room) -> None:
        super().__init__(
            broker.text, lambda take, unsent: Desk(broker, targets, server, room, take, unsent)
        )
