"""Handlers raise what nobody can say, hang, end their process, and take the processor for themselves."""

from __future__ import annotations

import os
import signal
import time
from concurrent.futures import Future

import pytest

from tests.chaos.asking import Asker
from tests.chaos.fleet import LONG, PLACES, Fleet, Fleets, in_turn, report, seconds, silence
from tests.chaos.journal import Ended
from tests.chaos.poisons import DEADLY, MUCH, POISONS

pytestmark = pytest.mark.timeout(120 if LONG else 60)

#: How a poisoned call ends, and how the process does.
OUTCOMES = {"hang": "unknown", "exit": "unknown", "segfault": "unknown"}
CODES = {"exit": 1, "segfault": -signal.SIGSEGV}

#: Seconds that a poisoned message may take, where nothing else ends it.
TIMEOUT = 1.0
#: Characters of an error that travel, and its class's name.
TEXT = 4096 + 64


@pytest.mark.parametrize(("transport", "world"), PLACES)
@pytest.mark.parametrize("cast", [False, True], ids=["call", "cast"])
def test_a_message_is_poison(transport: str, world: str, cast: bool, fleets: Fleets) -> None:
    """F28: it runs once, its caller is told, the good messages behind it are done, and so are those after it."""
    lost, longest = 0, 0.0
    good: list[Ended] = []
    told: list[Ended] = []
    with fleets(transport, options=in_turn(transport)) as fleet:
        fleet.serve_all((1, 2), world, debug=True)
        asker = fleet.asker(world)
        for how in POISONS:
            began = time.monotonic()
            bad, behind = _poison(asker, how, cast)
            ended = [call.result(15.0) for call in behind]
            lost += sum(call.outcome == "unknown" for call in ended)
            good += [asker.ask("again", runs=3, timeout=5.0) for _ in ended]
            longest = max(longest, good[-1].at - began)
            told.append(bad.result(10.0))
            if how in DEADLY:
                assert fleet.died(1) == CODES[how]
                fleet.serve(1, world, debug=True)
            _answers(fleet, asker)
        checker = fleet.verdict()
    assert {call.outcome for call in good} == {"ok"}
    assert len(told) == len(POISONS)
    ran = [len(checker.runs[each.ticket]) for each in told]
    assert ran == [1] * len(told), "each was tried once"
    assert max(len(each.text) for each in told) <= TEXT
    report(
        f"F28 poison, {'cast' if cast else 'call'}, {transport} {world}",
        f"each runs once, {MUCH >> 20} MiB of error cost {TEXT} characters, good messages behind it done in 10 s",
        f"{len(told)} of {len(told)} once ({', '.join(POISONS)}), longest {max(len(each.text) for each in told)} "
        f"characters, good ones done after at most {longest:.3f} s, {lost} of them asked again when the process had died",
    )
    assert longest <= 10.0


def _poison(asker: Asker, how: str, cast: bool) -> tuple[Future[Ended], list[Future[Ended]]]:
    """A poisoned message to s1, and good ones to anybody at once behind it."""
    timeout = TIMEOUT if how in OUTCOMES else 10.0
    if cast:
        bad = asker.start("poison_cast", server="s1", timeout=timeout, how=how)
    else:
        may = (OUTCOMES.get(how, "remote"),)
        bad = asker.start("poison", server="s1", timeout=timeout, may=may, how=how)
    # Retries of what a dead process had are kept to a tenth of all calls; for the rest it is the caller who asks again.
    may = ("ok", "unknown") if how in DEADLY else ("ok",)
    return bad, [asker.start("again", runs=3, timeout=10.0, may=may) for _ in range(20)]


def _answers(fleet: Fleet, asker: Asker) -> None:
    """Both servers do; a client that has just lost one finds it again."""
    for server in ("s1", "s2"):
        end = time.monotonic() + 6.0
        may = ("ok", "not_sent")
        while asker.ask(server=server, timeout=2.0, may=may).outcome != "ok":
            assert time.monotonic() < end, f"{server} does not answer"


@pytest.mark.parametrize("transport", [*(["zmq+ipc"] if LONG else []), "zmq+tcp", "amqp"])
def test_a_handler_takes_the_processor(transport: str, fleets: Fleets) -> None:
    """F39: several times as long as silence may last: connections stay, and other calls are answered."""
    options, silent = silence(
        transport, 1.2
    )  # not less: a busy machine lets nobody run for half a second
    hogged = 20.0 if LONG else 3.0 * silent
    with fleets(transport, servers=1, options=options) as fleet:
        fleet.serve(1, "blocking")
        askers = [fleet.asker(world, world) for world in ("blocking", "asyncio")]
        for asker in askers:
            asker.ask()
        before = connections(fleet, transport, askers)
        hog = askers[0].start("hog", seconds=hogged, timeout=hogged + 5.0)
        others: list[Ended] = []
        while not hog.done():
            others += [asker.ask(timeout=5.0) for asker in askers]
            time.sleep(silent / 10)  # silence is what heartbeats are for
        after = connections(fleet, transport, askers)
        assert hog.result(1.0).outcome == "ok"
        fleet.verdict()
    assert after == before
    assert {call.outcome for call in others} == {"ok"}
    report(
        f"F39 handler takes the processor for {hogged:g} s, {transport} blocking",
        f"connections as before although silence may last {silent:g} s, other calls answered",
        f"the same {len(after)} connections, {len(others)} other calls after at most "
        f"{seconds([call.took for call in others])}",
    )


def connections(fleet: Fleet, transport: str, askers: list[Asker]) -> list[object]:
    """What tells one connection of theirs, and of their server's over a broker, from another in its place."""
    if transport != "amqp":
        return [asker.connections() for asker in askers]
    ours = [f":{pid})" for pid in (os.getpid(), fleet.servers[1].pid)]  # is in their names
    listed = fleet.broker.listed("connections", "pid", "client_properties")
    return [pid for pid, said in listed if any(each in said for each in ours)]
