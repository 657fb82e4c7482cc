"""Callers take turns in a server's queue, and share its room."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from rpcgen.runtime.core.turns import Turns
from rpcgen.runtime.core.work import Work
from rpcgen.runtime.errors import Overloaded, Rejected


def job(caller: str, number: int = 0) -> Any:
    """A request of a caller."""
    return SimpleNamespace(
        caller=caller,
        number=number,
        wants_reply=True,
        kept=False,
        line=None,
        request=SimpleNamespace(id=f"{caller}{number}"),
        context=SimpleNamespace(cancelled=False),
    )


def filled(*callers: str) -> Turns:
    """Requests in the order of arrival."""
    turns = Turns()
    for number, caller in enumerate(callers):
        turns.add(job(caller, number))
    return turns


def drained(turns: Turns) -> list[tuple[str, int]]:
    """All of them, in the order in which they run."""
    found: list[Any] = []
    while turns.length:
        found.append(turns.next())
    return [(each.caller, each.number) for each in found]


def test_a_single_caller_is_served_in_order() -> None:
    """First come, first served."""
    assert drained(filled("a", "a", "a")) == [("a", 0), ("a", 1), ("a", 2)]


def test_callers_take_turns() -> None:
    """Whoever asks for one thing does not wait for all that another asked for."""
    order = drained(filled("a", "a", "a", "b", "c", "b"))
    assert order == [("a", 0), ("b", 3), ("c", 4), ("a", 1), ("b", 5), ("a", 2)]


def test_who_has_less_gets_room_from_who_has_most() -> None:
    """The last of the longest line goes; whoever has a share keeps it."""
    turns = filled("a", "a", "a", "a", "b")
    assert turns.give_way("a") is None
    given = turns.give_way("c")
    assert given is not None
    assert (given.caller, given.number) == ("a", 3)
    assert turns.length == 4
    even = filled("a", "a", "b", "b")
    assert even.give_way("a") is None
    assert filled("a", "b").give_way("c") is None


def test_what_waits_can_be_taken_out() -> None:
    """Once."""
    turns = filled("a", "b")
    waiting = job("c")
    turns.add(waiting)
    assert turns.remove(waiting)
    assert not turns.remove(waiting)
    assert drained(turns) == [("a", 0), ("b", 1)]


def test_a_full_queue_is_shared() -> None:
    """The one who fills it is refused, also what waits already; the others are taken until they have a share."""
    refused: list[tuple[str, type[Rejected]]] = []
    work = Work(1, 4, lambda job, error: refused.append((job.caller, type(error))))
    assert work.offer(job("a"))
    for number in range(1, 5):
        assert not work.offer(job("a", number))
    with pytest.raises(Overloaded):
        work.offer(job("a", 5))
    assert not work.offer(job("b", 0))
    assert not work.offer(job("b", 1))
    with pytest.raises(Overloaded):
        work.offer(job("b", 2))
    assert refused == [("a", Overloaded)] * 2
    assert (work.running, work.queued) == (1, 4)
