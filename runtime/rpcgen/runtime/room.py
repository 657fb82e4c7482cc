"""How much a server takes. Knows no driver."""

from __future__ import annotations

from msgspec import Struct
from rpcgen.runtime.target import Target


class Room(Struct, frozen=True):
    """How much a server takes, for drivers that ask for work.

    Attributes:
        concurrency: handlers that run at once; queue: requests that wait.
        kept: the targets at which messages may come that are to be delivered at least once.
        ordered: those at which messages may come to any server that have to be handled in order.
    """

    concurrency: int = 64
    queue: int = 1024
    kept: tuple[Target, ...] = ()
    ordered: tuple[Target, ...] = ()


#: A server that says nothing.
ROOM = Room()
