"""A `Listener` whose requests come from a desk with threads of its own. Knows no transport."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from math import inf

from rpcgen.runtime.deliveries import Caller
from rpcgen.runtime.desk import OpenDesk
from rpcgen.runtime.inbox import ThreadInbox


class DeskListener:
    """A `Listener`; drivers say how its desk is opened.

    Args:
        address: where it can be reached, for logs.
        open_desk: makes what stands behind it, which is started at once.
    """

    unsent: Callable[[], None]

    def __init__(self, address: str, open_desk: OpenDesk) -> None:
        self._inbox: ThreadInbox[tuple[Caller, bytes]] = ThreadInbox(inf)
        self._desk = open_desk(self._inbox.put, self._tell_unsent)
        self.counters = self._desk.counters
        self.addresses: Sequence[str] = (address,)
        self.poll = self._inbox.poll
        self.wake = self._inbox.wake
        self.send = self._desk.send
        self.withdraw = self._desk.withdraw
        self.close = self._desk.close
        self._desk.start()
        self._desk.wait()

    def _tell_unsent(self) -> None:
        self.unsent()
