"""The client's side, in both worlds: what differs is where arrivals wait."""

from __future__ import annotations

import asyncio
import contextlib
import math
import os
import socket
import threading
import time
from collections.abc import Callable, Sequence

from rpcgen.runtime import ConnectionLost, Draining, NotSent, Target, TooLarge, exits, forks
from rpcgen.runtime.drivers import keeps_nothing
from rpcgen.runtime.dropped import Dropped
from rpcgen.runtime.inbox import Inbox, LoopInbox, ThreadInbox
from rpcgen.runtime.outgoing import Outgoing
from rpcgen.runtime.peers import Arrival, News, Peer, less_busy
from rpcgen.runtime.url import TransportUrl

from carrier.folder import SUFFIX, folder_of, listed, state
from carrier.line import BYE, END, FRAME, HELLO, Line
from carrier.options import Options

ANSWER = 2.0  # seconds that a server may take to say who it is
LEAVE = 1.0  # seconds that what was taken may take to leave
AGAIN = 1.0  # seconds before a server is connected again whose connection broke
TICK = 0.05  # seconds between two times of change that can be told apart


class Station(Peer):
    """A server, from its socket's name until its connection ends."""

    __slots__ = ("ended", "leaving", "line", "path", "serves")

    def __init__(self, path: str) -> None:
        super().__init__(path)
        self.path = path
        self.line: Line | None = None
        self.serves: frozenset[tuple[str, str]] | None = None  # None until it has said so
        self.leaving = False
        self.ended = False

    def may_have(self, target: Target) -> bool:
        """Whether a new message to the target may go there."""
        if (
            self.serves is None
            or self.leaving
            or (target.exchange, target.topic) not in self.serves
        ):
            return False
        return target.server in (None, self.name)


