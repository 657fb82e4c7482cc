"""Turns clients away while this process may open no more descriptors.

libzmq asks again at once for a connection that it has no descriptor for, and takes a whole core for that as long as one
waits to be accepted; at a Unix socket it ends the process (`shutter.py`). So those that wait are accepted and closed by a
thread that has a table of descriptors of its own (`unshare`), in which it keeps nothing but the listening sockets. Whatever
the garbage collector found in that thread would be closed there and stay open where it belongs, so meanwhile the door's own
thread collects. Where `unshare` is not allowed, the log says at least what is wrong. Knows no messages.
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
from rpcgen.runtime.drivers.zeromq.shutter import Shutter
from rpcgen.runtime.errors import ConfigurationError

log = logging.getLogger("rpcgen.zeromq")

#: Seconds between two looks whether there is room.
LOOK: Final = 0.25

#: Seconds, at a Unix socket, when not much more than the reserve is left.
CLOSE_LOOK: Final = 0.02

#: While fewer than this part of all descriptors are free, clients of a Unix socket are turned away; and so many at most.
PART: Final = 4
RESERVE: Final = 256

#: Seconds between two warnings.
SILENCE: Final = 10.0

_libc: Final = ctypes.CDLL(None)

_CLONE_FILES: Final = 0x400


class Door:
    """Watches over one server's address; a thread from the start until `close`.

    Args:
        address: as libzmq names it; it listens there.
        counters: `turned_away` counts.

    Raises:
        ConfigurationError: no second socket can be put beside a Unix socket.
    """

    def __init__(self, address: str, counters: dict[str, int]) -> None:
        self._name = _socket_name(address)
        self._shutter = _shutter(self._name) if isinstance(self._name, str) else None
        self._counters = counters
        self._closed = threading.Event()
        self._silent_until = 0.0
        self._pause = LOOK
        self._thread = threading.Thread(target=self._watch, name="rpcgen-zeromq-door", daemon=True)
        try:
            self._thread.start()
        except RuntimeError:  # there may be no more threads
            if self._shutter is not None:
                self._shutter.close()
            raise

    def close(self) -> None:
        """End; `join` waits for it."""
        self._closed.set()

    def join(self) -> None:
        """Wait for the end of the thread."""
        self._thread.join()

    def _watch(self) -> None:
        """In the door's thread: look for room."""
        try:
            while not self._closed.wait(self._pause):
                if self._is_full():
                    self._warn()
                    self._turn_away()
        finally:
            if self._shutter is not None:
                self._shutter.close()

    def _is_full(self) -> bool:
        if self._shutter is None:
            return descriptors.are_exhausted()
        free, reserve = descriptors.free(), min(RESERVE, descriptors.limit() // PART)
        self._pause = CLOSE_LOOK if free < 3 * reserve else LOOK
        return free < reserve

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
            self._lower()
            thread.start()
            while not self._closed.wait(LOOK) and self._is_full():
                self._warn()
                self._lower()  # another key may have put another socket there
                gc.collect(1)
        except RuntimeError as error:  # there is no room for a thread, either: those who come wait
            log.warning("clients cannot be turned away: %s", error)
            self._closed.wait(SILENCE)
        finally:
            self._lift()
            room.set()
            if thread.ident is not None:
                thread.join()
            if collects:
                gc.enable()

    def _lower(self) -> None:
        if self._shutter is not None:
            try:
                self._shutter.lower()
            except OSError as error:  # somebody has taken our files away
                log.warning("clients at %s cannot be turned away: %s", self._name, error)

    def _lift(self) -> None:
        """Whoever closes the server removes its path; it is not to come back."""
        if self._shutter is not None and not self._closed.is_set():
            try:
                self._shutter.lift()
            except OSError as error:
                log.error("clients at %s are turned away until a restart: %s", self._name, error)

    def _work(self, room: threading.Event) -> None:
        if _libc.unshare(_CLONE_FILES) == 0:
            self._accept(self._keep_listening(), room)

    def _keep_listening(self) -> list[int]:
        """Close this thread's copies of all descriptors but those of listening sockets; a new key has one of its own."""
        found: list[int] = []
        for fd in range(descriptors.limit()):
            if self._is_ours(fd):
                found.append(fd)
            else:
                with suppress(OSError):
                    os.close(fd)
        return found

    def _is_ours(self, fd: int) -> bool:
        if self._shutter is not None:
            return fd == self._shutter.fd
        return _listens(fd, self._name)

    def _accept(self, fds: list[int], room: threading.Event) -> None:
        listening = {fd: socket.socket(fileno=fd) for fd in fds}
        poll = select.poll()
        for fd, each in listening.items():
            each.setblocking(False)
            poll.register(fd, select.POLLIN)
        while listening:
            last = room.is_set()
            ready = poll.poll(0 if last else LOOK * 1000)
            if last and (self._shutter is None or not ready):  # nobody takes those who wait there
                break
            for fd, _ in ready:
                with suppress(OSError):  # somebody was faster
                    connection, _ = listening[fd].accept()
                    connection.close()
                    self._counters["turned_away"] += 1
        for each in listening.values():
            each.close()


def _shutter(path: str) -> Shutter:
    try:
        return Shutter(path)
    except OSError as error:
        raise ConfigurationError(f"cannot listen beside {path}: {error.strerror}") from error


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
