"""What a transport driver is, in both worlds.

A driver moves opaque frames (bytes, one message each) and knows nothing of what is in them; nobody above it sees a
socket. Found by URL scheme: `drivers/<name>.py` or `drivers/<name>/__init__.py`, or the entry point group
`rpcgen.drivers`. A driver module has five functions, of the shape of `DriverModule`.

Addresses of the two directions: a client sends to a `Peer` (`peers.py`: a server that its driver found), a server answers a
`Caller` (`deliveries.py`: an opaque handle that came with the request).

Sending never blocks: what the transport cannot take at once raises NotSent. Finding a peer may take time, so it comes
in two forms: `peer()`, which answers from memory, and `route()`, which looks and connects. A cast, which nobody answers,
goes by `post()`, which may wait until the transport knows that it reached somebody.

Types alone, which no client needs while it runs: what drivers share is in `drivers/__init__.py`, `room.py` and `subscription.py`.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Protocol

from rpcgen.runtime.courier import Keeping
from rpcgen.runtime.deliveries import Caller
from rpcgen.runtime.outgoing import Outgoing
from rpcgen.runtime.peers import Arrival, Found, News, Peer
from rpcgen.runtime.room import ROOM, Room
from rpcgen.runtime.subscription import Subscription
from rpcgen.runtime.target import Target
from rpcgen.runtime.url import TransportUrl


class ClientDriver(Protocol):
    """The client's side, for threads. `poll` is called by one thread at a time, all else by any."""

    @property
    def counters(self) -> Mapping[str, int]:
        """What became of messages, by the driver's own names; `dropped` and `unconfirmed`: see `ClientCounters`."""
        ...

    def peer(self, target: Target) -> Peer | None:
        """Choose a connected, living peer from memory; None if `route` has to look."""
        ...

    def route(self, target: Target, timeout: float) -> Peer:
        """Find and connect a peer within `timeout` seconds.

        Raises:
            NotSent: nobody serves the target (raised at once, not after the timeout), or nobody answered in time.
            AuthError: the peer refused us.
        """
        ...

    def fanout(self, target: Target, timeout: float) -> tuple[Sequence[Peer], Sequence[str]]:
        """Connect every server of the target; the peers, and the names of those that could not be reached.

        Raises NotSent if there is none at all.
        """
        ...

    def send(self, peer: Peer, frame: bytes, message: Outgoing | None = None) -> None:
        """Hand the frame to the transport. What it learns of it later arrives as `Undelivered`.

        Args:
            peer: to whom.
            frame: what travels.
            message: whose frame it is, for transports that can make use of it.

        Raises:
            NotSent: the peer is gone, or its high-water mark is reached.
            TooLarge: the frame is larger than the URL's `max_message`.
        """
        ...

    def post(self, peer: Peer, frame: bytes, message: Outgoing, timeout: float) -> None:
        """Hand over a cast, and wait at most `timeout` seconds for what the transport can know of its arrival.

        Raises:
            NotSent: as for `send`; or nobody got it.
            Unknown: it left, and it is not known whether somebody got it.
        """
        ...

    def cancel(self, peer: Peer, frame: bytes) -> None:
        """Hand over the frame that tells whoever has a call that nobody waits for it. May raise NotSent."""
        ...

    def poll(self, timeout: float | None, *, staying: bool = False) -> list[Arrival]:
        """Wait at most `timeout` seconds (None: until `wake`) for arrivals; an empty list means there was none.

        `staying` promises that `poll` will be called again soon, until one call is without it: a driver for which it
        is cheaper may leave to the polling thread what others send meanwhile.
        """
        ...

    def wake(self) -> None:
        """Make a running or the next `poll` return at once."""
        ...

    def close(self) -> None:
        """Close all connections, after at most 1 second for what was handed over to leave; nothing more arrives. Idempotent."""
        ...


class Listener(Protocol):
    """The server's side, for threads. `poll` is called by one thread at a time, all else by any.

    `unsent` is set by the shell before the first use; it is called, by any thread, for every frame that `send` took, and
    that could not be handed over after all.
    """

    unsent: Callable[[], None]

    @property
    def addresses(self) -> Sequence[str]:
        """Where it can be reached, for logs."""
        ...

    def poll(self, timeout: float | None, *, staying: bool = False) -> list[tuple[Caller, bytes]]:
        """Wait at most `timeout` seconds (None: until `wake`) for requests; `staying` as in `ClientDriver.poll`."""
        ...

    def send(self, caller: Caller, frame: bytes) -> bool:
        """Answer; False if the caller is gone or does not read (its frame is dropped).

        Raises:
            TooLarge: the frame is larger than the URL's `max_message`.
        """
        ...

    def wake(self) -> None:
        """Make a running or the next `poll` return at once."""
        ...

    def withdraw(self) -> None:
        """Stop being found, and tell connected clients to choose another server; answers still go out. Idempotent."""
        ...

    def close(self) -> None:
        """Close, after at most 1 second for what was handed to `send` to leave. Idempotent."""
        ...


