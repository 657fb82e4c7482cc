"""Messages at RabbitMQ that nobody takes, that come twice, that come again, and that are poison."""

from __future__ import annotations

import signal
import time
from typing import Any

import msgspec
import pytest
from rpcgen.runtime.drivers.amqp import desk, letters

from tests.chaos.asking import Asker
from tests.chaos.fleet import LONG, Fleet, Fleets, report
from tests.chaos.poisons import DEADLY, POISONS
from tests.chaos.process import LIMIT
from tests.chaos.proxy import Proxy
from tests.chaos.tap import Tap
from tests.conformance.waiting import eventually

pytestmark = [
    pytest.mark.timeout(240 if LONG else 60),
    pytest.mark.parametrize("world", ["blocking", "asyncio"] if LONG else ["asyncio"]),
]


def test_nobody_takes_the_answers_to_a_killed_client(world: str, fleets: Fleets) -> None:
    """F10: its queue of answers goes a minute after it; answers that come later are given up at once, and counted."""
    count = 50
    options = "heartbeat=60"  # the connections of a server that is frozen for a minute stay
    with fleets("amqp", servers=1, options=options) as fleet, Tap(fleet.broker) as tap:
        fleet.serve(1, world)
        program = fleet.program("calls", world=world, count=count, seconds=3.0, timeout=100.0)
        program.ready()
        fleet.runs(count)
        fleet.freeze(1)  # no answer has left, and none can
        fleet.kill_program(program, "p")
        [(queue, expires)] = queues_of_answers(fleet)
        if LONG:
            eventually(lambda: not queues_of_answers(fleet), 65.0)
        else:
            delete(fleet, queue)
        fleet.thaw(1)
        eventually(lambda: fleet.counters(1)["unanswered"] >= count, LIMIT)
        fleet.idle(1)
        unanswered = fleet.counters(1)["unanswered"]
        eventually(lambda: tap.published[queue] > 0, LIMIT)
        tried = tap.published[queue]
        lines = fleet.servers[1].complaints().strip().splitlines()
        fleet.verdict()
    assert "60000" in expires
    assert unanswered == count
    assert tried <= 3 * count
    assert len(lines) <= 1
    report(
        f"F10 answers to a killed client, amqp {world}",
        f"its queue gone in 60 s, at most {3 * count} attempts at {count} answers, 1 line in the log",
        f"queue {'gone' if LONG else f'expires ({expires})'}, {unanswered} given up after {tried} attempts, {len(lines)} lines",
    )


def queues_of_answers(fleet: Fleet) -> list[tuple[str, str]]:
    """Those of a fleet's clients, and their arguments."""
    listed = fleet.broker.listed("queues", "name", "arguments")
    return [(name, said) for name, said in listed if name.startswith(f"{fleet.prefix}.reply/")]


def delete(fleet: Fleet, queue: str) -> None:
    """Delete a queue, as the broker does when it expires."""
    connection = fleet.broker.connect()
    connection.channel().queue_delete(queue)
    connection.close()


def test_every_message_comes_twice(world: str, fleets: Fleets) -> None:
    """F30: requests, casts, what is kept, and answers; each runs once, and has one answer."""
    count = 2_000 if LONG else 300
    with fleets("amqp", servers=1) as fleet, Tap(fleet.broker, replays=True) as tap:
        fleet.serve(1, world)
        asker = fleet.asker(world)
        methods = ("work", "again", "note", "keep")
        calls = [asker.start(methods[n % 4], timeout=10.0) for n in range(count)]
        slow = [asker.start(seconds=0.3, timeout=10.0) for _ in range(20)]
        ended = [call.result(15.0) for call in (*calls, *slow)]
        eventually(lambda: fleet.counters(1)["repeated"] >= len(ended), LIMIT)
        answers = len(ended) - count // 2
        eventually(lambda: asker.counters()["late"] >= answers, LIMIT)
        repeated = fleet.counters(1)["repeated"]
        checker = fleet.verdict()
    runs = sum(len(runs) > 1 for runs in checker.runs.values())
    assert runs == 0
    report(
        f"F30 every message twice, amqp {world}",
        "0 second runs, second answers dropped and counted",
        f"{runs} of {len(ended)}, {repeated} requests and {asker.counters()['late']} answers dropped, "
        f"{sum(tap.published.values())} messages published again",
    )