class Client:
    """The client's side, without waiting for what arrives."""

    def __init__(self, url: TransportUrl, inbox: Inbox[Arrival]) -> None:
        self._folder = folder_of(url)
        self._limit = url.options(Options).max_message
        self._inbox = inbox
        self._born = forks.generation()
        self._news = threading.Condition()
        self._looking = threading.Lock()
        self._stations: dict[str, Station] = {}
        self._seen: tuple[int, ...] = ()
        self._again_at = 0.0
        self._closed = False
        self.counters: dict[str, int] = {}
        self._dropped = Dropped(self.counters, "carrier")
        exits.remember(self)

    def peer(self, target: Target) -> Peer | None:
        """From memory; None, too, if the folder has changed."""
        forks.check(self._born)
        now = time.monotonic()
        if state(self._folder) != self._seen or now >= self._again_at:
            return None
        return less_busy(self._serving(target), now)

    def find(self, target: Target, timeout: float) -> Peer:
        """Connect to all who are new, and wait until one serves the target, or all have said that they do not."""
        end = time.monotonic() + timeout
        found = self._wait(lambda: self._serving(target), end)
        peer = less_busy(found, time.monotonic())
        if peer is None:
            raise NotSent(f"nobody serves {target} in {self._folder}")
        return peer

    def find_all(self, target: Target, timeout: float) -> tuple[Sequence[Peer], Sequence[str]]:
        """All servers, and the sockets of those that do not say who they are."""
        self._wait(list, time.monotonic() + timeout)
        peers = self._serving(target)
        silent = [each.path for each in self.stations() if each.serves is None]
        if not peers and not silent:
            raise NotSent(f"nobody serves {target} in {self._folder}")
        return peers, silent

    def look(self, timeout: float) -> list[Station]:
        """All servers that can be found within so many seconds."""
        self._wait(list, time.monotonic() + timeout)
        return self.stations()

    def stations(self) -> list[Station]:
        """All that are connected."""
        with self._news:
            return [each for each in self._stations.values() if not each.ended]

    def send(self, peer: Peer, frame: bytes, message: Outgoing | None = None) -> None:
        """Leave a frame to the line's thread."""
        self._send(peer, frame, None)

    def post(self, peer: Peer, frame: bytes, message: Outgoing, timeout: float) -> None:
        """As `send`; what does not leave after all is counted."""
        if message.kept:
            raise keeps_nothing()
        self._send(peer, frame, peer.name)

    def cancel(self, peer: Peer, frame: bytes) -> None:
        """As `send`."""
        self._send(peer, frame, None)

    def leave(self, longest: float) -> None:
        """End all connections, after at most so many seconds for what was taken."""
        if forks.is_child(self._born):
            return
        with self._news:
            self._closed = True
            stations = list(self._stations.values())
        end = time.monotonic() + longest
        lines = [each.line for each in stations if each.line is not None]
        for line in lines:
            line.finish()
        for line in lines:
            line.close(end)
        with self._news:
            self._dropped.say("the client was closed", last=True)

    def _send(self, peer: Peer, frame: bytes, label: object) -> None:
        forks.check(self._born)
        if len(frame) > self._limit:
            raise TooLarge(f"the message has {len(frame)} bytes, the limit is {self._limit}")
        if not isinstance(peer, Station) or peer.line is None or peer.ended:
            raise NotSent(f"{peer.name} is gone")
        if not peer.line.put(FRAME, frame, label):
            raise NotSent(f"{peer.name} is gone, or does not read")

    def _serving(self, target: Target) -> list[Station]:
        return [each for each in self.stations() if each.may_have(target)]

    def _wait(self, enough: Callable[[], list[Station]], end: float) -> list[Station]:
        """Connect to who is new; wait until it is enough, or each has said who it is. What `enough` said."""
        forks.check(self._born)
        self._connect()
        end = min(end, time.monotonic() + ANSWER)
        with self._news:
            self._news.wait_for(
                lambda: enough() or all(each.serves is not None for each in self.stations()),
                max(0.0, end - time.monotonic()),
            )
        return enough()

    def _connect(self) -> None:
        with self._looking:
            before = state(self._folder)
            # Two changes within one tick of the file system's clock look like one.
            recent = not before or time.time_ns() - before[-1] < TICK * 1e9
            self._seen, self._again_at = before, time.monotonic() + TICK if recent else math.inf
            paths = {
                os.path.join(self._folder, name)
                for name in listed(self._folder)
                if name.endswith(SUFFIX)
            }
            for path in sorted(paths - self._stations.keys()):
                self._open(path)

    def _open(self, path: str) -> None:
        connection = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
        connection.settimeout(0.1)
        try:
            connection.connect(path)
        except ConnectionRefusedError:
            connection.close()
            with contextlib.suppress(OSError):
                os.unlink(path)  # its server was killed
            return
        except OSError:
            connection.close()
            self._look_again()
            return
        connection.settimeout(None)
        station = Station(path)
        station.line = Line(
            connection,
            self._limit,
            lambda line, kind, data: self._arrived(station, kind, data),
            lambda line, labels: self._lost(station, labels),
        )
        with self._news:
            if self._closed:
                connection.close()
                return
            self._stations[path] = station
            station.line.start()  # before whoever closes us waits for its threads

    def _look_again(self) -> None:
        """Before long: the server may still be there, and the folder does not change."""
        self._again_at = min(self._again_at, time.monotonic() + AGAIN)

    def _arrived(self, station: Station, kind: int, data: bytes) -> None:
        if kind == FRAME:
            self._deliver(station, data)
            return
        with self._news:
            if kind == HELLO:
                station.name, *topics = data.decode("ascii").split()
                station.serves = frozenset(topic_of(text) for text in topics)
            station.leaving = station.leaving or kind in (BYE, END)
            station.ended = station.ended or kind == END
            self._news.notify_all()
        if kind == END:
            self._deliver(station, Draining(f"{station.name} has stopped"))

    def _lost(self, station: Station, labels: list[object]) -> None:
        with self._news:
            in_order, station.ended = station.ended, True
            self._stations.pop(station.path, None)
            if not in_order:
                self._look_again()
            for name in labels:
                if name is not None:
                    self._dropped.add(str(name))
            if not self._closed:
                self._dropped.say("its connection ended")
            self._news.notify_all()
        if not in_order:
            self._deliver(station, ConnectionLost(f"the connection to {station.name} ended"))

    def _deliver(self, station: Station, news: News) -> None:
        while not self._inbox.put((station, news)):  # whoever reads has a lot to do
            if self._closed:
                return
            threading.Event().wait(0.01)


class BlockingClient(Client):
    """`ClientDriver` of this transport."""

    def __init__(self, url: TransportUrl) -> None:
        arrivals: ThreadInbox[Arrival] = ThreadInbox()
        super().__init__(url, arrivals)
        self.poll = arrivals.poll
        self.wake = arrivals.wake

    def route(self, target: Target, timeout: float) -> Peer:
        """As `find`."""
        return self.find(target, timeout)

    def fanout(self, target: Target, timeout: float) -> tuple[Sequence[Peer], Sequence[str]]:
        """As `find_all`."""
        return self.find_all(target, timeout)

    def close(self) -> None:
        """End all connections."""
        self.leave(LEAVE)


class AsyncClient(Client):
    """`AsyncClientDriver` of this transport."""

    arrived: Callable[[Peer, News], None]

    def __init__(self, url: TransportUrl) -> None:
        super().__init__(url, LoopInbox[Arrival](lambda arrival: self.arrived(*arrival)))

    async def route(self, target: Target, timeout: float) -> Peer:
        """As `find`, which waits, on another thread."""
        return await asyncio.to_thread(self.find, target, timeout)

    async def fanout(self, target: Target, timeout: float) -> tuple[Sequence[Peer], Sequence[str]]:
        """As `find_all`, which waits, on another thread."""
        return await asyncio.to_thread(self.find_all, target, timeout)

    async def close(self) -> None:
        """End all connections."""
        if not forks.is_child(self._born):
            await asyncio.to_thread(self.leave, LEAVE)


def topic_of(text: str) -> tuple[str, str]:
    """An exchange and a topic, as a server writes them."""
    exchange, _, topic = text.partition("/")
    return exchange, topic
