"""`memory://name`: a transport inside one process, for tests.

Frames are really encoded and decoded, and clients and servers of both worlds meet in one hub per name, so a test sees
what a network would carry. Events are in `events.py`. A hub lives as long as somebody is connected to it,
or as long as the process, once there was a group of subscribers.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

from rpcgen.runtime.deliveries import Caller
from rpcgen.runtime.drivers.memory.events import Board
from rpcgen.runtime.drivers.memory.hub import (
    HUBS,
    LOCK,
    Hub,
    Options,
    Station,
    drop_if_empty,
    name_of,
)
from rpcgen.runtime.drivers.memory.subscribers import AsyncMemorySubscriber, MemorySubscriber
from rpcgen.runtime.errors import Draining, NotSent, RpcgenError, TooLarge
from rpcgen.runtime.inbox import Inbox, LoopInbox, ThreadInbox
from rpcgen.runtime.outgoing import Outgoing
from rpcgen.runtime.peers import Arrival, Found, News, Peer, less_busy
from rpcgen.runtime.room import ROOM, Room
from rpcgen.runtime.subscription import Subscription
from rpcgen.runtime.target import Target
from rpcgen.runtime.url import TransportUrl


class Link:
    """The client's side; `Caller` of what it sends."""

    def __init__(self, url: TransportUrl, inbox: Inbox[Arrival]) -> None:
        self._name = name_of(url)
        self._limit = url.options(Options).max_message
        self._inbox = inbox
        self.counters: dict[str, int] = {}
        with LOCK:
            self._hub = HUBS.setdefault(self._name, Hub())
            self._hub.links.add(self)

    def peer(self, target: Target) -> Peer | None:
        """Choose the less busy of two that are not to be spared, if there are such."""
        if target.event is not None:
            return Board(target, self._hub.groups.all)
        with LOCK:
            stations = self._hub.serving(target)
        return less_busy(stations, time.monotonic())

    def find(self, target: Target) -> Peer:
        """Choose one; raises NotSent if there is none."""
        peer = self.peer(target)
        if peer is None:
            raise NotSent(f"nobody serves {target} at memory://{self._name}")
        return peer

    def find_all(self, target: Target) -> tuple[Sequence[Peer], Sequence[str]]:
        """All servers of a topic; raises NotSent if there is none."""
        with LOCK:
            stations = self._hub.serving(target)
        if not stations:
            raise NotSent(f"nobody serves {target} at memory://{self._name}")
        return stations, ()

    def send(self, peer: Peer, frame: bytes, message: Outgoing | None = None) -> None:
        """Put a frame into a server's inbox, or those of subscribers."""
        if len(frame) > self._limit:
            raise TooLarge(f"the message has {len(frame)} bytes, the limit is {self._limit}")
        if isinstance(peer, Board) and message is not None:
            peer.publish(frame, message)
            return
        if not isinstance(peer, Station) or peer not in self._hub.stations:
            raise NotSent(f"{peer.name} is gone")
        if not peer.inbox.put((self, frame)):
            raise NotSent(f"{peer.name} does not read")

    def post(self, peer: Peer, frame: bytes, message: Outgoing, timeout: float) -> None:
        """As `send`: what a server of this process has is as safe as the process."""
        self.send(peer, frame, message)

    def cancel(self, peer: Peer, frame: bytes) -> None:
        """As `send`."""
        self.send(peer, frame)

    def deliver(self, station: Station, arrival: bytes | RpcgenError) -> bool:
        """Put an answer into this client's inbox."""
        return self in self._hub.links and self._inbox.put((station, arrival))

    def leave(self) -> None:
        """Disconnect."""
        with LOCK:
            self._hub.links.discard(self)
            drop_if_empty(self._name, self._hub)


class Post:
    """The server's side."""

    def __init__(
        self,
        url: TransportUrl,
        targets: Sequence[Target],
        server: str,
        inbox: Inbox[tuple[Caller, bytes]],
    ) -> None:
        self._name = name_of(url)
        self._limit = url.options(Options).max_message
        self.station = Station(server, targets, inbox)
        with LOCK:
            self._hub = HUBS.setdefault(self._name, Hub())
            self._hub.stations.append(self.station)

    @property
    def addresses(self) -> Sequence[str]:
        """The URL."""
        return (f"memory://{self._name}",)

    def send(self, caller: Caller, frame: bytes) -> bool:
        """Answer a client."""
        if len(frame) > self._limit:
            raise TooLarge(f"the answer has {len(frame)} bytes, the limit is {self._limit}")
        return isinstance(caller, Link) and caller.deliver(self.station, frame)

    def hide(self) -> None:
        """Stop being found."""
        self.station.withdrawn = True

    def leave(self) -> None:
        """Disconnect; clients lose this peer."""
        with LOCK:
            if self.station not in self._hub.stations:
                return
            self._hub.stations.remove(self.station)
            links = list(self._hub.links)
            drop_if_empty(self._name, self._hub)
        for link in links:
            # Whatever is left in the inbox was never run.
            link.deliver(self.station, Draining(f"{self.station.name} has stopped"))


