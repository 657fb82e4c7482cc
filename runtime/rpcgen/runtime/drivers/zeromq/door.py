"""Turns clients away while this process may open no more descriptors.

libzmq asks again at once for a connection that it has no descriptor for, and takes a whole core for that as long as one
waits to be accepted. So those that wait are accepted and closed by a thread that has a table of descriptors of its own
(`unshare`), in which it keeps nothing but the listening socket. Whatever the garbage collector found in that thread would
be closed there and stay open where it belongs, so meanwhile the door's own thread collects. Where `unshare` is not
allowed, the log says at least what is wrong. Knows no messages.
"""

from __future__ import annotations

import ctypes
import gc
import logging
import os
import select
import socket
import threading
import time
from contextlib import suppress
from typing import Final

from rpcgen.runtime import descriptors

log = logging.getLogger("rpcgen.zeromq")

#: Seconds between two looks whether there is room.
LOOK: Final = 0.25

#: Seconds between two warnings.
SILENCE: Final = 10.0

_libc: Final = ctypes.CDLL(None)

_CLONE_FILES: Final = 0x400


class Door:
    """Watches over one server's address; a thread from the start until `close`.

    Args:
        address: as libzmq names it.
        counters: `turned_away` counts.
    """

    def __init__(self, address: str, counters: dict[str, int]) -> None:
        self._name = _socket_name(address)
        self._counters = counters
        self._closed = threading.Event()
        self._silent_until = 0.0
        self._thread = threading.Thread(target=self._watch, name="rpcgen-zeromq-door", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """End; `join` waits for it."""
        self._closed.set()

    def join(self) -> None:
        """Wait for the end of the thread."""
        self._thread.join()

    def _watch(self) -> None:
        """In the door's thread: look for room."""
        while not self._closed.wait(LOOK):
            if descriptors.are_exhausted():
                self._warn()
                self._turn_away()

    def _warn(self) -> None:
        if (now := time.monotonic()) >= self._silent_until:
            self._silent_until = now + SILENCE
            log.warning("%s: clients are turned away", descriptors.complaint())

    def _turn_away(self) -> None:
        """Let another thread do it until there is room: it can never have the process's descriptors again."""
        room = threading.Event()
        thread = threading.Thread(
            target=self._work, args=(room,), name="rpcgen-zeromq-turn-away", daemon=True
        )
        collects = gc.isenabled()
        gc.disable()
        try:
            thread.start()
            while not self._closed.wait(LOOK) and descriptors.are_exhausted():
                self._warn()
                gc.collect(1)
            room.set()
            thread.join()
        finally:
            if collects:
                gc.enable()

    def _work(self, room: threading.Event) -> None:
        if _libc.unshare(_CLONE_FILES) == 0:
            listening = self._keep_one()
            if listening is not None:
                self._accept(listening, room)

    def _keep_one(self) -> int | None:
        """Close this thread's copies of all descriptors but that of the listening socket."""
        found = None
        for fd in range(descriptors.limit()):  # all are in use
            if found is None and _listens(fd, self._name):
                found = fd
            else:
                with suppress(OSError):
                    os.close(fd)
        return found

    def _accept(self, fd: int, room: threading.Event) -> None:
        listening = socket.socket(fileno=fd)
        listening.setblocking(False)
        poll = select.poll()
        poll.register(fd, select.POLLIN)
        while not room.is_set():
            if not poll.poll(LOOK * 1000):
                continue
            with suppress(OSError):  # somebody was faster
                connection, _ = listening.accept()
                connection.close()
                self._counters["turned_away"] += 1
        listening.close()


def _listens(fd: int, name: object) -> bool:
    """Whether a descriptor is a socket that listens, under this name."""
    try:
        probe = socket.socket(fileno=fd)
    except OSError:
        return False
    try:
        return bool(probe.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN)) and (
            probe.getsockname() == name
        )
    except OSError:
        return False
    finally:
        probe.detach()


def _socket_name(address: str) -> object:
    """What `getsockname` says of the socket of an address."""
    scheme, _, rest = address.partition("://")
    if scheme == "ipc":
        return rest
    host, _, port = rest.rpartition(":")
    if host.startswith("["):
        return host.strip("[]"), int(port), 0, 0
    return host, int(port)
