"""The server's side for threads: its life, which event servers share. Who reads and runs is in `workers.py`."""

from __future__ import annotations

import logging
import threading
import time
from contextlib import suppress
from types import FrameType, TracebackType
from typing import Final, Self

from rpcgen.runtime import forks
from rpcgen.runtime.blocking.workers import ReadableSource, Workers
from rpcgen.runtime.core.serving import GRACE
from rpcgen.runtime.driver import Listener
from rpcgen.runtime.endpoint import Endpoint
from rpcgen.runtime.errors import ConfigurationError
from rpcgen.runtime.life import CANNOT_WITHDRAW, Life, stop_signals
from rpcgen.runtime.server import BaseServer
from rpcgen.runtime.transport import Opened

log = logging.getLogger("rpcgen.server")

# Seconds after which `wait` looks by itself: the system may deliver a signal to another thread, and Python runs its
# handler on the main one, when that next runs anything at all.
_LOOK: Final = 0.2


class BlockingLife(Life[Listener]):
    """The life of a server, and of an event server."""

    def _prepare(self) -> None:
        self._workers = Workers(self._serving, inline=self._inline)
        self._asked = False  # by a signal, to stop
        self._forced = False  # by another one, to end the drain
        # Wakes `wait` when it is released. An Event has a lock that the main thread may hold when a signal's handler comes.
        self._bell = threading.Lock()
        self._bell.acquire()
        self._stop_once = threading.Lock()
        self._stopped = threading.Event()

    def start(self) -> None:
        """Listen, and begin to serve.

        Raises:
            ConfigurationError: an address cannot be bound.
        """
        if self._listeners or self._stop_once.locked():
            raise ConfigurationError("this server was started before")
        self._born = forks.generation()
        try:
            for opened in self._opened:
                listener = self._listen(opened)
                listener.unsent = self._serving.count_unsent
                self._listeners.append(listener)
        except BaseException:
            for listener in self._listeners:
                listener.close()
            raise
        wires = [self._wire(opened) for opened in self._opened]
        self._workers.start(list(map(ReadableSource, self._listeners, wires)))
        log.info("%s %s at %s", self.server, self._summary, ", ".join(self.addresses))

    def stop(self, drain_timeout: float | None = None) -> None:
        """Take no new work, finish what runs, and close. Idempotent: a second caller waits for the first.

        A fork's child stops nothing: the server is its parent's.

        Args:
            drain_timeout: seconds to wait for running handlers; the constructor's by default. Callers of those that
                still run then get ConnectionLost; calls that wait behind them go to another server.
        """
        if self._is_the_parents:
            return
        if not self._stop_once.acquire(blocking=False):
            self._stopped.wait()
            return
        try:
            self._stop(drain_timeout)
        finally:
            self._stopped.set()

    def _stop(self, drain_timeout: float | None) -> None:
        self._ring()
        limit = self._serving.settings.drain_timeout if drain_timeout is None else drain_timeout
        # Work is taken until no transport sends any more: what is refused before would be sent here again.
        for listener in self._listeners:
            try:
                listener.withdraw()
            except Exception:
                log.exception(CANNOT_WITHDRAW, self.server, ", ".join(listener.addresses))
        self._workers.drain()
        time.sleep(GRACE)
        abandoned = self._workers.finish(limit)
        if abandoned:
            log.warning("%s stopped with %d requests unfinished", self.server, abandoned)
        self._workers.end()
        for listener in self._listeners:
            listener.close()

    def wait(self) -> None:
        """Serve until SIGTERM or SIGINT (on the main thread) or until another thread calls `stop()`; then drain.

        A second signal ends the drain at once.
        """
        with stop_signals(self._on_signal):
            while not (self._asked or self._stop_once.locked()):
                self._bell.acquire(timeout=_LOOK)
            stopper = threading.Thread(target=self.stop, name="rpcgen-stop", daemon=True)
            stopper.start()
            while stopper.is_alive():
                if self._forced:
                    self._forced = False
                    self._workers.abandon()
                stopper.join(0.05)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        """Take no lock: whatever the main thread was doing, it goes on only then."""
        if self._asked or self._stop_once.locked():
            self._forced = True
        self._asked = True
        self._ring()

    def _ring(self) -> None:
        with suppress(RuntimeError):  # it rings already
            self._bell.release()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()


class Server(BlockingLife, BaseServer[Endpoint, Listener]):
    """Serves blocking endpoints.

    `start()` begins, `stop()` drains and ends, `wait()` does the latter on SIGTERM or SIGINT; as a context manager
    it starts on entry and stops on exit.
    """

    WORLD = (Endpoint,)
    CONCURRENCY = 64

    def _listen(self, opened: Opened) -> Listener:
        plan = self._plan
        room = self._serving.room(plan.kept, plan.ordered)
        return opened.driver.listen(opened.url, plan.targets, self.server, room)