def test_the_broker_delivers_again(world: str, fleets: Fleets) -> None:
    """F30: what a server had when its connection was cut; calls run once, and what is kept is not lost."""
    rounds, between = (30, 100) if LONG else (5, 50)
    with fleets("amqp") as fleet, Proxy(fleet.broker.port) as proxy:
        behind = fleet.url.replace(fleet.broker.host, f"127.0.0.1:{proxy.port}")
        fleet.serve(1, world, behind)
        fleet.serve(2, world)
        load: dict[str, Any] = {"callers": 25, "seconds": 0.3, "may": ("ok", "unknown")}
        programs = [
            fleet.program("load", name, world=each, keeps=True, **load)
            for name, each in (("one", "blocking"), ("two", "asyncio"))
        ]
        for program in programs:
            program.ready()
        for _ in range(rounds):
            before = fleet.count(lambda run: run.server == "s1")
            fleet.runs(before + between, lambda run: run.server == "s1")
            proxy.cut()
        for program in programs:
            program.end_input()
            program.ended(LIMIT)
        fleet.idle(1)
        again, lost = (fleet.counters(1)[name] for name in ("repeated", "redelivered"))
        lost += fleet.counters(2)["redelivered"]
        checker = fleet.verdict(lost_casts=True)
    kept = {ticket for ticket, began in checker.began.items() if began.kept}
    twice = sum(len(checker.runs[ticket]) > 1 for ticket in kept)
    assert again + lost > 0, "the broker delivered nothing again"
    report(
        f"F30 connections of a server cut {rounds} times, amqp {world}",
        "0 second runs of calls and casts, 0 kept casts lost, their second runs said to be such",
        f"0 of {len(checker.began) - len(kept)}, 0 of {len(kept)}, {twice} ran again; {again} requests came again to the "
        f"server that had them, {lost} to one that did not know, outcomes {dict(checker.outcomes)}",
    )


def test_kept_messages_are_poison(world: str, fleets: Fleets) -> None:
    """F28: they are put aside, once, after five attempts, the death of their server being one; those behind them run."""
    with fleets("amqp") as fleet:
        fleet.serve_all((1, 2), world)
        asker = fleet.asker(world)
        raising = [how for how in POISONS if how not in (*DEADLY, "hang")]
        bad = [asker.ask("keep", server="s1", how=how).ticket for how in raising]
        took = behind(fleet, asker)
        aside = dead(fleet, len(bad))
        for how in DEADLY if LONG else DEADLY[:1]:
            fleet.freeze(1)  # until all are there: the first ends it
            deadly = [asker.ask("keep", server="s1", how=how).ticket for _ in range(4)]
            fleet.thaw(1)
            for _ in range(desk.MAX_ATTEMPTS):
                assert fleet.died(1) == CODES[how]
                fleet.serve(1, world, wait=False)
            took = max(took, behind(fleet, asker))
            aside += dead(fleet, len(deadly))
            bad += deadly
        checker = fleet.verdict(
            aside=set(bad)
        )  # one that was only held when its server died need not have run
    assert [sum(ticket_in(message, ticket) for message in aside) for ticket in bad] == [1] * len(
        bad
    )
    tried = {run.attempt for ticket in bad for run in checker.runs[ticket]}
    said = [message.properties["application_headers"] for message in aside]
    texts = [headers[name] for headers in said for name in (letters.FIRST, letters.LAST)]
    assert tried == set(range(1, desk.MAX_ATTEMPTS + 1))
    assert {len(checker.runs[ticket]) for ticket in bad[: len(raising)]} == {desk.MAX_ATTEMPTS}
    assert max(map(len, texts)) <= letters.MAX_REASON
    assert took <= 10.0
    report(
        f"F28 poison that is kept, amqp {world}",
        f"put aside once after {desk.MAX_ATTEMPTS} attempts, errors of {letters.MAX_REASON} characters, those behind it "
        "done in 10 s",
        f"{len(aside)} of {len(bad)}, longest {max(map(len, texts))} characters, those behind done after {took:.3f} s",
    )


#: How processes end of what is deadly.
CODES = {"exit": 1, "segfault": -signal.SIGSEGV}


def behind(fleet: Fleet, asker: Asker) -> float:
    """Seconds until good messages have run that any server may have."""
    began = time.monotonic()
    calls = [asker.start("keep") for _ in range(50)]
    tickets = {call.result(10.0).ticket for call in calls}
    fleet.runs(len(tickets), lambda run: run.ticket in tickets)
    return max(run.at for run in fleet.ran() if run.ticket in tickets) - began


def dead(fleet: Fleet, count: int) -> list[Any]:
    """So many messages that were put aside, and no more."""
    connection = fleet.broker.connect()
    channel = connection.channel()
    queue = f"{fleet.prefix}.dead/test/errand"
    found: list[Any] = []

    def look() -> bool:
        while (message := channel.basic_get(queue, no_ack=True)) is not None:
            found.append(message)
        return len(found) >= count

    eventually(look, LIMIT)
    connection.close()
    assert len(found) == count
    return found


def ticket_in(message: Any, ticket: str) -> bool:
    """Whether a message is that of a ticket, which it holds as a MessagePack string."""
    return msgspec.msgpack.encode(ticket) in message.body
