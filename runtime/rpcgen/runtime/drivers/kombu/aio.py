"""The two sides for asyncio. The connections have threads of their own; what they bring enters the loop in batches."""

from __future__ import annotations

from collections.abc import Sequence

from rpcgen.runtime.aio.listening import AsyncDeskListener
from rpcgen.runtime.aio.sending import AsyncCourierClient
from rpcgen.runtime.drivers.kombu.carriers.carrier import Carrier
from rpcgen.runtime.drivers.kombu.courier import Courier
from rpcgen.runtime.drivers.kombu.desk import Desk
from rpcgen.runtime.target import Target


class AsyncClient(AsyncCourierClient):
    """An `AsyncClientDriver`."""

    def __init__(self, carrier: Carrier) -> None:
        super().__init__(lambda take, changed: Courier(carrier, take, changed))


class AsyncListener(AsyncDeskListener):
    """An `AsyncListener`."""

    def __init__(self, carrier: Carrier, targets: Sequence[Target], server: str) -> None:
        super().__init__(
            carrier.text, lambda take, unsent: Desk(carrier, targets, server, take, unsent)
        )
