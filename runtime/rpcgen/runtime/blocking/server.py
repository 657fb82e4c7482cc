"""The server's side for threads: its life, which event servers share. Who reads and runs is in `workers.py`."""

from __future__ import annotations

import logging
import threading
import time
from types import FrameType, TracebackType
from typing import Self

from rpcgen.runtime import forks
from rpcgen.runtime.blocking.workers import ReadableSource, Workers
from rpcgen.runtime.core.serving import GRACE
from rpcgen.runtime.driver import Listener
from rpcgen.runtime.endpoint import Endpoint
from rpcgen.runtime.errors import ConfigurationError
from rpcgen.runtime.life import Life, stop_signals
from rpcgen.runtime.server import BaseServer
from rpcgen.runtime.transport import Opened

log = logging.getLogger("rpcgen.server")


class BlockingLife(Life[Listener]):
    """The life of a server, and of an event server."""

    def _prepare(self) -> None:
        self._workers = Workers(self._serving, inline=self._inline)
        self._asked = threading.Event()
        self._stop_once = threading.Lock()
        self._stopped = threading.Event()

    def start(self) -> None:
        """Listen, and begin to serve.

        Raises:
            ConfigurationError: an address cannot be bound.
        """
        if self._listeners or self._asked.is_set():
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
            drain_timeout: seconds to wait for running handlers; the constructor's by default. Callers of what is
                left then get a RemoteError.
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
        self._workers.drain()
        self._asked.set()
        limit = self._serving.settings.drain_timeout if drain_timeout is None else drain_timeout
        for listener in self._listeners:
            listener.withdraw()
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
        asked, forced = self._asked, threading.Event()

        def on_signal(number: int, frame: FrameType | None) -> None:
            (forced if asked.is_set() else asked).set()

        with stop_signals(on_signal):
            # Not one endless wait: the system may deliver the signal to another thread, and Python runs the handler
            # on the main one, when that next runs anything at all.
            while not asked.wait(0.2):
                pass
            stopper = threading.Thread(target=self.stop, name="rpcgen-stop", daemon=True)
            stopper.start()
            while stopper.is_alive():
                if forced.is_set():
                    self._workers.abandon()
                    forced.clear()
                stopper.join(0.05)

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
