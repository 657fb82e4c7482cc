"""The threads of a blocking server.

All of them are alike: each takes what is ready, a request to run or a listener to read. Whoever reads runs the first
request that it finds itself, after it has put the listener back: so a request costs no hop between threads, and reading
does not wait for a handler that may be slow. There is one thread more than may run handlers, for each listener: refusals,
cancellations and signs of life go out however busy the server is.

Threads are woken one at a time: who takes something wakes another if there is more. Those that find nothing to do, as
the first was quick, would all have waited for the interpreter in vain. And beside a handler that has been quick so far
(`paces.py`) nobody is woken for a FEW things that lie there: its thread comes back to them about as soon as another one
could take them. As long as that goes on, one thread stands by: it looks every LOOK seconds whether what lay there was taken.
"""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress
from contextvars import copy_context
from typing import TYPE_CHECKING, Final

from rpcgen.runtime.blocking.once import run_once
from rpcgen.runtime.blocking.paces import Paces
from rpcgen.runtime.context import set_context
from rpcgen.runtime.core.answering import Source
from rpcgen.runtime.core.job import Job
from rpcgen.runtime.core.presence import AWAY
from rpcgen.runtime.core.serving import TICK, Serving
from rpcgen.runtime.core.work import State

if TYPE_CHECKING:
    from rpcgen.runtime.core.wires.wire import Wire
    from rpcgen.runtime.driver import Listener

log = logging.getLogger("rpcgen.server")

#: Seconds between two looks of the thread that stands by. What lies behind a handler that is slow for once is taken after
#: two of them, and whatever a handler that does not let go of the interpreter adds to that.
LOOK: Final = 0.005

#: So much is left to a thread that runs a quick handler; where more is ready, others are woken.
FEW: Final = 8


class ReadableSource(Source):
    """A source, and the right to read from it."""

    __slots__ = ("reading",)

    def __init__(self, listener: Listener, wire: Wire) -> None:
        super().__init__(listener, wire)
        self.reading = threading.Lock()


