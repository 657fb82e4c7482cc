"""Retries are bounded, callers may give up, and a server that is asked twice to stop does not wait."""

from __future__ import annotations

import signal
import time
from concurrent.futures import Future

import pytest

from tests.chaos.asking import Asker
from tests.chaos.fleet import DIRECT, LONG, PLACES, Fleet, Fleets, in_turn, report, said, seconds
from tests.chaos.journal import Ended
from tests.chaos.process import LIMIT, Process
from tests.conformance.waiting import eventually

pytestmark = pytest.mark.timeout(120 if LONG else 40)
everywhere = pytest.mark.parametrize(("transport", "world"), PLACES)
#: Where nothing is between. A broker keeps what a server has no room for, and gives another what a dead one had.
directly = pytest.mark.parametrize(
    ("transport", "world"), [place for place in PLACES if place[0].startswith(DIRECT)]
)

#: Calls that succeed at once; of all calls the share that may be retried, and how many always may; attempts of a call.
GOOD, SHARE, LEAST, ATTEMPTS = 200, 0.1, 3, 3
#: Seconds that a call takes which its servers do not survive.
WORK = 1.0
#: How often a call is given up.
GIVEN_UP = 50 if LONG else 20


@directly
def test_servers_refuse_calls_that_may_be_retried(
    transport: str, world: str, fleets: Fleets
) -> None:
    """P3: two of three servers have no room: each call asks three times at most, and all of them as often as they may."""
    with fleets(transport, servers=3, options=in_turn(transport)) as fleet:
        fleet.serve_all((1, 2), world, concurrency=1, queue=0, drain_timeout=0.1)
        fleet.serve(3, world)
        asker = fleet.asker(world)
        _earn(asker, "s3")
        may = ("unknown", "remote")
        held = [asker.start(server=f"s{n}", seconds=25.0, timeout=20.0, may=may) for n in (1, 2)]
        fleet.runs(GOOD + len(held))
        _refused(asker, 1, 5.0).result(5.0)
        asked = _refusals(fleet)
        short = _refused(asker, 1, 0.15, "unknown").result(5.0)
        briefly = _refusals(fleet) - asked
        refused = [_refused(asker, n % 2 + 1, 3.0) for n in range(60)]
        moving = [asker.start("again", timeout=3.0) for _ in range(60)]
        ended = [call.result(10.0) for call in (*refused, *moving)]
        counted, all_asked = asker.counters(), _refusals(fleet)
        fleet.verdict()
    most = _budget(GOOD + 2 + len(ended))
    assert asked == ATTEMPTS
    assert briefly <= 2
    assert short.took <= 0.15 + 0.5
    assert all_asked == 2 + len(refused) + counted["retried"] + counted["moved"]
    assert LEAST < counted["retried"] <= most
    report(
        f"P3 two of three servers refuse, {transport} {world}",
        f"{ATTEMPTS} attempts, none after a deadline of 0.15 s, {most:g} retries of {GOOD + 2 + len(ended)} calls",
        f"{asked}, {briefly} in {short.took:.3f} s, {counted['retried']} retries, {all_asked} requests refused at the "
        f"servers, {counted['moved']} of them moved to the third",
    )


@directly
def test_servers_die_with_calls_that_may_be_retried(
    transport: str, world: str, fleets: Fleets
) -> None:
    """P3: two of three servers are killed: the third answers what may be tried again, by one id, within its deadline."""
    may = ("ok", "unknown")
    with fleets(transport, servers=3, options=in_turn(transport)) as fleet:
        fleet.serve_all((1, 2, 3), world)
        asker = fleet.asker(world)
        _earn(asker)
        calls = [
            asker.start("again", seconds=WORK, timeout=8.0, may=may, runs=ATTEMPTS)
            for _ in range(30)
        ]
        hasty = [
            asker.start("again", seconds=WORK, timeout=WORK, may=may, runs=ATTEMPTS)
            for _ in range(6)
        ]
        fleet.runs(GOOD + len(calls) + len(hasty))
        fleet.kill(1)
        fleet.runs(8, lambda run: run.attempt == 2)
        fleet.kill(2)
        ended = [call.result(15.0) for call in (*calls, *hasty)]
        following = [asker.ask("again", timeout=3.0, runs=ATTEMPTS) for _ in range(20)]
        retried = asker.counters()["retried"]
        checker = fleet.verdict()
    runs = [run for each in ended for run in checker.runs[each.ticket]]
    again = [run for run in runs if run.attempt > 1]
    most = _budget(GOOD + len(ended) + len(following))
    assert {each.got["server"] for each in following} == {"s3"}
    assert max(len(checker.runs[each.ticket]) for each in ended) <= ATTEMPTS
    assert max(run.attempt for run in runs) <= ATTEMPTS
    assert LEAST < len(again) <= retried <= most
    assert checker.latest <= 0.0
    unknown = sum(each.outcome == "unknown" for each in ended)
    report(
        f"P3 two of three servers killed, {transport} {world}",
        f"{ATTEMPTS} attempts, {most:g} retries of {GOOD + len(ended) + len(following)} calls, none late, one id",
        f"{max(run.attempt for run in runs)}, {retried} retries of which {len(again)} ran, the last {-checker.latest:.3f} s "
        f"before a deadline, {len(ended) - unknown} calls answered and {unknown} unknown",
    )


