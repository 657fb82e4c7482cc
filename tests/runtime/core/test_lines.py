"""Requests with the same key are handled one after the other, however those before them end."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest
from rpcgen.runtime.core.work import Work
from rpcgen.runtime.errors import Overloaded, Rejected


def job(number: int, line: str | None, caller: str = "a") -> Any:
    """A request with a key."""
    return SimpleNamespace(
        caller=caller,
        number=number,
        line=line,
        wants_reply=True,
        kept=False,
        request=SimpleNamespace(id=number),
        context=SimpleNamespace(cancelled=False),
    )


class Refused(list[tuple[int, type[Rejected]]]):
    """Requests that had to give way."""

    def __call__(self, job: Any, error: Rejected) -> None:
        self.append((job.number, type(error)))


def drained(work: Work, *running: Any) -> list[int]:
    """What runs as those that run are finished, and so on."""
    found: list[int] = []
    waiting = list(running)
    while waiting:
        following: Any = work.finish(waiting.pop(0))
        if following is not None:
            found.append(following.number)
            waiting.append(following)
    assert (work.running, work.queued) == (0, 0)
    return found


def test_the_first_runs_and_the_others_wait_behind_it() -> None:
    """Also while handlers are free; other keys, and none, do not wait."""
    work = Work(4, 10, Refused())
    jobs = [job(number, line) for number, line in enumerate(["x", "x", "y", None, "x", "y", None])]
    assert [work.offer(each) for each in jobs] == [True, False, True, True, False, False, True]
    assert (work.running, work.queued) == (4, 3)
    assert work.finish(jobs[0]) is jobs[1]
    assert work.finish(jobs[1]) is jobs[4]
    assert work.finish(jobs[4]) is None
    assert drained(work, jobs[2], jobs[3], jobs[6]) == [5]


def test_the_first_of_a_line_waits_for_a_handler_as_others_do() -> None:
    """A line has its turn, and no more than that."""
    work = Work(1, 10, Refused())
    jobs = [job(0, None), job(1, "x"), job(2, "x"), job(3, None), job(4, "y")]
    assert [work.offer(each) for each in jobs] == [True, False, False, False, False]
    assert drained(work, jobs[0]) == [1, 3, 4, 2]


@pytest.mark.parametrize("gone", [1, 2, 3])
def test_whoever_gives_up_leaves_the_line(gone: int) -> None:
    """As the first, in the middle, and as the last."""
    work = Work(1, 10, Refused())
    jobs = [job(0, None), job(1, "x"), job(2, "x"), job(3, "x")]
    for each in jobs:
        work.offer(each)
    assert work.cancel("a", jobs[gone].request.id) is jobs[gone]
    assert work.cancel("a", jobs[gone].request.id) is None
    assert drained(work, jobs[0]) == [number for number in (1, 2, 3) if number != gone]


def test_a_handler_that_is_cancelled_keeps_its_line_until_it_has_ended() -> None:
    """It still runs."""
    work = Work(2, 10, Refused())
    jobs = [job(0, "x"), job(1, "x")]
    for each in jobs:
        work.offer(each)
    assert work.cancel("a", jobs[0].request.id) is jobs[0]
    assert (work.running, work.queued) == (1, 1)
    assert drained(work, jobs[0]) == [1]


def test_a_line_is_no_longer_than_the_queue() -> None:
    """What is too much is refused, although handlers are free."""
    work = Work(8, 2, Refused())
    for number in range(3):
        work.offer(job(number, "x"))
    with pytest.raises(Overloaded):
        work.offer(job(3, "x"))
    assert work.offer(job(4, "y"))


def test_a_long_line_gives_way() -> None:
    """One key that takes all of the queue leaves room for other callers, and for as long as it is the longer."""
    refused = Refused()
    work = Work(1, 4, refused)
    first = job(0, "x")
    assert work.offer(first)
    for number in range(1, 5):
        assert not work.offer(job(number, "x"))
    with pytest.raises(Overloaded):
        work.offer(job(5, "x", "b"))
    assert not work.offer(job(6, None, "b"))
    assert not work.offer(job(7, "y", "b"))
    with pytest.raises(Overloaded):
        work.offer(job(8, None, "b"))
    assert refused == [(4, Overloaded), (3, Overloaded)]
    assert drained(work, first) == [6, 1, 7, 2]


def test_the_first_of_a_line_may_have_to_give_way() -> None:
    """Then the next one of its line takes its place."""
    refused = Refused()
    work = Work(1, 4, refused)
    running = job(0, None)
    assert work.offer(running)
    for number, line in ((1, None), (2, None), (3, "x"), (4, "x")):
        assert not work.offer(job(number, line))
    assert not work.offer(job(5, None, "b"))
    assert refused == [(3, Overloaded)]
    assert drained(work, running) == [1, 5, 2, 4]


def test_letting_go_of_everything_forgets_the_lines() -> None:
    """What still runs then ends without a next."""
    work = Work(1, 4, Refused())
    jobs = [job(0, "x"), job(1, "x"), job(2, "y")]
    for each in jobs:
        work.offer(each)
    assert work.abandon() == jobs
    assert work.queued == 0
    assert work.finish(jobs[0]) is None
