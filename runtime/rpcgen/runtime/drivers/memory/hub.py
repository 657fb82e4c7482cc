"""The hubs of a process: who is connected to each name. Knows neither world."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from msgspec import Struct
from rpcgen.runtime.deliveries import Caller
from rpcgen.runtime.drivers.memory.events import Groups
from rpcgen.runtime.inbox import Inbox
from rpcgen.runtime.peers import Peer
from rpcgen.runtime.target import Target
from rpcgen.runtime.url import TransportUrl

if TYPE_CHECKING:
    from rpcgen.runtime.drivers.memory import Link


class Options(Struct, frozen=True):
    """What a URL may say.

    Attributes:
        max_message: bytes of the largest frame that may be sent.
        wire: what messages look like; on `oslo` a test sees what becomes of a value on its way to oslo.messaging.
    """

    max_message: int = 16 * 1024 * 1024
    wire: Literal["native", "oslo"] = "native"


class Station(Peer):
    """A server in a hub."""

    __slots__ = ("inbox", "server", "targets", "withdrawn")

    def __init__(
        self, server: str, targets: Sequence[Target], inbox: Inbox[tuple[Caller, bytes]]
    ) -> None:
        super().__init__(server)
        self.server = server
        self.targets = frozenset((target.exchange, target.topic) for target in targets)
        self.inbox = inbox
        self.withdrawn = False


class Hub:
    """All servers and clients of one name."""

    def __init__(self) -> None:
        self.stations: list[Station] = []
        self.links: set[Link] = set()
        self.groups = Groups()
        self.hearers = 0

    def serving(self, target: Target) -> list[Station]:
        """The servers that a message to `target` may go to."""
        key = (target.exchange, target.topic)
        return [
            station
            for station in self.stations
            if key in station.targets
            and not station.withdrawn
            and (target.server is None or station.server == target.server)
        ]


# The one thing a process shares by design: the name is the address.
HUBS: dict[str, Hub] = {}
LOCK = threading.Lock()


def name_of(url: TransportUrl) -> str:
    """The name that a URL says."""
    return f"{','.join(map(str, url.hosts))}{url.path}"


def drop_if_empty(name: str, hub: Hub) -> None:
    """Forget a hub that nobody uses, nor will come back to."""
    used = hub.stations or hub.links or hub.hearers or hub.groups.lasting
    if not used and HUBS.get(name) is hub:
        del HUBS[name]
