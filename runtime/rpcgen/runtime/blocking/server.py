"""The server's side for threads: one reader thread a listener, and a pool of workers that grows with need."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from queue import SimpleQueue
from types import FrameType, TracebackType
from typing import Any, Literal, Self

import msgspec
from rpcgen.runtime.context import reset_context, set_context
from rpcgen.runtime.core.dispatch import Job
from rpcgen.runtime.core.opaque import OpaqueCodec
from rpcgen.runtime.core.serving import GRACE, HANDLER_FAILURES, TICK, ServerSettings, Serving
from rpcgen.runtime.driver import Caller, Listener
from rpcgen.runtime.endpoint import Endpoint
from rpcgen.runtime.errors import ConfigurationError
from rpcgen.runtime.interceptor import Interceptor
from rpcgen.runtime.server import plan_server, stop_signals
from rpcgen.runtime.transport import find_driver

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
        self._inline = executor == "inline"
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._ready: SimpleQueue[Job | None] = SimpleQueue()
        self._listeners: list[Listener] = []
        self._threads: list[threading.Thread] = []
        self._workers: list[threading.Thread] = []
        self._asked = threading.Event()
        self._stopping = threading.Event()
        self._stop_readers = False
        self._stopped = False

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
        if self._listeners:
            raise ConfigurationError("this server was started before")
        try:
            for opened in self._opened:
                self._listeners.append(
                    opened.driver.listen(opened.url, self._plan.targets, self.server)
                )
        except BaseException:
            for listener in self._listeners:
                listener.close()
            raise
        for listener in self._listeners:
            self._spawn(self._threads, self._read, listener)
        self._spawn(self._threads, self._tick)
        log.info("%s serves %s at %s", self.server, self._plan.summary, ", ".join(self.addresses))

    def stop(self, drain_timeout: float | None = None) -> None:
        """Take no new work, finish what runs, and close. Idempotent.

        Args:
            drain_timeout: seconds to wait for running handlers; the constructor's by default. Callers of what is
                left then get a RemoteError.
        """
        with self._lock:
            if self._stopped:
                return
            self._stopped = True
            self._serving.work.drain()
        self._asked.set()
        limit = self._serving.settings.drain_timeout if drain_timeout is None else drain_timeout
        for listener in self._listeners:
            listener.withdraw()
        time.sleep(GRACE)
        with self._idle:
            self._idle.wait_for(lambda: self._serving.work.held == 0, limit)
            abandoned = self._serving.abandon()
        if abandoned:
            log.warning("%s stopped with %d requests unfinished", self.server, abandoned)
        self._end_threads()
        for listener in self._listeners:
            listener.close()

    def _end_threads(self) -> None:
        self._stop_readers = True
        self._stopping.set()
        for listener in self._listeners:
            listener.wake()
        for _ in self._workers:
            self._ready.put(None)
        for thread in self._threads:
            if thread is not threading.current_thread():
                thread.join(timeout=2.0)

    def wait(self) -> None:
        """Serve until SIGTERM or SIGINT (on the main thread) or until another thread calls `stop()`; then drain.

        A second signal ends the drain at once.
        """
        asked, forced = self._asked, threading.Event()

        def on_signal(number: int, frame: FrameType | None) -> None:
            (forced if asked.is_set() else asked).set()

        with stop_signals(on_signal):
            asked.wait()
            stopper = threading.Thread(target=self.stop, name="rpcgen-stop", daemon=True)
            stopper.start()
            while stopper.is_alive():
                if forced.is_set():
                    with self._idle:
                        self._serving.abandon()
                        self._idle.notify_all()
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

    # --- threads --------------------------------------------------------------------------------------------------

    def _spawn(
        self, group: list[threading.Thread], target: Callable[..., None], *args: Any
    ) -> None:
        thread = threading.Thread(
            target=target, args=args, name=f"rpcgen-{target.__name__.strip('_')}", daemon=True
        )
        group.append(thread)
        thread.start()

    def _read(self, listener: Listener) -> None:
        serving, lock = self._serving, self._lock
        while not self._stop_readers:
            for caller, frame in listener.poll(None):
                with lock:
                    accepted = serving.accept(listener, caller, frame, time.monotonic())
                    if accepted is None:
                        continue
                    job, runs = accepted
                    # One worker for every job that runs: so many were running at once, so many threads there are.
                    if runs and not self._inline and len(self._workers) < serving.work.running:
                        self._spawn(self._workers, self._work)
                if not runs:
                    continue  # a worker takes it when it finishes another
                if self._inline:
                    self._run_all(job)
                else:
                    self._ready.put(job)

    def _work(self) -> None:
        while (job := self._ready.get()) is not None:
            self._run_all(job)

    def _run_all(self, job: Job | None) -> None:
        while job is not None:
            self._run(job)
            with self._lock:
                job = self._serving.work.finish(job)
                if job is None and not self._serving.work.held:
                    self._idle.notify_all()

    def _run(self, job: Job) -> None:
        serving = self._serving
        token = set_context(job.context)
        try:
            arguments = serving.arguments(job, time.monotonic())
            value = job.entry.handler(job.context, **msgspec.structs.asdict(arguments))
        except HANDLER_FAILURES as error:
            serving.failed(job, error)
        else:
            serving.done(job, value)
        finally:
            reset_context(token)

    def _tick(self) -> None:
        while not self._stopping.wait(TICK):
            with self._lock:
                if self._serving.work.held:
                    self._serving.tick(time.monotonic())


def _answer(listener: Any, caller: Caller, frame: bytes) -> bool:
    sent: bool = listener.send(caller, frame)
    return sent
