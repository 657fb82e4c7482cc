"""Which outcomes are tried again, after which pauses, and within which budget."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from rpcgen.runtime import (
    AuthError,
    ConnectionLost,
    DeadlineExceeded,
    Draining,
    NotSent,
    TooLarge,
)
from rpcgen.runtime.core.envelope import Fault, Refusal
from rpcgen.runtime.core.retries import FIRST_PAUSE, LEAST, MAX_ATTEMPTS, WINDOW, Retries

ID = b"i" * 16


def call(*, deadline: float | None = None, attempt: int = 1) -> Any:
    """What the budget looks at of a call."""
    return SimpleNamespace(deadline=deadline, attempt=attempt, moves=0, answer=None, doubt=None)


TRIED: list[Any] = [
    NotSent("nobody"),
    ConnectionLost("gone"),
    Fault(ID, "lost", "ConnectionLost", "gone"),
    Refusal(ID, "overloaded", "full"),
    Refusal(ID, "expired", "late", retry_after=0.0),
]


@pytest.mark.parametrize("outcome", TRIED)
def test_what_may_get_better_is_tried_again(outcome: Any) -> None:
    """So often at most; the attempt is counted in the call."""
    retries = Retries(lambda: 0.5)
    made = call()
    assert retries.pause(made, outcome, 0.0) == FIRST_PAUSE / 2
    assert retries.pause(made, outcome, 0.0) == FIRST_PAUSE
    assert made.attempt == MAX_ATTEMPTS
    assert retries.pause(made, outcome, 0.0) is None


FINAL: list[Any] = [
    None,
    AuthError("no"),
    TooLarge("big"),
    DeadlineExceeded("late"),
    Refusal(ID, "unknown_method", "what"),
    Refusal(ID, "overloaded", "full", retry_after=float("inf")),
    Fault(ID, "raised", "ValueError", "x"),
]


@pytest.mark.parametrize("outcome", FINAL)
def test_what_will_not_get_better_is_not(outcome: Any) -> None:
    """Nor what did run."""
    assert Retries().pause(call(), outcome, 0.0) is None


@pytest.mark.parametrize("doubt", [ConnectionLost("gone"), Fault(ID, "lost", "X", "gone")])
@pytest.mark.parametrize(
    "last", [NotSent("nobody"), Refusal(ID, "draining", "nobody"), Draining("nobody")]
)
def test_what_may_have_run_before_ends_in_doubt(doubt: Any, last: Any) -> None:
    """However certain it is that the last attempt did not: its end must not say that nothing was executed."""
    retries, made = Retries(lambda: 0.0), call(deadline=10.0)
    assert retries.pause(made, doubt, 0.0) == 0.0
    made.answer = last if isinstance(last, Refusal) else None
    assert retries.pause(made, last, 10.0) is None
    assert isinstance(made.answer, ConnectionLost)
    assert str(made.answer) == "gone; tried again: nobody"


@pytest.mark.parametrize("last", [Fault(ID, "raised", "X", "x"), DeadlineExceeded("late")])
def test_what_is_known_at_last_is_told(last: Any) -> None:
    """An attempt that ran, or one that is in doubt itself, ends the call as it is."""
    retries, made = Retries(lambda: 0.0), call()
    retries.pause(made, ConnectionLost("gone"), 0.0)
    made.answer = last
    assert retries.pause(made, last, 0.0) is None
    assert made.answer is last


def test_a_server_says_when_to_come_back() -> None:
    """Its word is the least."""
    refusal = Refusal(ID, "overloaded", "full", retry_after=0.7)
    assert Retries(lambda: 0.0).pause(call(), refusal, 0.0) == 0.7


def test_no_pause_goes_beyond_the_deadline() -> None:
    """There is no time to wait and to be answered."""
    retries = Retries(lambda: 1.0)
    assert retries.pause(call(deadline=10.05), NotSent(), 10.0) is None
    assert retries.pause(call(deadline=11.0), NotSent(), 10.0) is not None


def test_retries_are_a_tenth_of_the_calls() -> None:
    """A few always may; then it takes ten calls for one, all of them; what is long ago does not count."""
    retries = Retries(lambda: 0.0)

    def allowed(now: float) -> int:
        count = 0
        while retries.pause(call(), NotSent(), now) is not None:
            count += 1
        return count

    assert allowed(0.0) == LEAST
    for _ in range(109):
        retries.count(0.1)
    assert allowed(0.1) == 10 - LEAST
    assert allowed(2 * WINDOW) == LEAST
