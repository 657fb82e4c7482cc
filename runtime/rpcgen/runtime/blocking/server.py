"""The server's side for threads: its life. Who reads and runs is in `workers.py`."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Mapping, Sequence
from types import FrameType, TracebackType
from typing import TYPE_CHECKING, Literal, Self

from rpcgen.runtime.blocking.workers import ReadableSource, Workers
from rpcgen.runtime.core.opaque import OpaqueCodec
from rpcgen.runtime.core.serving import GRACE, ServerSettings, Serving, Source
from rpcgen.runtime.endpoint import Endpoint
from rpcgen.runtime.errors import ConfigurationError
from rpcgen.runtime.interceptor import Interceptor
from rpcgen.runtime.peers import Caller
from rpcgen.runtime.server import plan_server, stop_signals
from rpcgen.runtime.transport import find_driver

if TYPE_CHECKING:
    from rpcgen.runtime.driver import Listener

log = logging.getLogger("rpcgen.server")


class Server:
    """Serves blocking endpoints.

    `start()` begins, `stop()` drains and ends, `wait()` does the latter on SIGTERM or SIGINT; as a context manager
    it starts on entry and stops on exit.
    """

    def __init__(
        self,
        urls: str | Sequence[str],
        *,
        endpoints: Sequence[Endpoint],
        server: str | None = None,
        executor: Literal["threads", "inline"] = "threads",
        concurrency: int = 64,
        queue: int = 1024,
        drain_timeout: float = 30.0,
        debug: bool = False,
        introspection: bool = True,
        interceptors: Sequence[Interceptor] = (),
        codecs: Mapping[type, OpaqueCodec] | None = None,
        converters: Sequence[object] = (),
        exchange: str | None = None,
        topic: str | None = None,
    ) -> None:
        """Prepare a server; nothing is bound before `start()`.

        Args:
            urls: where to listen; one URL or several.
            endpoints: instances of generated endpoint classes, of any number of interfaces.
            server: the name by which clients address this one; the host's name by default.
            executor: `threads`, or `inline` for handlers that never wait: they run on the thread that reads.
            concurrency: handlers that run at the same time.
            queue: requests that wait behind them before more are refused as Overloaded.
            drain_timeout: seconds that `stop()` gives running handlers.
            debug: send tracebacks to callers.
            introspection: answer `rpcgen.meta` requests that describe the interfaces.
            interceptors: hooks round every handler.
            codecs: opaque types to objects with `type`, `encode` and `decode`.
            converters: of the interfaces that have older forms, objects of their generated `...ServerConverters`.
            exchange, topic: replace those of the interfaces.

        Raises:
            ConfigurationError: a URL, name or limit cannot be used, or two endpoints claim one method.
        """
        settings = ServerSettings(
            concurrency=concurrency,
            queue=queue,
            drain_timeout=drain_timeout,
            debug=debug,
            interceptors=tuple(interceptors),
            codecs=codecs or {},
            converters=tuple(converters),
        )
        self.server = server or socket.gethostname()
        self._plan = plan_server(
            endpoints,
            self.server,
            world=Endpoint,
            introspection=introspection,
            exchange=exchange,
            topic=topic,
        )
        self._serving = Serving(self._plan.endpoints, settings, _answer)
        self._plan.meta.attach(self._serving, self.server)
        self._opened = [find_driver(url) for url in ([urls] if isinstance(urls, str) else urls)]
        if not self._opened:
            raise ConfigurationError("a server needs at least one URL")
        if executor not in ("threads", "inline"):
            raise ConfigurationError(f"executor is {executor!r}, expected 'threads' or 'inline'")
        self._workers = Workers(self._serving, inline=executor == "inline")
        self._listeners: list[Listener] = []
        self._asked = threading.Event()
        self._stop_once = threading.Lock()
        self._stopped = threading.Event()

    # --- life -----------------------------------------------------------------------------------------------------

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where it listens, once it was started."""
        return tuple(address for listener in self._listeners for address in listener.addresses)

    @property
    def serving(self) -> Serving:
        """Counters and the state of the work."""
        return self._serving

    def start(self) -> None:
        """Listen, and begin to serve.

        Raises:
            ConfigurationError: an address cannot be bound.
        """
        if self._listeners or self._asked.is_set():
            raise ConfigurationError("this server was started before")
        try:
            for opened in self._opened:
                listener = opened.driver.listen(
                    opened.url, self._plan.targets, self.server, self._serving.room(self._plan.kept)
                )
                listener.unsent = self._serving.count_unsent
                self._listeners.append(listener)
        except BaseException:
            for listener in self._listeners:
                listener.close()
            raise
        wires = [opened.wire for opened in self._opened]
        self._workers.start(list(map(ReadableSource, self._listeners, wires)))
        log.info("%s serves %s at %s", self.server, self._plan.summary, ", ".join(self.addresses))

    def stop(self, drain_timeout: float | None = None) -> None:
        """Take no new work, finish what runs, and close. Idempotent: a second caller waits for the first.

        Args:
            drain_timeout: seconds to wait for running handlers; the constructor's by default. Callers of what is
                left then get a RemoteError.
        """
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


def _answer(source: Source, caller: Caller, frame: bytes) -> bool:
    sent: bool = source.listener.send(caller, frame)
    return sent
