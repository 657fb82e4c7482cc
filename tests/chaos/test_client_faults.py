"""Clients are killed, cancel, fork, close and leave; and more of them call than a server can take."""

from __future__ import annotations

import threading
import time
from collections.abc import Generator
from concurrent.futures import Future
from contextlib import contextmanager

import psutil
import pytest

from tests.chaos.fleet import LONG, PLACES, Fleet, Fleets, report, said, seconds
from tests.chaos.forks import CALLS, CHILDREN, HOW, OWN, UNDER_WAY
from tests.chaos.journal import Ended
from tests.chaos.process import LIMIT
from tests.chaos.proxy import Proxy, blackhole
from tests.conformance.waiting import eventually

pytestmark = [
    pytest.mark.timeout(120 if LONG else 40),
    pytest.mark.parametrize(("transport", "world"), PLACES),
]


def test_a_client_is_killed_during_calls(transport: str, world: str, fleets: Fleets) -> None:
    """F10: the server finishes or cancels what it asked for, and nothing of it is left."""
    with fleets(transport, servers=1) as fleet:
        server = psutil.Process(fleet.serve(1, world).pid)
        asker = fleet.asker(world)
        asker.ask()
        before = server.num_fds()
        program = fleet.program("calls", world=world, count=50, seconds=0.5, timeout=10.0)
        program.ready()
        fleet.runs(1 + 50)
        fleet.kill_program(program, "p")
        began = time.monotonic()
        fleet.idle(1)
        idle = time.monotonic() - began
        eventually(lambda: server.num_fds() <= before, LIMIT)
        closed = time.monotonic() - began
        asker.ask()
        lines = fleet.servers[1].complaints().strip().splitlines()
        fleet.verdict()
    assert closed <= 5.0
    assert len(lines) <= 1
    report(
        f"F10 client killed, {transport} {world}",
        "0 second runs, idle and its descriptors closed in 5 s, 1 line in the log",
        f"0 of 50, idle after {idle:.3f} s, closed after {closed:.3f} s, {len(lines)} lines",
    )


def test_replies_come_too_late(transport: str, world: str, fleets: Fleets) -> None:
    """F11: a reply that comes after its caller has gone is matched to no other call."""
    count = 10_000 if LONG else 1_000
    with fleets(transport, servers=1) as fleet:
        fleet.serve(1, "blocking")
        asker = fleet.asker(world)
        asker.ask()
        late, good = [], []
        counters = asker.transport.counters
        while len(late) < count // 2 or not counters.late:
            calls = [
                asker.start(
                    seconds=0.016 + n / 3000,
                    timeout=0.02,
                    may=("ok", "unknown", "rejected", "not_sent"),
                )
                for n in range(20)  # of some the answer crosses the word that nobody waits for it
            ]
            good += [asker.start(timeout=5.0) for _ in range(20)]
            late += [call.result(5.0).outcome for call in calls]
        assert {call.result(5.0).outcome for call in good} == {"ok"}
        fleet.idle(1)
        asker.ask()
        # A server counts an answer when it has left.
        known = counters.replies + counters.rejected
        eventually(lambda: counters.late == fleet.counted(1, "answered") - known)
        fleet.verdict()
    missed = late.count("unknown")
    assert counters.late <= missed
    report(
        f"F11 late replies, {transport} {world}",
        "0 matched to another call, as many counted as came",
        f"0 of {2 * len(late)} calls, {missed} ended at their deadline, {counters.late} replies dropped and counted",
    )


def test_more_is_asked_than_a_server_can_do(transport: str, world: str, fleets: Fleets) -> None:
    """F12: what is too much is refused at once, and as much is done as without it."""
    length, handler, limit = 20.0 if LONG else 4.0, 0.1, 10
    with fleets(transport, servers=1) as fleet:
        server = psutil.Process(fleet.serve(1, world, concurrency=limit, queue=limit).pid)
        asker = fleet.asker("asyncio")
        asker.ask()
        before, began = server.memory_info().rss, time.monotonic()
        calls: list[Future[Ended]] = []
        while (now := time.monotonic()) < began + length:
            while len(calls) < 3 * limit / handler * (now - began):
                calls.append(asker.start(seconds=handler, timeout=5.0, may=("ok", "rejected")))
            time.sleep(0.005)  # the pace of what is offered
        ended = [call.result(10.0) for call in calls]
        grown = (server.memory_info().rss - before) / 2**20
        asker.ask()
        fleet.verdict()
    done = sorted(call.took for call in ended if call.outcome == "ok")
    refused = sorted(call.took for call in ended if call.outcome == "rejected")
    share = len(done) / (length * limit / handler)
    part = 0.99 if LONG else 0.9  # a pause of the machine is a few percent of a short run
    most = refused[int(len(refused) * part)]
    waited, bound = done[int(len(done) * part)], 3 * handler + handler  # and what is in the queue
    assert share >= 0.8
    assert most <= 0.1
    assert grown <= 50
    report(
        f"F12 three times too much for {length:g} s, {transport} {world}",
        f"80% of the peak done, {part:.0%} of refusals in 0.1 s and of the rest in {bound:g} s, 50 MiB more",
        f"{share:.0%}, {most:.3f} s (slowest of {len(refused)}: {refused[-1]:.3f} s), {waited:.3f} s (slowest "
        f"{seconds(done)}), {grown:.1f} MiB",
    )
    assert waited <= bound


