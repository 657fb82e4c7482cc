"""What a server decides about arriving frames and finished handlers, the same for both worlds.

The shells own threads, tasks and clocks; this owns the dispatcher, the work and the counters.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from typing import Any

import msgspec

# What is for messages that do not fit, or of other versions, is here before the first one comes: then there may be no
# file to open.
from rpcgen.runtime.core import alike, finite, keys, walk  # noqa: F401  # pyright: ignore[reportUnusedImport]
from rpcgen.runtime.core.answering import Answer, Answering, Source
from rpcgen.runtime.core.codec import DECODE_ERRORS
from rpcgen.runtime.core.dispatch import Dispatcher
from rpcgen.runtime.core.drifts import Drifts
from rpcgen.runtime.core.envelope import CALL, LOST, Cancel, Request
from rpcgen.runtime.core.job import Job
from rpcgen.runtime.core.once import unavailable
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.presence import AWAY, Presence
from rpcgen.runtime.core.repeats import Repeats, more
from rpcgen.runtime.core.results import refusal, text_of
from rpcgen.runtime.core.seen import Gaps, Seen
from rpcgen.runtime.core.settings import ServerSettings
from rpcgen.runtime.core.settling import may_have_run, settle
from rpcgen.runtime.core.traces import shorten
from rpcgen.runtime.core.versions import lower  # noqa: F401  # pyright: ignore[reportUnusedImport]
from rpcgen.runtime.core.wires.wire import Wire
from rpcgen.runtime.core.work import State, Work
from rpcgen.runtime.deliveries import Caller, Delivery
from rpcgen.runtime.endpoint import Served
from rpcgen.runtime.errors import (
    BadResult,
    Draining,
    Expired,
    Overloaded,
    Rejected,
    Stale,
)
from rpcgen.runtime.room import Room
from rpcgen.runtime.target import Target

log = logging.getLogger("rpcgen.server")
log.addFilter(shorten)


#: What goes through whatever runs handlers, and ends it, or a coroutine that is thrown away; all else is their failure.
LOOP_ENDS = (KeyboardInterrupt, GeneratorExit)


class Serving(Answering):
    """One server's decisions. `accept` and `finish` are called under the shell's lock, if it has threads."""

    #: What logs call a message that nobody answers.
    noun = "cast"

    def __init__(
        self, endpoints: Sequence[Served], settings: ServerSettings, answer: Answer
    ) -> None:
        super().__init__(answer)
        self.settings = settings
        self.work = Work(settings.concurrency, settings.queue, self._displace)
        self.presence = Presence()
        self.dispatcher = self._table(endpoints)
        self._drifts = Drifts()
        self._repeats = Repeats()
        self._seen = Seen()
        self._gaps = Gaps()

    def _table(self, endpoints: Sequence[Served]) -> Dispatcher:
        settings = self.settings
        codecs = OpaqueCodecs(settings.codecs)
        return Dispatcher(endpoints, codecs, settings.converters, debug=settings.debug)

    def room(self, kept: tuple[Target, ...], ordered: tuple[Target, ...]) -> Room:
        """How much it takes, and where messages come that transports have to treat apart."""
        return Room(self.settings.concurrency, self.settings.queue, kept, ordered)

    # --- arriving -------------------------------------------------------------------------------------------------

    def accept(self, source: Source, caller: Caller, frame: bytes, now: float) -> Job | None:
        """Take a frame: the job that is to run now, if there is one."""
        # In one piece, as each request passes it: a call of a function of ours costs as much as a hundredth of a cast.
        wire = source.wire
        delivery = caller if isinstance(caller, Delivery) else None
        try:
            message = wire.read_request(frame)
        except DECODE_ERRORS as error:
            return self._read_otherwise(source, caller, frame, now, error)
        if isinstance(message, Cancel):
            settle(delivery)
            self._cancelled(caller, message)
            return None
        self.counters.received += 1
        attempt = message.attempt
        if delivery is not None:
            attempt += delivery.attempt - 1
            if self._holds(delivery, message):
                return None
        if self._seen.again(message.id, attempt):
            # Not answered: what is said to it would be taken for the answer to the first.
            self.counters.repeated += 1
            settle(delivery)
            return None
        if message.fanout is not None:
            self.counters.missed += self._gaps.heard(*message.fanout)
        try:
            entry = self.dispatcher.entry(message)
            if delivery is not None and delivery.copied:
                attempt += 1  # another server may have run the other copy; this one has not
            job = entry.job(message, caller, delivery, source, wire, now, attempt)
            if entry.immediate:
                self._run_now(job, now)
                return None
            if delivery is not None and may_have_run(job, delivery):
                self._lost(job)
                return None
            if now > self.presence.sure_until:
                self.presence.check(caller, message, now)
            if entry.method.order is not None:
                job.find_line()
            runs = self.work.offer(job)
        except Rejected as error:
            self._turn_away(source, caller, message, wire, error, now)
            return None
        if message.fingerprint and message.fingerprint != entry.fingerprint and job.drifted():
            self.counters.drifted += 1
            self._drifts.note(job)
        return job if runs else None

    def _read_otherwise(
        self, source: Source, caller: Caller, frame: bytes, now: float, error: Exception
    ) -> Job | None:
        """Take a frame that the usual wire cannot read: maybe it is of another."""
        other = source.wire.of(frame)
        if other is not source.wire:
            return self.accept(Source(source.listener, other), caller, frame, now)
        self.counters.unreadable += 1
        if isinstance(caller, Delivery):
            caller.discard(f"it cannot be read: {error}")
        return None

    def _holds(self, delivery: Delivery, message: Request) -> bool:
        """Whether a request that was delivered again is one that we hold: it then stands for both."""
        holds = delivery.redelivered and self.work.adopt(delivery, message.id)
        if holds:
            self.counters.repeated += 1
        return holds

    def _turn_away(
        self,
        source: Source,
        caller: Caller,
        message: Request,
        wire: Wire,
        error: Rejected,
        now: float,
    ) -> None:
        self._count(error)
        if message.how == CALL:
            self.send(source, caller, wire.write_refusal(refusal(message.id, error), message))
        else:
            self._log(REFUSED, message.method, type(error).__name__, now, error)
        # Else, where this server has ended, its transport gives it to another one.
        if isinstance(caller, Delivery) and self.work.state is not State.CLOSED:
            settle(caller, str(error), hopeless=isinstance(error, Expired))

    def _cancelled(self, caller: Caller, message: Cancel) -> None:
        job = self.work.cancel(caller, message.id)
        self.counters.cancelled += 1
        if job is None:
            return
        if not job.started:
            settle(job.delivery)
        if job.task is not None:
            job.task.cancel()

    def _lost(self, job: Job) -> None:
        """A server had this request, and may have run it: it is not to run twice, and its caller learns it now."""
        self.counters.redelivered += 1
        request = job.request
        if request.how == CALL:
            self.doubt(job, "the server that had this request went away, and may have run it")
        else:
            self._log(GONE, request.method, LOST, job.arrived, "")
        settle(job.delivery)

    def _run_now(self, job: Job, now: float) -> None:
        """Handle what is answered by whoever reads it."""
        try:
            arguments = self.arguments(job, now)
            value = job.entry.call(job.context, arguments)
        except Exception as error:
            self.failed(job, error)
        else:
            self.done(job, value)

    # --- running --------------------------------------------------------------------------------------------------

    def arguments(self, job: Job, now: float) -> msgspec.Struct:
        """The handler's arguments; interceptors have seen them.

        Raises:
            Rejected: it expired while it waited, or its arguments do not fit.
        """
        if job.expires is not None and now >= job.expires:
            raise job.expired()
        arguments = job.read
        if arguments is None:
            arguments = job.entry.arguments(job.request, job.wire.codec)
        if self.settings.interceptors and not job.entry.immediate:
            for interceptor in self.settings.interceptors:
                interceptor.before_handle(job.context, arguments)
        job.started = True
        return arguments

    def arguments_beside(self, job: Job, clock: Callable[[], float]) -> msgspec.Struct:
        """As `arguments`, on a thread beside which others may let go of the job; raises LetGo if they have."""
        arguments = self.arguments(job, clock())
        self.begin_beside(job, clock)
        return arguments

    def begin_beside(self, job: Job, clock: Callable[[], float]) -> None:
        """Say on such a thread that the handler begins; raises Rejected if it is not to."""
        job.started = True
        if job.context.cancelled:  # asked only now: who lets go looks in the other order
            job.started = False
            if job.expires is not None and clock() >= job.expires:
                raise job.expired()
            raise LetGo("nobody waits for it any more")

    def done(self, job: Job, value: Any) -> None:
        """A handler returned: answer, if somebody waits."""
        frame = b""
        if job.request.how == CALL and job.awaited:
            try:
                frame = job.within(job.reply, value)
            except BadResult as bad:
                self._failed(job, bad)
                settle(job.delivery)
                return
        self.counters.handled += 1
        if self.settings.interceptors:
            self._after(job, None)
        if frame:
            self.reply(job, frame)
        if job.delivery is not None:
            settle(job.delivery)

    def committed(self, job: Job, answer: bytes) -> None:
        """A handler returned, and what it did was committed: answer, if somebody waits."""
        self.counters.handled += 1
        self._after(job, None)
        if answer and job.awaited:
            self.reply(job, answer)
        settle(job.delivery)

    def again(self, job: Job, answer: bytes) -> None:
        """What a message asks for was committed before: it is not run, and answered as it was then, if somebody waits."""
        self.counters.committed += 1
        if answer and job.awaited:
            self.reply(job, answer)
        settle(job.delivery)

    def key(self, job: Job) -> bytes:
        """What the store knows a message by."""
        return job.request.id + self.settings.scope

    def no_store(self, job: Job, error: Exception) -> Rejected:
        """A transaction could not be begun: what becomes of the message."""
        return unavailable(job, self._repeats, error)

    def failed(self, job: Job, error: BaseException) -> None:
        """A handler, or what comes before it, raised: answer, if somebody waits, and log what nobody expects."""
        if isinstance(error, LetGo):  # its caller was told, or has told us
            self._after(job, error)
        else:
            self._failed(job, error)
        if not (job.kept and self.work.state is State.CLOSED):
            hopeless = isinstance(error, Expired) and not job.started
            settle(job.delivery, f"{type(error).__name__}: {text_of(error)}", hopeless=hopeless)

    def _failed(self, job: Job, error: BaseException) -> None:
        self._after(job, error)
        # A Rejected out of a handler is another server's: to pass it on would prove that ours did not run.
        if isinstance(error, Rejected) and not job.started:
            self._refuse(job, error, replies=job.awaited)
            return
        frame, declared = job.within(job.failure, error)
        if declared:
            self.counters.declared += 1
        else:
            self.counters.failed += 1
            job.within(_tell, job, error)
        if job.awaited:
            self.reply(job, frame)

    def _refuse(self, job: Job, error: Rejected, *, replies: bool) -> None:
        """A job ends before its handler began: who waits is told, and of what nobody waits for, the log tells."""
        self._count(error)
        if replies:
            self.reply(job, job.refuse(error))
        elif not job.wants_reply:
            self._log(REFUSED, job.request.method, type(error).__name__, job.arrived, error)

    def _displace(self, job: Job, error: Rejected) -> None:
        """A job that waited makes room for another caller's."""
        self._refuse(job, error, replies=job.awaited)
        settle(job.delivery)

    def _log(self, text: str, method: str, kind: str, now: float, why: object) -> None:
        """Nobody hears what became of a cast, so the log says it, as often as a log may; all of it at DEBUG."""
        shown = ascii(method[:64])  # it may be as long as a message, and `Repeats` keeps it
        held = self._repeats.worth(now, shown, kind)
        level = logging.DEBUG if held is None else logging.WARNING
        log.log(level, text, self.noun, shown, why, more(held or 0))

    def _after(self, job: Job, error: BaseException | None) -> None:
        if job.entry.immediate:  # they were not asked before it, either
            return
        for interceptor in reversed(self.settings.interceptors):
            try:
                job.within(interceptor.after_handle, job.context, error)
            except LOOP_ENDS:
                raise
            except BaseException:
                log.exception("an interceptor failed after %s", job.request.method)

    # --- the clock, and the end ------------------------------------------------------------------------------------

    def tick(self, now: float) -> float:
        """Do what is due by the clock: signs of life, and the end of what nobody waits for any more.

        To be called from when the server reads until it stops, by whoever keeps it reading; the seconds until the next
        time are returned.
        """
        self.presence.here(now)
        for job, frame in self.work.beats(now):
            self.send(job.source, job.caller, frame)
        for job in self.work.overdue(now):
            if job.task is not None:
                job.task.cancel()
        return TICK if self.work.held else IDLE_TICK

    def abandon(self) -> int:
        """The drain's time is over: tell every caller that still waits, and let go. What has not begun never will."""
        jobs = self.work.abandon()
        for job in jobs:
            if not job.started and not job.kept:  # another server may take it
                error = Draining("this server stopped before it could run")
                self._refuse(job, error, replies=job.wants_reply)
            elif job.wants_reply:
                self.doubt(job, "the server stopped before this request was done")
            if not job.kept:  # else its transport gives it to another server
                settle(job.delivery)
            if job.task is not None:
                job.task.cancel()
        return len(jobs)

    def _count(self, error: Rejected) -> None:
        self.counters.rejected += 1
        if isinstance(error, Overloaded):
            self.counters.overloaded += 1
        elif isinstance(error, Expired):
            self.counters.expired += 1
        elif isinstance(error, Stale):
            self.counters.stale += 1


class LetGo(Rejected):
    """Nobody waits for the request any more, and its handler never began."""


def _tell(job: Job, error: BaseException) -> None:
    method, request_id = job.request.method, ascii(job.context.request_id)
    log.error("%s failed (%s)", method, request_id, exc_info=error)


#: What the log says of messages that nobody waits for: noun, name, reason, and how often it was held back.
REFUSED = "refused %s %s: %s%s"
GONE = "%s %s was lost with the server that had it%s%s"

#: Seconds for which a stopping server goes on reading: what clients sent before they heard of it is still taken.
GRACE = 0.05

#: Seconds between two looks at the clock while there is work, and while there is none.
TICK = 0.1
IDLE_TICK = AWAY / 2