class Workers:
    """Reads listeners, runs handlers, and looks at the clock.

    Args:
        inline: run handlers on the thread that reads, all of them: they never wait.
    """

    def __init__(self, serving: Serving, *, inline: bool) -> None:
        self._serving = serving
        self._inline = inline
        self._lock = threading.Lock()
        self._idle = threading.Condition(self._lock)
        self._ready: deque[Job | ReadableSource] = deque()
        #: Of the threads that have nothing to do: locks that wake them when they are released. The last to come is woken first.
        self._bells: deque[threading.Lock] = deque()
        self._called = False  # a thread was woken and has not looked yet
        self._paces = Paces()
        self._standing_by = False  # a thread looks whether what is ready is taken
        self._relied_on: set[Job] = set()  # those whose handlers are to be quick
        self._taken = 0  # how often something was
        self._begun = 0  # how many jobs were: taken, or when their turn came
        self._sources: list[ReadableSource] = []
        self._threads = 0
        self._short = False  # the system gave us fewer threads than we wanted
        self._ended = threading.Event()

    # --- used by the server ---------------------------------------------------------------------------------------

    def start(self, sources: Sequence[ReadableSource]) -> None:
        """Begin to read."""
        self._serving.tick(time.monotonic())
        self._sources = list(sources)
        threading.Thread(target=self._watch_clock, name="rpcgen-clock", daemon=True).start()
        for source in self._sources:
            self._ready.append(source)
            self._spawn()

    def drain(self) -> None:
        """Take no more calls."""
        with self._lock:
            self._serving.work.drain()

    def finish(self, limit: float) -> int:
        """Wait at most `limit` seconds until nothing runs; let go of the rest, and return how much that was."""
        with self._idle:
            work = self._serving.work
            self._idle.wait_for(
                lambda: work.held == 0 or work.state is State.CLOSED,
                min(limit, threading.TIMEOUT_MAX),
            )
            return self._serving.abandon()

    def abandon(self) -> None:
        """End a `finish` that another thread waits in."""
        with self._idle:
            self._serving.abandon()
            self._idle.notify_all()

    def end(self) -> None:
        """Stop reading; when this returns, no thread is inside a listener's poll."""
        self._ended.set()
        for source in self._sources:
            source.listener.wake()
            if source.reading.acquire(timeout=2.0):
                source.reading.release()  # for a thread that still finds the source in the queue
        with suppress(IndexError):
            while True:  # who comes later sees that this is the end
                self._bells.pop().release()

    # --- threads --------------------------------------------------------------------------------------------------

    def _spawn(self) -> None:
        """Begin a thread; raises RuntimeError if the process may have no more."""
        self._threads += 1
        name = f"rpcgen-worker-{self._threads}"
        try:
            threading.Thread(target=self._work, name=name, daemon=True).start()
        except RuntimeError:
            self._threads -= 1
            raise
        self._short = False

    def _work(self) -> None:
        ready, bell = self._ready, threading.Lock()
        bell.acquire()
        while not self._ended.is_set():
            while ready:
                try:
                    item = ready.popleft()
                except IndexError:  # another thread was quicker
                    break
                self._taken += 1
                if isinstance(item, ReadableSource):
                    self._call()
                    self._read(item)
                else:
                    self._run_beside(item)
            self._stand_by(bell)
            self._called = False  # and then look: who puts something looks in the other order

    def _stand_by(self, bell: threading.Lock) -> None:
        """Wait until there may be something to do, and look meanwhile that others do what there is."""
        self._bells.append(bell)  # and then look: who puts something looks in the other order
        if self._ready or self._ended.is_set():
            self._leave(bell)
            return
        if self._standing_by or self._inline:
            bell.acquire()
            return
        self._standing_by = True
        since, taken, begun, lay = 0, self._taken, self._begun, 0
        while not (called := bell.acquire(timeout=LOOK)):
            since, lies = self._taken - taken, len(self._ready)
            if since < lay or not (since or lies):
                break
            taken, begun, lay = self._taken, self._begun, lies
        self._standing_by = False  # and then look: who counts on us looks in the other order
        if called:
            return
        if not self._ready:
            bell.acquire()
            return
        if lay and begun == self._begun:  # so all that run have done so since the last look
            for slow in self._relied_on.copy():
                self._paces.ran(slow.entry, LOOK)  # now, not when it ends: it may come again before
        self._leave(bell)

    def _leave(self, bell: threading.Lock) -> None:
        """Be no longer among those that wait."""
        try:
            self._bells.remove(bell)
        except ValueError:  # somebody has just taken it to wake us
            bell.acquire()

    def _run_beside(self, job: Job) -> None:
        """Run a job, and what may run after it, while another thread takes what is ready, unless we will be back before it could."""
        following: Job | None = job
        while following is not None:
            job = following
            self._begun += 1
            # What is ready is there before we look who stands by, who looks in the other order.
            if self._standing_by and len(self._ready) <= FEW and self._paces.is_quick(job.entry):
                following = self._run_relied_on(job)
            else:
                self._call()
                following = self._run(job)

    def _run_relied_on(self, job: Job) -> Job | None:
        self._relied_on.add(job)
        try:
            return self._run(job)
        finally:
            self._relied_on.discard(job)

    def _call(self) -> None:
        """Wake a thread if there is something to do, unless one is on its way. If all are at work, the next to be done looks."""
        if self._ready and not self._called:
            try:
                bell = self._bells.pop()
            except IndexError:
                return
            self._called = True
            bell.release()

    def _read(self, source: ReadableSource) -> None:
        with source.reading:
            jobs = self._receive(source)
        if not jobs:  # the end
            return
        if self._inline:
            self._run_inline(jobs)
            self._ready.append(source)  # for us: we look what is ready next
            return
        first, *others = jobs
        # We run a few others before we read again, or all if there may be nobody else; else somebody reads at once.
        soon = len(others) < FEW and self._paces.is_quick(first.entry)
        self._ready.extend((*others, source) if soon or self._short else (source, *others))
        self._run_beside(first)

    def _run_inline(self, jobs: list[Job]) -> None:
        began = time.monotonic()
        for job in jobs:
            following: Job | None = job
            while following is not None:
                following = self._run(following)
        ended = time.monotonic()
        if ended > began + AWAY:  # nobody has read meanwhile
            with self._lock:
                self._serving.presence.away(began, ended)

    def _receive(self, source: ReadableSource) -> list[Job]:
        """Read until there is something to run, or the end."""
        jobs: list[Job] = []
        accept, monotonic = self._serving.accept, time.monotonic
        while not jobs and not self._ended.is_set():
            requests = source.listener.poll(None, staying=not self._inline)
            with self._lock:
                for caller, frame in requests:
                    job = accept(source, caller, frame, monotonic())
                    if job is not None:
                        jobs.append(job)
                wanted = self._serving.work.running if jobs and not self._inline else 0
                while self._threads < wanted + len(self._sources):
                    try:
                        self._spawn()
                    except RuntimeError as error:
                        self._complain(error)
                        break
        return jobs

    def _complain(self, error: RuntimeError) -> None:
        """There can be no more threads: those that there are do the work, and we ask again with the next request."""
        if not self._short:
            self._short = True
            log.warning("%s: requests have to do with the %d there are", error, self._threads)

    def _run(self, job: Job) -> Job | None:
        """Run a job; the one that may run then."""
        began = time.monotonic()
        copy_context().run(self._handle, job)
        if job.started:  # else it says nothing of its handler
            self._paces.ran(job.entry, time.monotonic() - began)
        with self._lock:
            following = self._serving.work.finish(job)
            if following is None and not self._serving.work.held:
                self._idle.notify_all()
        return following

    def _handle(self, job: Job) -> None:
        """In context variables that are this request's own."""
        serving = self._serving
        set_context(job.context)
        try:
            if job.entry.once:
                run_once(serving, job)
                return
            arguments = serving.arguments_beside(job, time.monotonic)
            value = job.entry.call(job.context, arguments)
        except (
            BaseException
        ) as error:  # `sys.exit()` too: nothing that a handler does may end this thread
            serving.failed(job, error)
        else:
            serving.done(job, value)

    def _watch_clock(self) -> None:
        pause = TICK
        while not self._ended.wait(pause):
            with self._lock:
                pause = self._serving.tick(time.monotonic())
