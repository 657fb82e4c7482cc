"""The two sides for threads."""

from __future__ import annotations

from collections.abc import Sequence

from rpcgen.runtime.blocking.listening import DeskListener
from rpcgen.runtime.blocking.sending import CourierClient
from rpcgen.runtime.drivers.kombu.carriers.carrier import Carrier
from rpcgen.runtime.drivers.kombu.courier import Courier
from rpcgen.runtime.drivers.kombu.desk import Desk
from rpcgen.runtime.peers import Found
from rpcgen.runtime.target import Target


class BlockingClient(CourierClient):
    """A `ClientDriver`."""

    _courier: Courier

    def __init__(self, carrier: Carrier) -> None:
        super().__init__(lambda take, changed: Courier(carrier, take, changed))

    def found(self, timeout: float) -> list[Found]:
        """All servers there are. Raises NotSent."""
        search = self._courier.search()
        return self._seek(search.found, search.pause, timeout)


class BlockingListener(DeskListener):
    """A `Listener`."""

    def __init__(self, carrier: Carrier, targets: Sequence[Target], server: str) -> None:
        super().__init__(
            carrier.text, lambda take, unsent: Desk(carrier, targets, server, take, unsent)
        )


def discover(carrier: Carrier, timeout: float) -> list[Found]:
    """As `DriverModule.discover`. Raises NotSent."""
    client = BlockingClient(carrier)
    try:
        return client.found(timeout)
    finally:
        client.close()
