"""What stands behind the clients of drivers that have threads of their own; `sending.py` of either world faces it.

Knows neither world, and no transport.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

from msgspec import Struct
from rpcgen.runtime.errors import DeadlineExceeded, NotSent, RpcgenError
from rpcgen.runtime.outgoing import Outgoing
from rpcgen.runtime.peers import Arrival, Peer
from rpcgen.runtime.target import Target

#: Gets what became of a message.
Settled = Callable[[RpcgenError | None], None]

#: Takes back what has not left; False if it has.
Withdraw = Callable[[], bool]

#: Begins to send a message; None if there is nothing to wait for: it then is not settled.
Begin = Callable[[Settled], Withdraw | None]


class Search(Protocol):
    """Looking for servers, by whoever asks the same question again and again, with the time. Waits for nothing itself."""

    def one(self, target: Target, now: float) -> Peer | None:
        """See `ClientDriver.route`; None: not yet."""
        ...

    def every(self, target: Target, now: float) -> tuple[Sequence[Peer], Sequence[str]] | None:
        """See `ClientDriver.fanout`; None: not yet."""
        ...

    def pause(self) -> float:
        """Seconds after which to ask again, if nothing changes."""
        ...


class Courier(Protocol):
    """A client's side of a transport. What arrives is told on its own threads."""

    @property
    def counters(self) -> dict[str, int]:
        """What became of messages, by the driver's own names."""
        ...

    def search(self) -> Search:
        """Begin to look for servers, and to connect, if that has not begun."""
        ...

    def peer(self, target: Target) -> Peer | None:
        """See `ClientDriver.peer`."""
        ...

    def unreachable(self) -> NotSent:
        """Why a search has found nothing yet."""
        ...

    def send(self, peer: Peer, frame: bytes, message: Outgoing | None = None) -> None:
        """See `ClientDriver.send`."""
        ...

    def post(
        self,
        peer: Peer,
        frame: bytes,
        message: Outgoing,
        settled: Settled,
    ) -> Withdraw | None:
        """Send what nobody answers.

        Args:
            peer, frame, message: as for `send`.
            settled: gets what became of it, on any thread.

        Returns:
            How to take it back; None if there is nothing to wait for: `settled` is then not called.
        """
        ...

    def cancel(self, peer: Peer, frame: bytes) -> None:
        """See `ClientDriver.cancel`."""
        ...

    def close(self) -> None:
        """See `ClientDriver.close`."""
        ...


#: Makes a courier of what takes all that arrives, and what is told whenever a search may find something.
OpenCourier = Callable[[Callable[[Arrival], object], Callable[[], None]], Courier]


class Keeping(Struct, frozen=True):
    """What an outbox needs of a transport: a courier that knows when what is kept has arrived.

    Attributes:
        open: makes the courier.
        most: bytes of the largest frame that it takes.
    """

    open: OpenCourier
    most: int


def withdrawn(name: str, withdraw: Withdraw) -> RpcgenError:
    """What becomes of a message to `name` of which nothing was heard in time."""
    if withdraw():
        return NotSent(f"{name}: it could not leave in time")
    return DeadlineExceeded(f"{name}: nobody has confirmed it in time")
