"""RabbitMQ is killed, stopped, missing and started again while programs use it."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

import psutil
import pytest

from tests.chaos.asking import Asker
from tests.chaos.fleet import LONG, Fleet, Fleets, report, seconds
from tests.conformance.waiting import eventually
from tests.rabbitd import RabbitServer

pytestmark = pytest.mark.timeout(180)

both = pytest.mark.parametrize("world", ["blocking", "asyncio"])
worlds = pytest.mark.parametrize("world", ["blocking", "asyncio"] if LONG else ["asyncio"])

#: How anything may end while its broker is away, and what each connection of these rows is told.
MAY = ("ok", "not_sent", "unknown")
OPTIONS = "heartbeat=2"
#: No time for handlers whose callers have been told long ago.
AT_ONCE = {"drain_timeout": 0.0}


def first_success(asker: Asker, limit: float = 20.0) -> float:
    """Seconds until a call succeeds."""
    began = time.monotonic()
    while asker.ask(timeout=2.0, may=MAY).outcome != "ok":
        assert time.monotonic() < began + limit, "no call succeeds"
        threading.Event().wait(0.02)
    return time.monotonic() - began


@both
def test_the_broker_is_killed(world: str, fleets: Fleets, mortal: RabbitServer) -> None:
    """F1: with 1,000 casts that are kept under way, and calls: what was stored runs, and nothing twice without a word."""
    with fleets("amqp", broker=mortal, options=OPTIONS) as fleet:
        fleet.serve_all((1, 2), world, **AT_ONCE)
        asker, caller = fleet.asker(world), fleet.asker(world, "c")
        calls = [caller.start(seconds=20.0, timeout=60.0, may=MAY) for _ in range(50)]
        fleet.runs(len(calls))
        casts = [asker.start("keep", timeout=60.0, may=MAY) for _ in range(1000)]
        eventually(lambda: sum(cast.done() for cast in casts) > 200, 30.0)
        open_casts, tries = 0, 5
        while open_casts < 1000 and tries:
            # More than are to be under way: some are done while the last ones begin.
            casts += [asker.start("keep", timeout=60.0, may=MAY) for _ in range(2000)]
            open_casts, tries = sum(not cast.done() for cast in casts), tries - 1
        mortal.kill()
        time.sleep(1.0)  # how long it is away is the fault itself
        mortal.start()
        back = first_success(caller)
        ended = [call.result(90.0) for call in (*casts, *calls)]
        stored = {each.ticket for each in ended[: len(casts)] if each.outcome == "ok"}
        eventually(lambda: stored <= {run.ticket for run in fleet.ran()}, 60.0)
        checker = fleet.verdict()
    twice = sum(len(checker.runs[each.ticket]) > 1 for each in ended)
    assert open_casts >= 1000
    assert len(stored) >= 1000
    assert back <= 6.0
    report(
        f"F1 broker killed with {open_casts} of {len(casts)} kept casts and {len(calls)} calls under way, amqp {world}",
        "0 stored casts lost, second runs only of casts and flagged, calls answered, not sent or unknown, success in 6 s",
        f"0 of {len(stored)} lost, {twice} ran twice and said so, calls "
        f"{dict(Counter(each.outcome for each in ended[len(casts) :]))}, success after {back:.3f} s",
    )


@contextmanager
def seen_to_end(broker: RabbitServer) -> Iterator[Callable[[], float]]:
    """A connection beside, which has no heartbeats; and when the broker said that it ends it."""
    connection = broker.connect()
    sock: socket.socket = connection.transport.sock
    sock.settimeout(None)
    at: list[float] = []

    def watch() -> None:
        sock.recv(1)
        at.append(time.monotonic())

    watching = threading.Thread(target=watch)
    watching.start()
    try:
        yield lambda: at[0]
    finally:
        with suppress(OSError):  # it has ended
            sock.shutdown(socket.SHUT_RDWR)
        watching.join(10.0)
        connection.collect()


@worlds
def test_the_broker_is_stopped(
    world: str, fleets: Fleets, mortal: RabbitServer, caplog: pytest.LogCaptureFixture
) -> None:
    """F2: in order: calls under way are told soon, all works when it is back, and the logs are short."""
    away = 20.0 if LONG else 2.0  # and then it takes seconds to start
    with fleets("amqp", servers=1, broker=mortal, options=OPTIONS) as fleet:
        serving = fleet.serve(1, world, **AT_ONCE)
        asker = fleet.asker(world)
        asker.ask()
        calls = [asker.start(seconds=30.0, timeout=60.0, may=("unknown",)) for _ in range(50)]
        fleet.runs(51)
        caplog.clear()
        with seen_to_end(mortal) as ended_at:
            began = time.monotonic()
            mortal.stop()
            ended = [call.result(30.0).at for call in calls]
            told = max(ended) - ended_at()
        time.sleep(max(0.0, began + away - time.monotonic()))  # how long it is away
        mortal.start()
        back = first_success(asker)
        away = time.monotonic() - began
        said = Counter(
            record.getMessage().partition(":")[0]
            for record in caplog.records
            if record.levelno >= logging.WARNING and record.name == "rpcgen.amqp"
        )
        servers = len(serving.complaints().strip().splitlines())
        fleet.verdict()
    most = 1 + away // 10
    report(
        f"F2 broker stopped for {away:.0f} s with {len(calls)} calls under way, amqp {world}",
        f"unknown in 2 s, success in 6 s, {most:g} warnings of each of 4 connections",
        f"{told:.3f} s after it closed connections, {back:.3f} s, client's {dict(said)}, server's {servers}",
    )
    assert told <= 2.0
    assert back <= 6.0
    assert set(said) == {"requests", "answers"}
    assert max(said.values()) <= most
    assert servers <= 2 * most


@worlds
def test_the_broker_is_restarted_again_and_again(
    world: str, fleets: Fleets, mortal: RabbitServer
) -> None:
    """F3: threads, descriptors, queues and consumers are as many as before, at both ends; and nothing is lost on the way."""
    rounds = 10 if LONG else 2
    # What is compared are numbers; the other rows find the broker again with the pauses that everybody has.
    options = OPTIONS if LONG else f"{OPTIONS}&reconnect_max=1"
    found: list[float] = []
    with fleets("amqp", broker=mortal, options=options) as fleet:
        fleet.serve_all((1, 2), world)
        asker = fleet.asker(world)
        remote = fleet.remote(world)
        processes = [psutil.Process(fleet.servers[number].pid) for number in (1, 2)]
        processes.append(psutil.Process(fleet.pid_of("r")))
        for each in (asker, remote):
            for method in ("work", "keep"):
                for server in (None, "s1", "s2"):
                    each.ask(method, server=server)
        many = [  # threads of a pool stay: all of them are there from here on
            remote.start(server=server, seconds=0.5, timeout=20.0)
            for server in ("s1", "s2")
            for _ in range(64)
        ]
        for call in many:
            call.result(25.0)
        before = counts(fleet, processes)
        for _ in range(rounds):
            casts = [remote.start("keep", timeout=60.0, may=MAY) for _ in range(100)]
            mortal.kill()
            mortal.start()
            found.append(first_success(asker))
            for each in (asker, remote):
                eventually(lambda each=each: each.ask("keep", may=MAY).outcome == "ok", 10.0)
            stored = {end.ticket for cast in casts if (end := cast.result(90.0)).outcome == "ok"}
            eventually(lambda stored=stored: stored <= {run.ticket for run in fleet.ran()}, 60.0)
        settled: list[tuple[int, ...]] = []

        def as_before() -> bool:
            settled.append(counts(fleet, processes))
            more = [now - then for now, then in zip(settled[-1], before, strict=True)]
            return more[-2:] == [0, 0] and max(more) <= 2

        try:
            eventually(as_before, 20.0)
        finally:
            report(
                f"F3 {rounds} restarts of the broker, amqp {world}",
                "threads and descriptors of 2 servers and a client 2 more at most, queues and consumers as before, success "
                "in 6 s, 0 kept casts lost",
                f"{settled[-1]}, before {before}, {seconds(found)}, 0",
            )
        remote.close()
        fleet.verdict()
    assert max(found) <= 6.0


def counts(fleet: Fleet, processes: list[psutil.Process]) -> tuple[int, ...]:
    """Threads and descriptors of each process, then the fleet's queues, and their consumers."""
    listed = fleet.broker.listed("queues", "name", "consumers")
    mine = [int(consumers) for name, consumers in listed if name.startswith(fleet.prefix)]
    own = [number for each in processes for number in (each.num_threads(), each.num_fds())]
    return (*own, len(mine), sum(mine))


@worlds
def test_programs_are_there_before_the_broker(
    world: str, fleets: Fleets, mortal: RabbitServer
) -> None:
    """F4: a call is not sent by its deadline; client and server find the broker when it comes."""
    mortal.kill()
    with fleets("amqp", servers=1, broker=mortal, options=OPTIONS) as fleet:
        serving = fleet.serve(1, world, wait=False)
        asker = fleet.asker(world)
        early = [asker.ask(timeout=1.0, may=("not_sent",)) for _ in range(2)]
        mortal.start()
        back = first_success(asker)
        serving.ready()
        fleet.verdict()
    report(
        f"F4 no broker at first, amqp {world}",
        "not sent in 1 s (deadline 1 s + 0.5 s), success in 6 s",
        f"{seconds([each.took for each in early])}, {back:.3f} s",
    )
    assert max(each.took for each in early) <= 1.5
    assert back <= 6.0
