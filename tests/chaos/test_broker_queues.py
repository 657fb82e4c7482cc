"""Somebody deletes queues and exchanges at RabbitMQ that programs use."""

from __future__ import annotations

import os
import time
from dataclasses import dataclass

import pytest

from tests.chaos.asking import Asker
from tests.chaos.fleet import LONG, Fleet, Fleets, report
from tests.chaos.journal import Began
from tests.chaos.process import LIMIT
from tests.conformance.waiting import eventually

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.parametrize("world", ["blocking", "asyncio"] if LONG else ["asyncio"]),
]

TOPIC = "test/errand"
#: Seconds after which a server does what it does however long it has been there.
SETTLED = 7.0
#: The timeout of what is under way at a loss, and of nothing else.
LASTING = 20.0


@dataclass(frozen=True, slots=True)
class Loss:
    """What is deleted, and what cannot be done without it.

    Attributes:
        name: what its name begins with, after the prefix.
        method, server: of what then has to work again; a note goes to everybody.
        under_way: what may become of a call that is under way.
    """

    name: str
    method: str = "work"
    server: str | None = None
    exchange: bool = False
    under_way: str = "ok"


LOSSES = {
    "the topic's queue": Loss(f"call/{TOPIC}"),
    "a server's queue": Loss(f"call/{TOPIC}/s1", server="s1"),
    "the queue of what is kept": Loss(f"keep/{TOPIC}", "keep"),
    "a client's queue of answers": Loss("reply/", under_way="unknown"),
    "the exchange of requests": Loss("call", exchange=True),
    "the exchange of fanouts": Loss(f"fanout/{TOPIC}", "note", exchange=True),
}


#: Either exchange is declared anew by the same clock, which takes some seconds.
SHOWN = [name for name in LOSSES if LONG or name != "the exchange of fanouts"]


def test_they_are_made_again(world: str, fleets: Fleets) -> None:
    """F19: a loss is noticed; what cannot be done meanwhile says so; connections, and what is under way, stay."""
    with fleets("amqp", servers=1) as fleet:
        fleet.serve(1, world)
        served = time.monotonic()
        asker = fleet.asker(world)
        for what in SHOWN:
            if LOSSES[what].exchange:  # of whose loss the broker tells nobody
                time.sleep(max(0.0, served + SETTLED - time.monotonic()))
            lose(fleet, asker, what, world)
        fleet.verdict(lost_casts=True)


def lose(fleet: Fleet, asker: Asker, what: str, world: str) -> None:
    """Delete something that works while a call is under way, and see it made again."""
    loss = LOSSES[what]
    for method in ("work", "keep"):
        asker.ask(method)
    name, before = whole(fleet, loss), connections(fleet)
    earlier = lasting(fleet)
    under_way = asker.start(seconds=2.0, timeout=LASTING, may=(loss.under_way,))
    eventually(lambda: earlier < lasting(fleet) <= {run.ticket for run in fleet.ran()}, LIMIT)
    delete(fleet, name, exchange=loss.exchange)
    began = time.monotonic()
    failed = 0
    while not works(fleet, asker, loss):
        failed += 1
        assert time.monotonic() < began + 20.0, "it is not made again"
    back = time.monotonic() - began
    told = under_way.result(LASTING + 5.0)
    after = connections(fleet)
    report(
        f"F19 {what} deleted, amqp {world}",
        f"works again in 5 s, the same connections, a call that is under way ends as {loss.under_way}, in 5 s",
        f"{back:.3f} s after {failed} that did not, {len(before & after)} of {len(before)} connections, "
        f"{told.outcome} after {told.took:.3f} s",
    )
    assert back <= 5.0
    assert before <= after
    assert told.took <= 5.0


def lasting(fleet: Fleet) -> set[str]:
    """What was, or is, under way at a loss."""
    return {
        each.ticket for each in fleet.read() if isinstance(each, Began) and each.limit == LASTING
    }


def works(fleet: Fleet, asker: Asker, loss: Loss) -> bool:
    """Whether something runs that needs what was deleted."""
    everybody = ["s1"] if loss.method == "note" else None
    may = ("ok", "not_sent", "unknown")
    ended = asker.ask(loss.method, server=loss.server, timeout=1.0, may=may, everybody=everybody)
    until = time.monotonic() + 0.5
    while ended.outcome == "ok" and time.monotonic() < until:  # of a cast this says little
        if any(run.ticket == ended.ticket for run in fleet.ran()):
            return True
        time.sleep(0.01)
    return False


def whole(fleet: Fleet, loss: Loss) -> str:
    """The name of what is to be deleted."""
    name = f"{fleet.prefix}.{loss.name}"
    if loss.exchange:
        return name
    return min((each for each in fleet.broker.queues() if each.startswith(name)), key=len)


def delete(fleet: Fleet, name: str, *, exchange: bool) -> None:
    """Delete it, as an administrator does."""
    connection = fleet.broker.connect()
    channel = connection.channel()
    (channel.exchange_delete if exchange else channel.queue_delete)(name)
    connection.close()


def connections(fleet: Fleet) -> set[str]:
    """Of our client and our server: what tells each from another in its place."""
    ours = [f":{pid})" for pid in (os.getpid(), fleet.servers[1].pid)]  # is in their names
    listed = fleet.broker.listed("connections", "pid", "client_properties")
    return {pid for pid, said in listed if any(each in said for each in ours)}
