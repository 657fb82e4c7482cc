"""Servers at RabbitMQ are killed with work in their hands."""

from __future__ import annotations

import time

import pytest

from tests.chaos.asking import SILENCE
from tests.chaos.fleet import LONG, Fleets, report, seconds
from tests.conformance.waiting import eventually

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.parametrize("world", ["blocking", "asyncio"]),
]


def test_a_server_is_killed_during_calls(world: str, fleets: Fleets) -> None:
    """F5: the broker hands them to the other, which tells their callers; none runs twice unless it may."""
    with fleets("amqp") as fleet:
        fleet.serve(1, world)
        asker = fleet.asker(world)
        asker.ask()
        hit = [asker.start(seconds=30.0, timeout=30.0, may=("unknown",)) for _ in range(20)]
        retried = [
            asker.start("again", seconds=30.0, only="s1", timeout=30.0, runs=3) for _ in range(20)
        ]
        fleet.runs(1 + len(hit) + len(retried))
        fleet.serve(2, world)
        began = time.monotonic()
        fleet.kill(1)
        lost = [call.result(10.0).at - began for call in hit]
        again = [call.result(10.0).at - began for call in retried]
        following = [asker.ask(timeout=2.0) for _ in range(20)]
        checker = fleet.verdict()
    twice = sum(len(checker.runs[call.result().ticket]) > 1 for call in hit)
    report(
        f"F5 server killed, amqp {world}",
        "unknown in 2 s, 0 second runs, idempotent calls answered by the other, next call at the other",
        f"{seconds(lost)} for {len(lost)} calls, {twice} second runs, {len(again)} idempotent ones answered after "
        f"{seconds(again)}, next {len(following)} calls after at most {seconds([each.took for each in following])}",
    )
    assert {each.got["server"] for each in following} == {"s2"}
    assert max(lost) <= 2.0
    assert max(again) <= 10.0


def test_the_only_server_is_killed_during_calls(world: str, fleets: Fleets) -> None:
    """F5: its queue goes with it, and what it had; callers are told at their deadlines, or when it is silent."""
    timeout = 8.0 if LONG else 3.0
    with fleets("amqp", servers=1) as fleet:
        fleet.serve(1, world)
        asker = fleet.asker(world)
        asker.ask()
        hit = [asker.start(seconds=30.0, timeout=timeout, may=("unknown",)) for _ in range(20)]
        watched = [
            asker.start("watch", seconds=30.0, timeout=30.0, may=("unknown",)) for _ in range(20)
        ]
        fleet.runs(1 + len(hit) + len(watched))
        fleet.kill(1)
        killed = time.monotonic()
        eventually(lambda: f"{fleet.prefix}.call/test/errand" not in fleet.broker.queues())
        following = asker.ask(timeout=5.0, may=("not_sent",))
        ended = [call.result(timeout + 5.0) for call in hit]
        missed = max(call.result(SILENCE + 5.0).at for call in watched) - killed
        fleet.verdict()
    late = max(each.took for each in ended) - timeout
    report(
        f"F5 the only server killed, amqp {world}",
        f"unknown 0.5 s after the deadline ({timeout:g} s) or the silence of what is watched ({SILENCE:g} s), the next call "
        "not sent in 1 s",
        f"{late:+.3f} s, {missed:.3f} s, {following.took:.3f} s",
    )
    assert missed <= SILENCE + 0.5
    assert late <= 0.5
    assert following.took <= 1.0


def test_a_server_is_killed_with_kept_casts_in_its_hands(world: str, fleets: Fleets) -> None:
    """F6: all of them run at the other, and say that it is not for the first time."""
    count = 40
    with fleets("amqp") as fleet:
        fleet.serve(1, world)
        asker = fleet.asker(world)
        casts = [asker.start("keep", seconds=60.0, only="s1", timeout=10.0) for _ in range(count)]
        tickets = [cast.result(15.0).ticket for cast in casts]
        fleet.runs(count)
        fleet.serve(2, world)
        began = time.monotonic()
        fleet.kill(1)
        fleet.runs(count, lambda run: run.server == "s2")
        again = [run for run in fleet.ran() if run.server == "s2"]
        fleet.verdict()
    took = max(run.at for run in again) - began
    report(
        f"F6 server killed with {count} kept casts in its hands, amqp {world}",
        "0 lost, all run at the other in 10 s, flagged",
        f"{count - len(again)} lost, {took:.3f} s, attempts {sorted({run.attempt for run in again})}",
    )
    assert sorted(run.ticket for run in again) == sorted(tickets)
    assert {run.attempt for run in again} == {2}
    assert took <= 10.0
