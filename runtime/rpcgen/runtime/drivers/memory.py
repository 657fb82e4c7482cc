"""`memory://name`: a transport inside one process, for tests.

Frames are really encoded and decoded, and clients and servers of both worlds meet in one hub per name, so a test sees
what a network would carry. A hub lives as long as somebody is connected to it.
"""

from __future__ import annotations

import asyncio
import random
import threading
from collections import deque
from collections.abc import Callable, Sequence
from queue import Empty, SimpleQueue
from typing import Any, Generic, Literal, Protocol, TypeVar

from msgspec import Struct
from rpcgen.runtime.errors import Draining, NotSent, RpcgenError, TooLarge
from rpcgen.runtime.peers import Arrival, Caller, Found, Peer
from rpcgen.runtime.target import Target
from rpcgen.runtime.url import TransportUrl

#: Frames that wait for one reader; more are refused.
HIGH_WATER = 10_000
_BATCH = 64

Item = TypeVar("Item")
ItemIn = TypeVar("ItemIn", contravariant=True)


class Options(Struct, frozen=True):
    """What a URL may say.

    Attributes:
        max_message: bytes of the largest frame that may be sent.
        wire: what messages look like; on `oslo` a test sees what becomes of a value on its way to oslo.messaging.
    """

    max_message: int = 16 * 1024 * 1024
    wire: Literal["native", "oslo"] = "native"


class Inbox(Protocol[ItemIn]):
    """Where arrivals wait for one reader."""

    def put(self, item: ItemIn) -> bool:
        """Add an arrival, from any thread; False if the inbox is full."""
        ...


class ThreadInbox(Generic[Item]):
    """An inbox that a thread polls."""

    def __init__(self) -> None:
        self._queue: SimpleQueue[Item | None] = SimpleQueue()

    def put(self, item: Item) -> bool:
        """Add an arrival."""
        if self._queue.qsize() >= HIGH_WATER:
            return False
        self._queue.put(item)
        return True

    def poll(self, timeout: float | None) -> list[Item]:
        """Wait for arrivals."""
        arrived: list[Item] = []
        try:
            item = self._queue.get(timeout=timeout)
            while True:
                if item is not None:
                    arrived.append(item)
                if item is None or len(arrived) == _BATCH:
                    return arrived
                item = self._queue.get_nowait()
        except Empty:
            return arrived

    def wake(self) -> None:
        """Make a poll return."""
        self._queue.put(None)


