"""When a call is tried again, and when (PROMISES in docs: idempotent calls only, under a budget).

A call of an idempotent method is tried again after an outcome that another try may better: nobody took it, a server
refused it and says when to come back, or it is not known what became of it. All attempts carry one id, so that a
server that has the call still running does not run it twice. The budget keeps retries from multiplying the load of a
fleet that is in trouble: they are at most a tenth of all calls (gRPC's retry throttling has the same aim).

Knows no clock: `now` is an argument, in monotonic seconds.
"""

from __future__ import annotations

import random as randomness
from collections.abc import Callable
from typing import TYPE_CHECKING

from rpcgen.runtime.core.envelope import LOST, Fault, Refusal
from rpcgen.runtime.errors import (
    AuthError,
    ConnectionLost,
    Draining,
    NotSent,
    Overloaded,
    Rejected,
    TooLarge,
)

if TYPE_CHECKING:
    from rpcgen.runtime.core.answers import Answer
    from rpcgen.runtime.core.call import Call

#: A call is sent so often at most, not counting how often it went to another server because one had no room.
MAX_ATTEMPTS = 3

#: Seconds: the longest pause before the second attempt, and before any.
FIRST_PAUSE = 0.1
LONGEST_PAUSE = 2.0

#: Seconds over which the budget counts; the share of calls that may be retries; and how many always may.
WINDOW = 10.0
SHARE = 0.1
LEAST = 3

#: Refusals after which another try makes sense.
_RETRYABLE = {Overloaded.code, Draining.code}


class Retries:
    """The retries of one transport.

    Args:
        random: a number from 0.0 to 1.0 at each call.
    """

    __slots__ = ("_before", "_now", "_random", "_window")

    def __init__(self, random: Callable[[], float] = randomness.random) -> None:
        self._random = random
        self._window: int = 0
        #: Calls and retries, in this half of the window and in the one before.
        self._now: list[int] = [0, 0]
        self._before: list[int] = [0, 0]

    def count(self, now: float) -> None:
        """Count a call, which adds to the budget."""
        self._turn(now)
        self._now[0] += 1

    def pause(self, call: Call, outcome: Answer | None, now: float) -> float | None:
        """Seconds after which a call of an idempotent method is to be tried again; None: it ends.

        Counts the retry. A call that may have been run before ends in doubt, whatever is certain of its last attempt.
        """
        pause = self._pause(call, outcome, now)
        if pause is None:
            if call.doubt is not None and isinstance(outcome, (Refusal, NotSent, Rejected)):
                call.answer = _still_in_doubt(call.doubt, outcome)
        elif _is_doubt(outcome):
            call.doubt = outcome
        return pause

    def _pause(self, call: Call, outcome: Answer | None, now: float) -> float | None:
        attempts = call.attempt - call.moves
        if attempts >= MAX_ATTEMPTS:
            return None
        least = _wait_of(outcome)
        if least is None:
            return None
        longest = min(LONGEST_PAUSE, FIRST_PAUSE * 2.0 ** (attempts - 1))
        pause: float = least + self._random() * longest
        if call.deadline is not None and now + pause >= call.deadline:
            return None
        if not self._may(now):
            return None
        call.attempt += 1
        return pause

    def _may(self, now: float) -> bool:
        self._turn(now)
        calls, retries = (self._now[i] + self._before[i] for i in (0, 1))
        if retries + 1 > max(LEAST, calls * SHARE):
            return False
        self._now[1] += 1
        return True

    def _turn(self, now: float) -> None:
        window = int(now / (WINDOW / 2))
        if window != self._window:
            self._before = self._now if window == self._window + 1 else [0, 0]
            self._now = [0, 0]
            self._window = window


def _wait_of(outcome: Answer | None) -> float | None:
    """Seconds that have to pass before another try makes sense; None if it never does."""
    if isinstance(outcome, Refusal):
        if outcome.code not in _RETRYABLE and outcome.retry_after is None:
            return None
        wait = outcome.retry_after or 0.0
        return wait if 0.0 <= wait < float("inf") else None
    if isinstance(outcome, (AuthError, TooLarge)):
        return None
    return 0.0 if _is_doubt(outcome) or isinstance(outcome, (NotSent, Draining)) else None


def _is_doubt(outcome: Answer | None) -> bool:
    """Whether nobody knows if the attempt ran."""
    return isinstance(outcome, ConnectionLost) or (
        isinstance(outcome, Fault) and outcome.code == LOST
    )


def _still_in_doubt(doubt: Answer, last: Refusal | NotSent | Rejected) -> ConnectionLost:
    """The end of a call whose last attempt certainly did not run, and an earlier one perhaps."""
    first = doubt.message if isinstance(doubt, Fault) else str(doubt)
    then = last.message if isinstance(last, Refusal) else str(last)
    return ConnectionLost(f"{first}; tried again: {then}")