def _earn(asker: Asker, server: str | None = None) -> None:
    """Calls that succeed, of which retries may be a share."""
    calls = [asker.start("again", server=server) for _ in range(GOOD)]
    assert {call.result(10.0).outcome for call in calls} == {"ok"}


def _budget(calls: int) -> float:
    return max(LEAST, SHARE * calls)


def _refused(asker: Asker, server: int, timeout: float, *may: str) -> Future[Ended]:
    """A call that never runs."""
    return asker.start(
        "again", server=f"s{server}", timeout=timeout, may=("rejected", *may), runs=0
    )


def _refusals(fleet: Fleet) -> int:
    """Requests for which the two servers had no room."""
    return sum(fleet.counters(number)["overloaded"] for number in (1, 2))


@everywhere
def test_calls_are_given_up(transport: str, world: str, fleets: Fleets) -> None:
    """P5: their callers are free at once, and the handlers, of either world, see soon that nobody waits."""
    with fleets(transport) as fleet:
        fleet.serve(1, "blocking")
        fleet.serve(2, "asyncio")
        servers = [f"s{n % 2 + 1}" for n in range(GIVEN_UP)]
        program = fleet.program("give_up", world=world, servers=servers, seconds=20.0)
        freed, seen = zip(*(_give_up(fleet, program, n) for n in range(GIVEN_UP)), strict=True)
        measured = said(program)
        program.ended(10.0)
        for number in (1, 2):
            fleet.idle(number)
        counted = [fleet.counters(number)["cancelled"] for number in (1, 2)]
        ways = {(each.server, each.how) for each in fleet.saw()}
        fleet.verdict()
    usual = sorted(freed)[int(GIVEN_UP * 0.9)]  # one pause of the machine is one of so few
    assert ways == {("s1", "flag"), ("s2", "cancelled")}
    assert usual <= 0.05
    assert max(seen) <= 1.0
    assert measured == {"pending": 0, "cancelled": GIVEN_UP}
    assert sum(counted) == GIVEN_UP
    report(
        f"P5 {GIVEN_UP} calls given up, {transport} {world}",
        "90% of callers free in 0.05 s, every handler of both worlds told in 1 s, nothing left",
        f"{usual:.3f} s (slowest {max(freed):.3f} s), {max(seen):.3f} s, {measured['pending']} pending, both servers idle",
    )


def _give_up(fleet: Fleet, program: Process, before: int) -> tuple[float, float]:
    """Give the call up that is under way after others; the seconds until its caller is free, and its handler knows."""
    fleet.runs(before + 1)
    asked = time.monotonic()
    program.signal(signal.SIGINT)
    eventually(lambda: len(fleet.ended()) == len(fleet.saw()) == before + 1, LIMIT)
    return fleet.ended()[-1].at - asked, fleet.saw()[-1].at - asked


@everywhere
def test_a_server_is_asked_twice_to_stop(transport: str, world: str, fleets: Fleets) -> None:
    """P14: the second SIGTERM ends a long drain at once, the callers of what runs are told, and nobody else notices."""
    with fleets(transport) as fleet:
        fleet.serve(1, world, drain_timeout=20.0)
        fleet.serve(2, world)
        asker = fleet.asker(world)
        may = ("unknown", "remote")
        hit = [asker.start(server="s1", seconds=25.0, timeout=22.0, may=may) for _ in range(5)]
        others = [asker.start(server="s2", seconds=2.0) for _ in range(5)]
        fleet.runs(len(hit) + len(others))
        server = fleet.servers.pop(1)
        server.ask_to_stop()
        gone = ("not_sent", "rejected")
        eventually(
            lambda: asker.ask(server="s1", timeout=1.0, may=("ok", *gone)).outcome in gone, LIMIT
        )
        others += [asker.start() for _ in range(10)]
        assert not any(call.done() for call in hit), "the drain lasts"
        asked = time.monotonic()
        server.ask_to_stop()
        code = server.died(LIMIT)
        took = time.monotonic() - asked
        told = [call.result(5.0) for call in hit]
        others += [asker.start() for _ in range(10)]
        assert {call.result(5.0).outcome for call in others} == {"ok"}
        fleet.verdict()
    after = [each.at - asked for each in told]
    assert code == 0
    assert took <= 2.0
    assert max(after) <= 1.0
    report(
        f"P14 SIGTERM twice, {transport} {world}",
        "exit 0 in 2 s, callers told in 1 s, 0 others harmed",
        f"exit {code} in {took:.3f} s, told after {seconds(after)} ({told[0].text.split(':')[0]}), 0 of {len(others)}",
    )
