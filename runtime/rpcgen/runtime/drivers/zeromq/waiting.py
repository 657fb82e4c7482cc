"""Waiting for file descriptors, and bells that wake whoever waits. Knows no ZeroMQ."""

from __future__ import annotations

import contextlib
import os
import select
import sys
from typing import Final

from rpcgen.runtime.errors import ConfigurationError

#: Seconds for which a descriptor of libzmq's is trusted to tell of news; then its socket is asked.
SWEEP: Final = 0.5

#: Descriptors that one wait reports at most; the others are reported by the next.
_BATCH: Final = 64

#: Seconds of one wait: the system counts them in milliseconds, and 25 days of those are too many for it.
_LONGEST: Final = 86400.0

#: What an eventfd is written: the number 1.
_ONE: Final = (1).to_bytes(8, sys.byteorder)


class Bell:
    """A descriptor that is readable from `ring` until `silence`."""

    def __init__(self) -> None:
        # First: where there is no descriptor left, `__del__` comes nevertheless.
        self._open: set[int] = set()
        if hasattr(os, "eventfd"):
            self.fd = self._end = os.eventfd(0, os.EFD_CLOEXEC | os.EFD_NONBLOCK)
        else:
            self.fd, self._end = os.pipe()
            os.set_blocking(self.fd, False)
            os.set_blocking(self._end, False)
        self._open = {self.fd, self._end}

    def ring(self) -> None:
        """Ring until somebody calls `silence`. Takes no lock, so signal handlers may call it."""
        with contextlib.suppress(BlockingIOError):  # it rings already, and loudly
            os.write(self._end, _ONE)

    def silence(self) -> None:
        """Stop ringing."""
        with contextlib.suppress(BlockingIOError):  # it did not ring
            os.read(self.fd, 4096)

    def close(self) -> None:
        """Give the descriptors back, once."""
        while self._open:
            os.close(self._open.pop())

    def __del__(self) -> None:
        """Its client may have been forgotten."""
        self.close()


class Waiter:
    """An epoll object, or a poll object where there is none, and bells that end a wait.

    `wait` may run in several threads at once, and while another adds and discards.
    """

    def __init__(self, bells: int = 1) -> None:
        """Open it, with so many bells.

        Raises:
            ConfigurationError: no descriptor is free.
        """
        self._epoll: select.epoll | None = None
        self.bells: list[Bell] = []
        try:
            if hasattr(select, "epoll"):
                self._poll: select.epoll | select.poll = select.epoll()
                self._epoll = self._poll
            else:
                self._poll = select.poll()
            for _ in range(bells):
                self.bells.append(Bell())
                self.add(self.bells[-1].fd)
        except OSError as error:
            self.close()
            raise ConfigurationError(f"cannot open a transport: {error.strerror}") from error

    def add(self, fd: int) -> None:
        """Wait for this descriptor too."""
        self._poll.register(fd, select.POLLIN)

    def discard(self, fd: int) -> None:
        """Wait for it no more; you must call this before it is closed."""
        self._poll.unregister(fd)

    def wait(self, timeout: float | None) -> list[tuple[int, int]]:
        """The descriptors that are readable, with what they are ready for; empty after `timeout` seconds or a day.

        Also empty, at once, if it was closed.
        """
        if timeout is not None and timeout > _LONGEST:
            timeout = _LONGEST
        if self._epoll is not None:
            try:
                return self._epoll.poll(timeout, _BATCH)
            except (ValueError, OSError):
                if self._epoll.closed:  # before the system came to it
                    return []
                raise
        return self._poll.poll(None if timeout is None else timeout * 1000)

    def close(self) -> None:
        """Give the descriptors back. You must wake whoever may be waiting before."""
        if self._epoll is not None:
            self._epoll.close()
        for bell in self.bells:
            bell.close()
