"""What leaves a server: answers, by the way that their requests came, and the count of them. Knows no handlers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rpcgen.runtime.core.envelope import LOST, Fault
from rpcgen.runtime.core.job import Job
from rpcgen.runtime.core.wires.wire import Wire
from rpcgen.runtime.counters import ServerCounters
from rpcgen.runtime.deliveries import Caller
from rpcgen.runtime.errors import BadResult, ConnectionLost, TooLarge


class Source:
    """Where requests come from and answers leave by: a listener, and the wire that is spoken there."""

    __slots__ = ("listener", "wire")

    def __init__(self, listener: Any, wire: Wire) -> None:
        self.listener = listener
        self.wire = wire


#: Sends a frame back to a caller by the way it came; False if the caller is gone.
Answer = Callable[[Source, Caller, bytes], bool]


class Answering:
    """Sends and counts."""

    def __init__(self, answer: Answer) -> None:
        self.counters = ServerCounters()
        self._answer = answer

    def doubt(self, job: Job, why: str) -> None:
        """Tell a caller that its request may have been run, or in part."""
        error = ConnectionLost(why)
        fault = Fault(job.request.id, LOST, type(error).__name__, why)
        self.send(job.source, job.caller, job.wire.write_fault(fault, error))

    def reply(self, job: Job, frame: bytes) -> None:
        """Send a job's answer; the caller learns when it is too large to travel."""
        try:
            sent = self._answer(job.source, job.caller, frame)
        except TooLarge as error:
            self.send(job.source, job.caller, job.failure(BadResult(str(error)))[0])
        else:
            self._count_answer(sent)

    def send(self, source: Source, caller: Caller, frame: bytes) -> None:
        """Send a frame to a caller; one that is gone, or that the frame is too large for, is counted."""
        try:
            sent = self._answer(source, caller, frame)
        except TooLarge:  # a limit below our own refusals: nothing smaller could be said
            sent = False
        self._count_answer(sent)

    def _count_answer(self, sent: bool) -> None:
        if sent:
            self.counters.answered += 1
        else:
            self.counters.unanswered += 1

    def count_unsent(self) -> None:
        """A driver could not hand over an answer that it had taken."""
        self.counters.unanswered += 1
