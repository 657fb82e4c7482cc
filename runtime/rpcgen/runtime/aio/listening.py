"""An `AsyncListener` whose requests come from a desk with threads of its own. Knows no transport."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from math import inf

from rpcgen.runtime.aio.loops import in_thread
from rpcgen.runtime.deliveries import Caller
from rpcgen.runtime.desk import OpenDesk
from rpcgen.runtime.errors import ConfigurationError
from rpcgen.runtime.inbox import LoopInbox


class AsyncDeskListener:
    """An `AsyncListener`; drivers say how its desk is opened.

    Args:
        address: where it can be reached, for logs.
        open_desk: makes what stands behind it; called in the loop, and not started before `start`.
    """

    arrived: Callable[[Caller, bytes], None]
    unsent: Callable[[], None]

    def __init__(self, address: str, open_desk: OpenDesk) -> None:
        self._inbox: LoopInbox[tuple[Caller, bytes]] = LoopInbox(
            lambda request: self.arrived(*request), inf
        )
        self._desk = open_desk(self._take, self._tell_unsent)
        self.counters = self._desk.counters
        self.addresses: Sequence[str] = (address,)
        self.send = self._desk.send
        self._started = self._forsaken = False

    def _take(self, request: tuple[Caller, bytes]) -> bool:
        taken = self._inbox.put(request)
        if not taken and not self._forsaken:
            # Its loop was closed without stopping it: what is left goes to others, and nothing more comes to nobody.
            self._forsaken = True
            threading.Thread(target=self._desk.close, name="rpcgen-wait", daemon=True).start()
        return taken

    def _tell_unsent(self) -> None:
        self.unsent()

    async def start(self) -> None:
        """See `AsyncListener.start`. Raises ConfigurationError."""
        if self._started:
            raise ConfigurationError("this listener was started before")
        self._started = True
        self._desk.start()
        await in_thread(self._desk.wait)

    async def withdraw(self) -> None:
        """See `AsyncListener.withdraw`."""
        await in_thread(self._desk.withdraw)

    async def close(self) -> None:
        """See `AsyncListener.close`."""
        await in_thread(self._desk.close)
