"""What stands behind the listeners of drivers that have threads of their own; `listening.py` of either world faces it.

Knows neither world, and no transport.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Protocol

from rpcgen.runtime.deliveries import Caller


class Desk(Protocol):
    """A server's side of a transport. Requests are handed out, and callers are answered, on its own threads."""

    @property
    def counters(self) -> dict[str, int]:
        """What became of messages, by the driver's own names."""
        ...

    def start(self) -> None:
        """Begin to be found and to deliver."""
        ...

    def wait(self) -> None:
        """Wait until it can be found, or has to go on without. Raises ConfigurationError."""
        ...

    def send(self, caller: Caller, frame: bytes) -> bool:
        """See `Listener.send`."""
        ...

    def withdraw(self) -> None:
        """See `Listener.withdraw`."""
        ...

    def close(self) -> None:
        """See `Listener.close`."""
        ...


#: Makes a desk of what takes requests, and what is told of frames that could not be handed over after all.
OpenDesk = Callable[[Callable[[tuple[Caller, bytes]], object], Callable[[], None]], Desk]