class LoopInbox(Generic[Item]):
    """An inbox that an event loop empties; one wake-up a batch."""

    def __init__(self, deliver: Callable[[Item], None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._thread = threading.get_ident()
        self._deliver = deliver
        self._items: deque[Item] = deque()
        self._lock = threading.Lock()
        self._scheduled = False

    def put(self, item: Item) -> bool:
        """Add an arrival."""
        with self._lock:
            if len(self._items) >= HIGH_WATER:
                return False
            self._items.append(item)
            if self._scheduled:
                return True
            self._scheduled = True
        schedule: Any = (
            self._loop.call_soon
            if threading.get_ident() == self._thread
            else self._loop.call_soon_threadsafe
        )
        try:
            schedule(self._drain)
        except RuntimeError:  # the loop is closed: nobody will read
            with self._lock:
                self._scheduled = False
                self._items.clear()
            return False
        return True

    def _drain(self) -> None:
        with self._lock:
            self._scheduled = False
            items, self._items = self._items, deque()
        for item in items:
            self._deliver(item)


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
_hubs: dict[str, Hub] = {}
_lock = threading.Lock()


def _name(url: TransportUrl) -> str:
    return f"{','.join(map(str, url.hosts))}{url.path}"


class Link:
    """The client's side; `Caller` of what it sends."""

    def __init__(self, url: TransportUrl, inbox: Inbox[Arrival]) -> None:
        self._name = _name(url)
        self._limit = url.options(Options).max_message
        self._inbox = inbox
        with _lock:
            self._hub = _hubs.setdefault(self._name, Hub())
            self._hub.links.add(self)

    def peer(self, target: Target) -> Peer | None:
        """Choose the less busy of two."""
        with _lock:
            stations = self._hub.serving(target)
        if not stations:
            return None
        if len(stations) == 1:
            return stations[0]
        return min(random.sample(stations, 2), key=lambda station: station.outstanding)

    def find(self, target: Target) -> Peer:
        """Choose one; raises NotSent if there is none."""
        peer = self.peer(target)
        if peer is None:
            raise NotSent(f"nobody serves {target} at memory://{self._name}")
        return peer

    def find_all(self, target: Target) -> tuple[Sequence[Peer], Sequence[str]]:
        """All servers of a topic; raises NotSent if there is none."""
        with _lock:
            stations = self._hub.serving(target)
        if not stations:
            raise NotSent(f"nobody serves {target} at memory://{self._name}")
        return stations, ()

    def send(self, peer: Peer, frame: bytes) -> None:
        """Put a frame into a server's inbox."""
        if len(frame) > self._limit:
            raise TooLarge(f"the message has {len(frame)} bytes, the limit is {self._limit}")
        if not isinstance(peer, Station) or peer not in self._hub.stations:
            raise NotSent(f"{peer.name} is gone")
        if not peer.inbox.put((self, frame)):
            raise NotSent(f"{peer.name} does not read")

    def deliver(self, station: Station, arrival: bytes | RpcgenError) -> bool:
        """Put an answer into this client's inbox."""
        return self in self._hub.links and self._inbox.put((station, arrival))

    def leave(self) -> None:
        """Disconnect."""
        with _lock:
            self._hub.links.discard(self)
            _drop_if_empty(self._name, self._hub)


class Post:
    """The server's side."""

    def __init__(
        self,
        url: TransportUrl,
        targets: Sequence[Target],
        server: str,
        inbox: Inbox[tuple[Caller, bytes]],
    ) -> None:
        self._name = _name(url)
        self._limit = url.options(Options).max_message
        self.station = Station(server, targets, inbox)
        with _lock:
            self._hub = _hubs.setdefault(self._name, Hub())
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
        with _lock:
            if self.station not in self._hub.stations:
                return
            self._hub.stations.remove(self.station)
            links = list(self._hub.links)
            _drop_if_empty(self._name, self._hub)
        for link in links:
            # Whatever is left in the inbox was never run.
            link.deliver(self.station, Draining(f"{self.station.name} has stopped"))


def _drop_if_empty(name: str, hub: Hub) -> None:
    if not hub.stations and not hub.links and _hubs.get(name) is hub:
        del _hubs[name]


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

    def __init__(self, url: TransportUrl, targets: Sequence[Target], server: str) -> None:
        self._requests: ThreadInbox[tuple[Caller, bytes]] = ThreadInbox()
        super().__init__(url, targets, server, self._requests)
        self.poll = self._requests.poll
        self.wake = self._requests.wake
        self.withdraw = self.hide
        self.close = self.leave


class AsyncMemoryClient(Link):
    """`AsyncClientDriver` of this transport."""

    arrived: Callable[[Peer, bytes | RpcgenError], None]

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
        return (f"memory://{_name(self._url)}",)

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


def listen(url: TransportUrl, targets: Sequence[Target], server: str) -> MemoryListener:
    """As `DriverModule.listen`."""
    return MemoryListener(url, targets, server)


def connect_async(url: TransportUrl) -> AsyncMemoryClient:
    """As `DriverModule.connect_async`."""
    return AsyncMemoryClient(url)


def listen_async(url: TransportUrl, targets: Sequence[Target], server: str) -> AsyncMemoryListener:
    """As `DriverModule.listen_async`."""
    return AsyncMemoryListener(url, targets, server)


def discover(url: TransportUrl, timeout: float) -> list[Found]:
    """As `DriverModule.discover`."""
    with _lock:
        hub = _hubs.get(_name(url))
        stations = list(hub.stations) if hub is not None else []
    return sorted(
        Found(exchange, topic, station.server, f"memory://{_name(url)}")
        for station in stations
        for exchange, topic in station.targets
    )
