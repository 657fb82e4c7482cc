"""The server's side for threads. The rules that make it safe are in `__init__.py`."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from time import monotonic, sleep
from typing import Final

from rpcgen.runtime import forks
from rpcgen.runtime.deliveries import Caller
from rpcgen.runtime.drivers.zeromq.binding import ANNOUNCE_PAUSE, Binding, Request
from rpcgen.runtime.drivers.zeromq.blocking.mail import Mail
from rpcgen.runtime.drivers.zeromq.waiting import SWEEP, Waiter

Ready = list[tuple[int, int]]

#: Seconds that `close` waits for the thread that is in `poll`; the bell has woken it.
_PATIENCE: Final = 0.1

#: After a poll that found so many requests at once, threads leave answers to the one that polls.
_CROWD: Final = 4


class BlockingListener:
    """A `Listener`."""

    unsent: Callable[[], None]

    def __init__(self, binding: Binding) -> None:
        self._born = forks.generation()
        self._binding = binding
        self.counters = binding.counters
        self.addresses: Sequence[str] = (binding.address,)
        try:
            while not binding.announced():
                sleep(ANNOUNCE_PAUSE)
            self._waiter = Waiter()
        except BaseException:
            binding.close()
            binding.end()
            raise
        self._waiter.add(binding.fd)
        [self._bell] = self._waiter.bells
        self._lock = threading.Lock()
        self._left = threading.Condition(self._lock)
        self._mail: Mail[Caller] = Mail(self._bell, self._send_now, self._binding.hwm)
        self._crowd = False
        self._inbox: list[Request] = []
        self._unsure = True
        self._leading = False
        self._woken = False
        self._closed = False
        binding.run_by(self._run)

    def poll(self, timeout: float | None, *, staying: bool = False) -> list[Request]:
        """See `Listener.poll`."""
        forks.check(self._born)
        self._mail.staying = staying
        deadline = math.inf if timeout is None else monotonic() + timeout
        lock = self._lock
        while True:
            ready: Ready = []
            try:
                with lock:
                    if self._closed:
                        return []
                    if self._mail.lies:
                        self._flush()
                    if self._unsure:
                        self._unsure = self._binding.readable() and not self._binding.receive(
                            self._inbox
                        )
                    if self._inbox or self._woken:
                        self._woken = False
                        return self._take()
                    self._leading = self._mail.waiting = True
                    wait = min(SWEEP, max(0.0, deadline - monotonic()))
                    if self._unsure or self._mail.lies:  # left since we looked
                        wait = 0
                ready = self._waiter.wait(wait)
            finally:
                if self._leading:
                    self._leading = self._mail.waiting = False
                    with lock:
                        self._after_waiting(ready)
            if self._inbox:
                with lock:
                    return self._take()
            if not ready:
                if monotonic() >= deadline:
                    return []
                with lock:
                    self._unsure = True  # trust no descriptor for longer than SWEEP

    def _after_waiting(self, ready: Ready) -> None:
        if self._closed:
            self._left.notify_all()
            return
        if self._mail.lies:
            self._flush()
        for fd, _ in ready:
            if fd == self._bell.fd:
                self._bell.silence()
            else:
                # The first request is handled before we look whether there is a second: that takes as long as
                # many receives. If there are more, the next poll takes them together.
                self._unsure = not self._binding.receive(self._inbox, 1)

    def _take(self) -> list[Request]:
        requests = self._inbox
        self._inbox = []
        self._crowd = len(requests) >= _CROWD
        return requests

    def send(self, caller: Caller, frame: bytes) -> bool:
        """See `Listener.send`."""
        forks.check(self._born)
        if self._crowd and self._mail.staying and not self._closed:
            self._binding.check_size(frame)
            if not self._mail.leave(caller, frame):
                with self._lock:
                    self._flush()
            return True
        with self._lock:
            if self._closed:
                return False
            try:
                return self._binding.send(caller, frame)
            finally:
                self._touched()

    def _flush(self) -> None:
        if not self._closed:
            self._mail.flush()
            self._unsure = True

    def _send_now(self, caller: Caller, message: bytes, count: int) -> bool:
        """Hand over answers that were left; those that cannot be are dropped."""
        if not self._binding.send(caller, message, count):
            for _ in range(count):
                self.unsent()
        return True

    def _run(self, act: Callable[[], None]) -> None:
        """Do something to the socket, for another thread."""
        with self._lock:
            if not self._closed:
                act()
                self._touched()

    def _touched(self) -> None:
        """After an operation on the socket: see the rules at the top."""
        if not self._leading:
            self._unsure = True
        elif self._binding.readable():
            self._unsure = not self._binding.receive(self._inbox)
            self._bell.ring()

    def wake(self) -> None:
        """See `Listener.wake`."""
        self._woken = True
        if not self._closed:
            self._bell.ring()

    def withdraw(self) -> None:
        """See `Listener.withdraw`."""
        forks.check(self._born)
        with self._lock:
            if not self._closed:
                self._flush()
                self._binding.withdraw()
                self._touched()

    def close(self) -> None:
        """See `Listener.close`."""
        if forks.is_child(self._born):
            return  # it is the parent's
        with self._lock:
            if self._closed:
                return
            self._flush()
            self._closed = True
            self._bell.ring()
            self._left.wait_for(lambda: not self._leading, _PATIENCE)
            self._binding.close()
        self._binding.end()
        self._waiter.close()
