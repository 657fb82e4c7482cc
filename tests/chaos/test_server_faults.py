"""Servers are killed, stopped, frozen and missing while their clients call."""

from __future__ import annotations

import time

import pytest

from tests.chaos.asking import Asker
from tests.chaos.fleet import (
    DIRECT,
    DRAIN,
    LONG,
    PLACES,
    Fleet,
    Fleets,
    in_turn,
    keeps,
    report,
    seconds,
)
from tests.chaos.payloads import payload
from tests.conformance.waiting import eventually

pytestmark = pytest.mark.timeout(120 if LONG else 40)
everywhere = pytest.mark.parametrize(("transport", "world"), PLACES)
#: Where nothing is between; over RabbitMQ the row is in test_broker_servers.py.
directly = pytest.mark.parametrize(
    ("transport", "world"), [place for place in PLACES if place[0].startswith(DIRECT)]
)


@directly
def test_a_server_is_killed_during_calls(transport: str, world: str, fleets: Fleets) -> None:
    """F5: its callers learn it, nothing runs twice unless it may, and the next calls reach the other server."""
    with fleets(transport, options=in_turn(transport)) as fleet:
        fleet.serve_all((1, 2), world)
        asker = fleet.asker(world)
        for server in (
            "s1",
            "s2",
        ):  # known from here on: more than three retries at once would be too many
            asker.ask(server=server)
        hit = [
            asker.start(server="s1", seconds=25.0, timeout=20.0, may=("unknown",))
            for _ in range(20)
        ]
        fleet.runs(2 + len(hit))
        retried = [
            asker.start("again", seconds=25.0, only="s1", timeout=8.0, runs=3) for _ in range(4)
        ]
        fleet.runs(2 + len(hit) + len(retried))
        began = time.monotonic()
        fleet.kill(1)
        lost = [call.result(10.0).at - began for call in hit]
        again = [call.result(10.0).at - began for call in retried]
        following = [asker.ask(timeout=2.0) for _ in range(20)]
        assert {call.got["server"] for call in following} == {"s2"}
        checker = fleet.verdict()
    assert max(lost) <= 8.0
    assert max(again) > 0.0, "no idempotent call was under way"
    twice = sum(len(runs) > 1 for t, runs in checker.runs.items() if checker.began[t].runs == 1)
    report(
        f"F5 server killed, {transport} {world}",
        "unknown in 8 s, 0 second runs, next call at the other",
        f"{seconds(lost)} for {len(lost)} calls, {twice} second runs, {len(again)} idempotent ones answered after "
        f"{seconds(again)}, next 20 calls at s2 after at most {seconds([c.took for c in following])}",
    )


@directly
def test_a_server_is_killed_before_it_reads(transport: str, world: str, fleets: Fleets) -> None:
    """F5: calls that had not left end as not sent, as nobody else can run them; the others as lost. All do at once."""
    with fleets(transport, servers=1, options="hwm=26") as fleet:
        fleet.serve(1, world)
        asker = fleet.asker(world)
        asker.ask()
        early = [
            asker.start(seconds=0.1 + n / 20, timeout=30.0, may=("ok", "unknown"))
            for n in range(24)
        ]
        eventually(lambda: puts_off(asker))
        fleet.freeze(1)
        may = ("unknown", "not_sent")
        calls = [
            asker.start("carry", data=payload(2_000_000, n), timeout=30.0, may=may)
            for n in range(60)
        ]
        eventually(lambda: waits(asker))
        began = time.monotonic()
        fleet.kill(1)
        ended = [call.result(10.0) for call in (*early, *calls)]
        fleet.verdict()
    late = [call for call in ended if call.at > began]
    took = max(call.at for call in late) - began
    unsent = sum(call.outcome == "not_sent" for call in late)
    assert unsent > 0
    assert unsent < len(late)
    assert took <= 1.0
    report(
        f"F5 server killed before it reads, {transport} {world}",
        "calls that had not left are not sent, the others unknown, in 1 s",
        f"{unsent} and {len(late) - unsent}, {took:.3f} s",
    )


def puts_off(asker: Asker) -> bool:
    """Whether a client lets frames wait to leave together: where many threads wait, once one of its own polls."""
    mail = getattr(asker.transport._driver, "_mail", None)
    return mail is None or mail.staying


def waits(asker: Asker) -> bool:
    """Whether frames lie in a client because there is no room for them."""
    driver = asker.transport._driver
    return bool(driver._mail.stuck if hasattr(driver, "_mail") else driver._outbox.full)


@everywhere
def test_servers_are_stopped_under_load(transport: str, world: str, fleets: Fleets) -> None:
    """F7: one after the other, again and again, and no call fails and no cast is lost."""
    rounds = 5 if LONG else 2
    took: list[float] = []
    with fleets(transport) as fleet:
        fleet.serve_all((1, 2), world)
        clients = {"one": "blocking", "two": "asyncio"}
        programs = [
            fleet.program(
                "load", name, world=each, callers=25, seconds=0.05, keeps=keeps(transport)
            )
            for name, each in clients.items()
        ]
        for program in programs:
            program.ready()
        for turn in range(2 * rounds):
            number = turn % 2 + 1
            fleet.runs(fleet.count() + 200)
            took.append(fleet.stop(number))
            fleet.runs(fleet.count() + 100)
            fleet.serve(number, world)
        for program in programs:
            program.end_input()
            program.ended(15.0)
        checker = fleet.verdict()
    casts = [began for began in checker.began.values() if began.cast]
    stored = sum(began.kept for began in casts)
    assert bool(stored) == keeps(transport)
    report(
        f"F7 rolling SIGTERM {2 * rounds} times, {transport} {world}",
        f"0 failed calls, 0 lost casts, exit 0 in {DRAIN + 2:g} s",
        f"0 of {len(checker.began)} ({len(casts)} of them casts, {stored} of these kept), exits 0 in {seconds(took)}",
    )


