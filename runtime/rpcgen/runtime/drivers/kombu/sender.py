"""Putting letters into queues, on a connection and a thread of its own."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from math import inf
from time import monotonic
from typing import Final

from rpcgen.runtime.drivers.kombu.carriers.carrier import Carrier
from rpcgen.runtime.drivers.kombu.line import Line, LineLost
from rpcgen.runtime.drivers.kombu.thread import LineThread
from rpcgen.runtime.errors import AuthError, ConnectionLost, NotSent, RpcgenError

#: Jobs that wait at most.
HIGH_WATER: Final = 10_000

Act = Callable[[Line], object]
Settled = Callable[[RpcgenError | None], None]


def _nobody(error: RpcgenError | None) -> None:
    """What became of it is nobody's concern."""


class Job:
    """Something to do on the connection.

    Args:
        act: what. May raise LineLost.
        settled: gets None when it is done, or else NotSent or ConnectionLost, on any thread.
        until: monotonic seconds after which it is not to be begun.
        again: it outlives the connection, and may be done twice.
    """

    __slots__ = ("act", "again", "begun", "settled", "until")

    def __init__(
        self, act: Act, settled: Settled = _nobody, until: float = inf, *, again: bool = False
    ) -> None:
        self.act = act
        self.settled = settled
        self.until = until
        self.again = again
        self.begun = False


class Sender(LineThread):
    """A thread that does jobs in their order.

    Args:
        carrier, role, sender, changed: as of `LineThread`.
    """

    def __init__(
        self, carrier: Carrier, role: str, sender: str, changed: Callable[[], None]
    ) -> None:
        super().__init__(carrier, role, sender, changed)
        self._jobs: deque[Job] = deque()
        self._work = threading.Condition()
        self._stop_by = inf

    # --- any thread -------------------------------------------------------------------------------------------------

    def put(self, job: Job) -> None:
        """Hand over a job. Raises NotSent: there is no connection, or too much waits."""
        with self._work:
            if not self.ready and not job.again:
                raise NotSent(str(self.trouble or f"{self.carrier.text}: there is no connection"))
            if self._stop.is_set() or len(self._jobs) >= HIGH_WATER:
                raise NotSent(f"{self.carrier.text}: too many messages wait to leave")
            self._jobs.append(job)
            self._work.notify()

    def withdraw(self, job: Job) -> bool:
        """Take back a job; False if it has begun."""
        with self._work:
            if job.begun or job not in self._jobs:
                return False
            self._jobs.remove(job)
            return True

    def stop(self, patience: float) -> None:
        """End, after at most `patience` seconds for the jobs that wait."""
        with self._work:
            self._stop_by = monotonic() + patience * 0.8
            self._stop.set()
            self._work.notify()
        self.join(patience)

    # --- the thread -------------------------------------------------------------------------------------------------

    def begun(self, line: Line) -> None:
        """See `LineThread.begun`: there is nothing to prepare."""

    def serve(self, line: Line) -> None:
        """See `LineThread.serve`."""
        while (job := self._next()) is not None:
            if monotonic() > job.until:
                job.settled(NotSent("it could not leave in time"))
                continue
            try:
                job.act(line)
            except LineLost as lost:
                self._failed(job, lost)
                raise
            job.settled(None)

    def _next(self) -> Job | None:
        """The next job; None if we are to stop and there is none, or no time for it."""
        with self._work:
            while not self._jobs:
                if self._stop.is_set():
                    return None
                self._work.wait()
            if self._stop.is_set() and monotonic() > self._stop_by:
                return None
            job = self._jobs.popleft()
            job.begun = not job.again
            return job

    def _failed(self, job: Job, lost: LineLost) -> None:
        """The job of whose connection nobody can say whether it has done it."""
        if job.again and not self._stop.is_set():
            with self._work:
                self._jobs.appendleft(job)
        else:
            job.settled(ConnectionLost(f"{self.carrier.text}: {lost}"))

    def ended(self, error: RpcgenError | None) -> None:
        """See `LineThread.ended`: what cannot wait is told so."""
        now = monotonic()
        with self._work:
            jobs, self._jobs = self._jobs, deque()
            if error is not None:
                self._jobs.extend(job for job in jobs if job.again and job.until > now)
                kept = set(map(id, self._jobs))
                jobs = deque(job for job in jobs if id(job) not in kept)
        why = NotSent(str(error or f"{self.carrier.text}: it was closed"))
        for job in jobs:
            job.settled(error if isinstance(error, AuthError) else why)
