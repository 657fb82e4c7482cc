"""How much a server does at once: concurrency limit, bounded queue, overload, drain (PROMISES: overload, drain).

A state machine without threads or tasks: the shells say what happened and do what it answers.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from rpcgen.runtime.core.envelope import Beat
from rpcgen.runtime.core.job import Job
from rpcgen.runtime.core.lines import Lines
from rpcgen.runtime.core.turns import Turns
from rpcgen.runtime.deliveries import Caller, Delivery
from rpcgen.runtime.errors import Draining, Overloaded, Rejected


class State(Enum):
    """`OPEN` takes work; `DRAINING` finishes what it has; `CLOSED` has let go of it."""

    OPEN = "open"
    DRAINING = "draining"
    CLOSED = "closed"


#: Each request asks for it, and looking a member up in its class costs.
_OPEN = State.OPEN


class Work:
    """The jobs that a server holds.

    Args:
        concurrency: handlers that run at the same time.
        queue: requests that wait behind them; one more is refused.
        displaced: told of a request that waited, and is refused after all: its caller has more in the queue than others.
    """

    __slots__ = (
        "_concurrency",
        "_displaced",
        "_jobs",
        "_lines",
        "_queue",
        "_waiting",
        "running",
        "state",
    )

    def __init__(
        self, concurrency: int, queue: int, displaced: Callable[[Job, Rejected], None]
    ) -> None:
        self._concurrency = concurrency
        self._queue = queue
        self._displaced = displaced
        self._waiting = Turns()
        self._lines = Lines()
        self._jobs: dict[tuple[Caller, bytes], Job] = {}
        self.running = 0
        self.state = State.OPEN

    @property
    def queued(self) -> int:
        """Requests that wait, for a handler to become free or for another one of their line."""
        return self._waiting.length + len(self._lines)

    @property
    def full(self) -> bool:
        """Whether the next request would be refused."""
        return self.running >= self._concurrency and self.queued >= self._queue

    @property
    def held(self) -> int:
        """Requests that run or wait."""
        return self.running + self.queued

    def offer(self, job: Job) -> bool:
        """Take a job: True if it may run now; False if it waits, for `finish` to return it later.

        Raises:
            Rejected: overloaded, draining, or a message with this id is being worked on already.
        """
        if self.state is not _OPEN and (self.state is State.CLOSED or job.may_move):
            # What nobody would send to another server is still taken: a cast, and calls of hand-written programs.
            raise Draining("this server is stopping")
        key = (job.caller, job.request.id)
        if key in self._jobs:
            raise Rejected("a request with this id is being worked on")
        alone = job.line is None  # nearly always
        runs = self.running < self._concurrency and (alone or not self._lines.occupied(job))
        if runs:
            self.running += 1
        elif self.queued >= self._queue and not job.kept:  # as many as may run at once, at most
            self._make_room(job)
        self._jobs[key] = job
        if (alone or self._lines.enter(job)) and not runs:
            self._waiting.add(job)
        return runs

    def _make_room(self, job: Job) -> None:
        """Refuse another request instead of one whose caller has less than its share of the queue; or raise Overloaded."""
        error = Overloaded(
            f"this server runs {self.running} requests and {self.queued} wait",
            retry_after=0.1,
        )
        other = self._waiting.give_way(job.caller) or self._give_way(job)
        if other is None:
            raise error
        del self._jobs[other.caller, other.request.id]
        if not self._lines.remove(other):
            self._go_on(other)
        self._displaced(other, error)

    def _give_way(self, job: Job) -> Job | None:
        """The last of the longest line, if more wait there than of the caller of a request that is not of that line."""
        last = self._lines.last()
        if last is None or last.kept or last.line == job.line or last.caller == job.caller:
            return None
        more = self._lines.behind(last) > self._waiting.of(job.caller) + 1
        return last if more else None

    def finish(self, job: Job) -> Job | None:
        """A job that ran is done; the next one to run, if any waits."""
        self._jobs.pop((job.caller, job.request.id), None)
        if job.line is not None:
            self._go_on(job)
        if self._waiting.length:
            return self._waiting.next()
        self.running -= 1
        return None

    def _go_on(self, job: Job) -> None:
        """A job that had its line to itself has left it: the next one there may run."""
        following = self._lines.leave(job)
        if following is not None:
            self._waiting.add(following)

    def cancel(self, caller: Caller, call_id: bytes) -> Job | None:
        """The caller gave up: the job, if it is still held; one that waits is forgotten."""
        job = self._jobs.get((caller, call_id))
        if job is None:
            return None
        job.context.cancelled = True
        if self._waiting.remove(job):
            del self._jobs[caller, call_id]
            self._go_on(job)
        elif self._lines.remove(job):
            del self._jobs[caller, call_id]
        return job

    def adopt(self, caller: Delivery, call_id: bytes) -> bool:
        """Whether a request that was delivered again is one that we hold; the new delivery then stands for it."""
        job = self._jobs.get((caller, call_id))
        if job is None:
            return False
        job.caller = job.delivery = caller
        return True

    def drain(self) -> None:
        """Take no more."""
        if self.state is State.OPEN:
            self.state = State.DRAINING

    def abandon(self) -> list[Job]:
        """Let go of everything: the jobs whose callers are to be told that nothing, or not all, was done."""
        self.state = State.CLOSED
        jobs = list(self._jobs.values())
        for job in jobs:
            job.context.cancelled = True
        self._jobs.clear()
        self._waiting.clear()
        self._lines.clear()
        return jobs

    def overdue(self, now: float) -> list[Job]:
        """The jobs whose caller's deadline has passed, each returned once."""
        late = [
            job for job in self._jobs.values() if not job.context.cancelled and job.overdue(now)
        ]
        for job in late:
            job.context.cancelled = True
        return late

    def beats(self, now: float) -> list[tuple[Job, bytes]]:
        """The signs of life that are due (PROTOCOL.md 3.6)."""
        due: list[tuple[Job, bytes]] = []
        for job in list(self._jobs.values()):
            if job.beat_at is not None and now >= job.beat_at and job.request.beat is not None:
                job.beat_at = now + max(job.request.beat, MIN_BEAT)
                due.append((job, job.wire.write_beat(Beat(job.request.id))))
        return due


#: Seconds between two beats of one call, however often the client asked for them.
MIN_BEAT = 0.1