@everywhere
def test_a_handler_takes_longer_than_the_drain(transport: str, world: str, fleets: Fleets) -> None:
    """F8: the server ends nevertheless, that caller is told, and nobody else notices."""
    drain = 2.0 if LONG else 0.5
    with fleets(transport) as fleet:
        fleet.serve(1, world, drain_timeout=drain)
        fleet.serve(2, world)
        asker = fleet.asker(world)
        late = asker.start(server="s1", seconds=25.0, timeout=20.0, may=("unknown", "remote"))
        short = [asker.start(server="s1", seconds=drain / 2) for _ in range(5)]
        fleet.runs(6)
        took = fleet.stop(1, drain + 2.0)
        ended = time.monotonic()
        told = late.result(5.0)
        others = [call.result(5.0) for call in short] + [asker.ask() for _ in range(10)]
        assert {call.outcome for call in others} == {"ok"}
        fleet.verdict()
    assert told.at - ended <= 1.0
    report(
        f"F8 handler longer than the drain, {transport} {world}",
        f"exit in {drain + 2:g} s, its caller told 1 s later, 0 others harmed",
        f"{took:.3f} s, told {told.at - ended:+.3f} s after the exit ({told.text.split(':')[0]}), 0 of {len(others)}",
    )


@everywhere
def test_a_server_is_frozen(transport: str, world: str, fleets: Fleets) -> None:
    """F9: callers end at their deadlines; what is overdue is not run afterwards, and what is not overdue is."""
    frozen, may = 20.0 if LONG else 4.0, ("unknown",)
    with fleets(transport, servers=1) as fleet:
        server = fleet.serve(1, world)
        asker = fleet.asker(world)
        for _ in range(5):
            asker.ask()
        # They would be answered in time, and not before it is frozen.
        running = [asker.start(seconds=2.5, timeout=3.0, may=may) for _ in range(10)]
        fleet.runs(5 + len(running))
        fleet.freeze(1)
        stopped = time.monotonic()
        waiting = [asker.start(timeout=1.0, may=may) for _ in range(30)]
        ended = [call.result(10.0) for call in (*running, *waiting)]
        while time.monotonic() < stopped + frozen:  # how long it lasts is the fault itself
            time.sleep(0.05)
        fleet.thaw(1)
        began = time.monotonic()
        prompt = [asker.ask(timeout=frozen / 2) for _ in range(10)]
        assert {call.outcome for call in prompt} == {"ok"}
        back = prompt[0].at - began
        fleet.idle(1)
        # Without a broker a connection ends when it has been silent for 8 s, and answers go nowhere.
        kept = frozen < 8.0 or keeps(transport)
        late = all_late(fleet, asker) if kept else asker.transport.counters.late
        counted = fleet.counters(1)
        tickets = {asked.ticket for asked in ended[len(running) :]}
        ran = fleet.count(lambda run: run.ticket in tickets)
        fleet.verdict()
    took = [call.took for call in ended]
    assert ran == 0
    assert late >= len(tickets) or not kept
    assert back <= 6.0
    assert "blocked" not in server.complaints(), "no handler is to blame"
    report(
        f"F9 server frozen for {frozen:g} s, {transport} {world}",
        "calls end 0.5 s after their deadlines of 3 s and 1 s, 0 run afterwards, late answers dropped and counted, first success in 6 s",
        f"{seconds(took[: len(running)])} and {seconds(took[len(running) :])}, {ran} of {len(tickets)} ran, {counted['stale']} refused as stale and "
        f"{counted['expired']} as expired, {late} late replies dropped, success after {back:.3f} s",
    )


def all_late(fleet: Fleet, asker: Asker) -> int:
    """Wait until a client has counted as late all that its server answered, and nobody waited for; how many these were."""
    client = asker.transport.counters
    known = client.replies + client.rejected
    eventually(lambda: client.late == fleet.counted(1, "answered") - known)
    return client.late


@everywhere
def test_no_server_is_there_at_first(transport: str, world: str, fleets: Fleets) -> None:
    """F4: calls end as not sent, and the same client finds the server when it comes."""
    with fleets(transport, servers=1) as fleet:
        asker = fleet.asker(world)
        first = [asker.ask(timeout=1.0, may=("not_sent",)) for _ in range(3)]
        fleet.serve(1, world)
        began = time.monotonic()
        while asker.ask(timeout=1.0, may=("ok", "not_sent")).outcome != "ok":
            assert time.monotonic() < began + 6.0
        found = time.monotonic() - began
        fleet.verdict()
    assert max(call.took for call in first) <= 1.5
    report(
        f"F4 no server at first, {transport} {world}",
        "not sent in 1 s (deadline 1 s + 0.5 s), success in 6 s",
        f"{seconds([call.took for call in first])}, {found:.3f} s",
    )