class AsyncClientDriver(Protocol):
    """The client's side, for asyncio. Everything is called in the loop's thread.

    `arrived` is set by the shell before the first use and is called for every arrival.
    """

    arrived: Callable[[Peer, News], None]

    @property
    def counters(self) -> Mapping[str, int]:
        """As `ClientDriver.counters`."""
        ...

    def peer(self, target: Target) -> Peer | None:
        """As `ClientDriver.peer`."""
        ...

    async def route(self, target: Target, timeout: float) -> Peer:
        """As `ClientDriver.route`."""
        ...

    async def fanout(self, target: Target, timeout: float) -> tuple[Sequence[Peer], Sequence[str]]:
        """As `ClientDriver.fanout`."""
        ...

    def send(self, peer: Peer, frame: bytes, message: Outgoing | None = None) -> None:
        """As `ClientDriver.send`; a frame may leave at the end of this pass of the loop."""
        ...

    def post(
        self, peer: Peer, frame: bytes, message: Outgoing, timeout: float
    ) -> Awaitable[None] | None:
        """As `ClientDriver.post`: what has to be awaited, or None if nobody needs to wait."""
        ...

    def cancel(self, peer: Peer, frame: bytes) -> None:
        """As `ClientDriver.cancel`."""
        ...

    async def close(self) -> None:
        """As `ClientDriver.close`."""
        ...


class AsyncListener(Protocol):
    """The server's side, for asyncio. Everything is called in the loop's thread.

    `arrived` is set by the shell before `start` and is called for every request. So is `unsent`, which is called for every
    frame that `send` took, and that could not be handed over after all.
    """

    arrived: Callable[[Caller, bytes], None]
    unsent: Callable[[], None]

    @property
    def addresses(self) -> Sequence[str]:
        """As `Listener.addresses`."""
        ...

    async def start(self) -> None:
        """Begin to be found and to deliver."""
        ...

    def send(self, caller: Caller, frame: bytes) -> bool:
        """As `Listener.send`."""
        ...

    async def withdraw(self) -> None:
        """As `Listener.withdraw`."""
        ...

    async def close(self) -> None:
        """As `Listener.close`."""
        ...


class DriverModule(Protocol):
    """The functions of a driver module. Opening does not wait for a server or a broker to be there."""

    def connect(self, url: TransportUrl) -> ClientDriver:
        """Open the client's side. Raises ConfigurationError."""
        ...

    def listen(
        self, url: TransportUrl, targets: Sequence[Target], server: str, room: Room = ROOM
    ) -> Listener:
        """Listen for requests to any of `targets` (exchange and topic), as `server`. Raises ConfigurationError."""
        ...

    def connect_async(self, url: TransportUrl) -> AsyncClientDriver:
        """As `connect`; called in the running loop."""
        ...

    def listen_async(
        self, url: TransportUrl, targets: Sequence[Target], server: str, room: Room = ROOM
    ) -> AsyncListener:
        """As `listen`; called in the running loop. Nothing is bound before `start`."""
        ...

    def discover(self, url: TransportUrl, timeout: float) -> list[Found]:
        """The servers that can be found now, sorted; waits at most `timeout` seconds. Raises ConfigurationError.

        Those that should be there and do not answer may be among them, with the reason.
        """
        ...


class EventModule(DriverModule, Protocol):
    """A driver module with events: those who listen get what a client posts to a target with an `event`.

    Posting such a message raises Undeliverable if nobody subscribes and it is `required`. Callers of what is heard are
    each a `Delivery`.
    """

    def subscribe(self, url: TransportUrl, subscription: Subscription) -> Listener:
        """Listen for events. Raises ConfigurationError, also for what the transport cannot do."""
        ...

    def subscribe_async(self, url: TransportUrl, subscription: Subscription) -> AsyncListener:
        """As `subscribe`; called in the running loop. Nothing is bound before `start`."""
        ...


class KeepingModule(DriverModule, Protocol):
    """A driver module whose transport keeps messages, and confirms each: an outbox can stand before it."""

    def keeping(self, url: TransportUrl) -> Keeping:
        """What an outbox needs. Raises ConfigurationError."""
        ...