@pytest.mark.parametrize("how", ["closed", "left"])
@pytest.mark.parametrize("when", ["connect", "call", "outage"])
def test_a_client_ends(transport: str, world: str, fleets: Fleets, how: str, when: str) -> None:
    """F41: closed or not, while it connects, calls, or nobody answers: the process ends, without a word."""
    silent = threading.Event()
    if when == "connect":
        silent.set()
    with fleets(transport, servers=1) as fleet, reached(fleet, transport, silent):
        if when != "connect":
            fleet.serve(1, world)
        casts = when != "connect"
        program = fleet.program("leave", world=world, close=how == "closed", casts=casts)
        program.ready()
        if when != "connect":
            fleet.runs(2)
        if when == "outage":
            silent.set()
            fleet.freeze(1)
        began = time.monotonic()
        program.end_input()
        program.ended(10.0)
        took = time.monotonic() - began
        lines = program.complaints().strip()
        if when == "outage":
            fleet.thaw(1)
    assert took <= 2.0
    assert "Traceback" not in lines, lines
    report(
        f"F41 client {how} during {when}, {transport} {world}",
        "exit 0 in 2 s, no traceback",
        f"{took:.3f} s, {len(lines.splitlines())} lines",
    )


@contextmanager
def reached(fleet: Fleet, transport: str, silent: threading.Event) -> Generator[None]:
    """Clients reach a broker, if there is one, by what swallows everything while it is silent."""
    if transport != "amqp":
        yield
        return
    with Proxy(fleet.broker.port, [blackhole(silent)], [blackhole(silent)]) as proxy:
        fleet.urls[-1] = fleet.url.replace(fleet.broker.host, f"127.0.0.1:{proxy.port}")
        yield


@pytest.mark.parametrize("how", HOW)
def test_a_client_forks(transport: str, world: str, fleets: Fleets, how: str) -> None:
    """F35: children are told, or make clients of their own; the parent notices nothing."""
    with fleets(transport, servers=1) as fleet:
        fleet.serve(1, world, concurrency=UNDER_WAY)
        program = fleet.program("fork", world=world, how=how)
        program.ready()
        fleet.runs(CALLS + UNDER_WAY)
        program.end_input()
        measured = said(program)
        program.ended(10.0)
        received = fleet.counted(1, "received") - 1  # the question for it
        fleet.verdict()
    children = measured["children"]
    slowest = max(child["after"] for child in children)
    assert measured["under_way"] >= 50
    assert {child["told"] for child in children} == {"ConfigurationError"}
    assert slowest <= 1.0
    assert [child["own"] for child in children] == [OWN] * CHILDREN
    calls = 2 * CALLS + UNDER_WAY
    assert received == calls + CHILDREN * OWN
    report(
        f"F35 {CHILDREN} children by {how} after connect, {transport} {world}",
        f"each told in 1 s, its own client works, 0 of the parent's {calls} calls fail, nothing else sent",
        f"all told after {slowest:.3f} s, {OWN} of {OWN} calls each, 0 of {calls} with {measured['under_way']} "
        f"under way, {received - calls - CHILDREN * OWN} more received",
    )


def test_calls_are_cancelled(transport: str, world: str, fleets: Fleets) -> None:
    """F40: at random moments; then nothing of them is left on either side, and all is well."""
    with fleets(transport, servers=1) as fleet:
        fleet.serve(1, world, concurrency=64, queue=10_000)
        program = fleet.program("cancel", world="asyncio", count=5000, following=1000)
        measured = said(program)
        began = time.monotonic()
        fleet.idle(1)
        idle = time.monotonic() - began
        program.ended(10.0)
        ran = fleet.count() - measured["following"]
        fleet.verdict()
    assert measured["cancelled"] > 0
    assert measured["pending"] == 0
    assert ran > 0
    assert idle <= 5.0
    report(
        f"F40 5000 calls, {measured['cancelled']} cancelled, {transport} {world}",
        "tables empty in 5 s, 0 of 1000 following calls fail",
        f"{ran} of them ran, {measured['pending']} pending here, server idle after {idle:.3f} s, 0 of {measured['following']}",
    )