# --- the two worlds ---------------------------------------------------------------------------------------------------


class MemoryClient(Link):
    """`ClientDriver` of this transport."""

    def __init__(self, url: TransportUrl) -> None:
        self._arrivals: ThreadInbox[Arrival] = ThreadInbox()
        super().__init__(url, self._arrivals)
        self.poll = self._arrivals.poll
        self.wake = self._arrivals.wake
        self.close = self.leave

    def route(self, target: Target, timeout: float) -> Peer:
        """As `find`; nothing is ever waited for."""
        return self.find(target)

    def fanout(self, target: Target, timeout: float) -> tuple[Sequence[Peer], Sequence[str]]:
        """As `find_all`."""
        return self.find_all(target)


class MemoryListener(Post):
    """`Listener` of this transport."""

    unsent: Callable[[], None]

    def __init__(self, url: TransportUrl, targets: Sequence[Target], server: str) -> None:
        self._requests: ThreadInbox[tuple[Caller, bytes]] = ThreadInbox()
        super().__init__(url, targets, server, self._requests)
        self.poll = self._requests.poll
        self.wake = self._requests.wake
        self.withdraw = self.hide
        self.close = self.leave


class AsyncMemoryClient(Link):
    """`AsyncClientDriver` of this transport."""

    arrived: Callable[[Peer, News], None]

    def __init__(self, url: TransportUrl) -> None:
        super().__init__(url, LoopInbox[Arrival](lambda arrival: self.arrived(*arrival)))

    async def route(self, target: Target, timeout: float) -> Peer:
        """As `find`; nothing is ever waited for."""
        return self.find(target)

    async def fanout(self, target: Target, timeout: float) -> tuple[Sequence[Peer], Sequence[str]]:
        """As `find_all`."""
        return self.find_all(target)

    async def close(self) -> None:
        """Disconnect."""
        self.leave()


class AsyncMemoryListener:
    """`AsyncListener` of this transport."""

    arrived: Callable[[Caller, bytes], None]
    unsent: Callable[[], None]

    def __init__(self, url: TransportUrl, targets: Sequence[Target], server: str) -> None:
        url.options(Options)
        self._url, self._targets, self._server = url, targets, server
        self._post: Post | None = None

    @property
    def addresses(self) -> Sequence[str]:
        """The URL."""
        return (f"memory://{name_of(self._url)}",)

    async def start(self) -> None:
        """Enter the hub."""
        inbox = LoopInbox[tuple[Caller, bytes]](lambda item: self.arrived(*item))
        self._post = Post(self._url, self._targets, self._server, inbox)

    def send(self, caller: Caller, frame: bytes) -> bool:
        """Answer a client."""
        return self._post is not None and self._post.send(caller, frame)

    async def withdraw(self) -> None:
        """Stop being found."""
        if self._post is not None:
            self._post.hide()

    async def close(self) -> None:
        """Disconnect."""
        if self._post is not None:
            self._post.leave()


def connect(url: TransportUrl) -> MemoryClient:
    """As `DriverModule.connect`."""
    return MemoryClient(url)


def listen(
    url: TransportUrl, targets: Sequence[Target], server: str, room: Room = ROOM
) -> MemoryListener:
    """As `DriverModule.listen`."""
    return MemoryListener(url, targets, server)


def connect_async(url: TransportUrl) -> AsyncMemoryClient:
    """As `DriverModule.connect_async`."""
    return AsyncMemoryClient(url)


def listen_async(
    url: TransportUrl, targets: Sequence[Target], server: str, room: Room = ROOM
) -> AsyncMemoryListener:
    """As `DriverModule.listen_async`."""
    return AsyncMemoryListener(url, targets, server)


def subscribe(url: TransportUrl, subscription: Subscription) -> MemorySubscriber:
    """As `EventModule.subscribe`."""
    return MemorySubscriber(url, subscription)


def subscribe_async(url: TransportUrl, subscription: Subscription) -> AsyncMemorySubscriber:
    """As `EventModule.subscribe_async`."""
    return AsyncMemorySubscriber(url, subscription)


def discover(url: TransportUrl, timeout: float) -> list[Found]:
    """As `DriverModule.discover`."""
    with LOCK:
        hub = HUBS.get(name_of(url))
        stations = list(hub.stations) if hub is not None else []
    return sorted(
        Found(exchange, topic, station.server, f"memory://{name_of(url)}")
        for station in stations
        for exchange, topic in station.targets
    )
