"""The server's side, in both worlds: what differs is where requests wait."""

from __future__ import annotations

import asyncio
import contextlib
import os
import secrets
import socket
import threading
import time
from collections.abc import Callable, Sequence

from rpcgen.runtime import Target, TooLarge, forks
from rpcgen.runtime.deliveries import Caller
from rpcgen.runtime.inbox import Inbox, LoopInbox, ThreadInbox
from rpcgen.runtime.url import TransportUrl

from carrier.folder import SUFFIX, bind, folder_of
from carrier.line import BYE, END, FRAME, HELLO, Line
from carrier.options import Options

LEAVE = 1.0  # seconds that answers may take to leave
PAUSE = 0.1  # seconds before a connection is tried again that could not be taken


class Post:
    """The server's side. In its inbox None, in place of a frame, is an answer that was not sent after all."""

    def __init__(
        self,
        url: TransportUrl,
        targets: Sequence[Target],
        server: str,
        inbox: Inbox[tuple[Caller, bytes | None]],
    ) -> None:
        folder = folder_of(url)
        self._limit = url.options(Options).max_message
        self._inbox = inbox
        self.born = forks.generation()
        self._hello = " ".join([server, *(f"{each.exchange}/{each.topic}" for each in targets)])
        self._lock = threading.Lock()
        self._lines: set[Line] = set()
        self._hidden = self._closed = False
        self.path = os.path.join(folder, secrets.token_hex(6) + SUFFIX)
        self._socket = bind(folder, self.path)
        self._thread = threading.Thread(target=self._accept, daemon=True)
        self._thread.start()

    def send(self, caller: Caller, frame: bytes) -> bool:
        """Leave an answer to the line's thread."""
        if len(frame) > self._limit:
            raise TooLarge(f"the answer has {len(frame)} bytes, the limit is {self._limit}")
        return isinstance(caller, Line) and caller.put(FRAME, frame)

    def hide(self) -> None:
        """Stop being found."""
        if forks.is_child(self.born):
            return
        with contextlib.suppress(OSError):
            os.unlink(self.path)
        with self._lock:
            self._hidden = True
            for line in self._lines:
                line.put(BYE, b"")

    def leave(self) -> None:
        """End all connections, after what was answered."""
        if forks.is_child(self.born):
            return
        self.hide()
        with self._lock:
            self._closed = True
            lines = list(self._lines)
        with contextlib.suppress(OSError):
            self._socket.shutdown(socket.SHUT_RDWR)  # ends `accept`
        self._thread.join(LEAVE)
        self._socket.close()
        end = time.monotonic() + LEAVE
        for line in lines:
            line.put(END, b"")
            line.finish()
        for line in lines:
            line.close(end)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                if self._closed:
                    return
                threading.Event().wait(PAUSE)  # for a descriptor
                continue
            line = Line(connection, self._limit, self._arrived, self._lost)
            with self._lock:
                if self._closed:
                    connection.close()
                    return
                self._lines.add(line)
                line.put(HELLO, self._hello.encode("ascii"))
                if self._hidden:
                    line.put(BYE, b"")
            line.start()

    def _arrived(self, line: Line, kind: int, data: bytes) -> None:
        while kind == FRAME and not self._closed and not self._inbox.put((line, data)):
            threading.Event().wait(0.01)  # there is no room: the client has to wait

    def _lost(self, line: Line, labels: list[object]) -> None:
        with self._lock:
            self._lines.discard(line)
        for _ in labels:
            self._inbox.put((line, None))


class Listener:
    """`Listener` of this transport."""

    unsent: Callable[[], None]

    def __init__(self, url: TransportUrl, targets: Sequence[Target], server: str) -> None:
        self._requests: ThreadInbox[tuple[Caller, bytes | None]] = ThreadInbox()
        self._post = Post(url, targets, server, self._requests)
        self.addresses = (self._post.path,)
        self.send = self._post.send
        self.wake = self._requests.wake
        self.withdraw = self._post.hide
        self.close = self._post.leave

    def poll(self, timeout: float | None, *, staying: bool = False) -> list[tuple[Caller, bytes]]:
        """Wait for requests."""
        requests: list[tuple[Caller, bytes]] = []
        for caller, frame in self._requests.poll(timeout):
            if frame is None:
                self.unsent()
            else:
                requests.append((caller, frame))
        return requests


class AsyncListener:
    """`AsyncListener` of this transport."""

    arrived: Callable[[Caller, bytes], None]
    unsent: Callable[[], None]

    def __init__(self, url: TransportUrl, targets: Sequence[Target], server: str) -> None:
        folder_of(url)
        url.options(Options)
        self._url, self._targets, self._server = url, targets, server
        self._post: Post | None = None

    @property
    def addresses(self) -> Sequence[str]:
        """Our socket, once we have started."""
        return () if self._post is None else (self._post.path,)

    async def start(self) -> None:
        """Open our socket."""
        inbox = LoopInbox[tuple[Caller, "bytes | None"]](lambda item: self._deliver(*item))
        self._post = Post(self._url, self._targets, self._server, inbox)

    def send(self, caller: Caller, frame: bytes) -> bool:
        """Answer a client."""
        return self._post is not None and self._post.send(caller, frame)

    async def withdraw(self) -> None:
        """Stop being found."""
        if self._post is not None:
            self._post.hide()

    async def close(self) -> None:
        """End all connections."""
        if self._post is not None and not forks.is_child(self._post.born):
            await asyncio.to_thread(self._post.leave)

    def _deliver(self, caller: Caller, frame: bytes | None) -> None:
        if frame is None:
            self.unsent()
        else:
            self.arrived(caller, frame)
