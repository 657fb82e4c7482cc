"""RabbitMQ is short of memory or disk, and takes nothing from who publishes."""

from __future__ import annotations

import time

import pytest

from tests.chaos.fleet import LONG, Fleets, report, seconds
from tests.conformance.waiting import eventually
from tests.rabbitd import RabbitServer

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.parametrize("world", ["blocking", "asyncio"] if LONG else ["asyncio"]),
]

#: What makes a node short of something, and what ends that.
ALARMS = {
    "memory": (
        "vm_memory_monitor:set_vm_memory_high_watermark(0.00001).",
        "vm_memory_monitor:set_vm_memory_high_watermark(0.4).",
    ),
    "disk": (
        'rabbit_disk_monitor:set_disk_free_limit("1000000GB").',
        'rabbit_disk_monitor:set_disk_free_limit("1MB").',
    ),
}
#: Seconds: of the alarm, and of what is begun meanwhile.
LENGTH, TIMEOUT = (10.0 if LONG else 2.0), 1.5


@pytest.mark.parametrize("alarm", ALARMS if LONG else ["memory"])
def test_the_broker_takes_nothing(
    world: str, alarm: str, fleets: Fleets, mortal: RabbitServer
) -> None:
    """F18: with heartbeats on nothing outlives its deadline, and it says why; what runs is answered afterwards.

    What waits in the broker is handed out all the same.

    What has left before the broker says that it takes nothing is run late: the broker reads it when it can.
    """
    begins, ends = ALARMS[alarm]
    may = ("not_sent", "unknown")
    with fleets("amqp", broker=mortal, options="heartbeat=1") as fleet:
        fleet.serve_all((1, 2), world)
        asker = fleet.asker(world)
        for method in ("work", "keep"):
            asker.ask(method, server="s1")
        fleet.stop(2)  # what is in its queue waits for it
        waiting = {asker.ask("keep", server="s2").ticket for _ in range(20)}
        # This one has got through: it runs while nothing else does, and its answer waits.
        under_way = asker.start(server="s1", seconds=LENGTH / 2, timeout=LENGTH + 30.0)
        fleet.runs(3)
        mortal.evaluate(begins)
        try:
            first = [
                asker.start(method, timeout=TIMEOUT, may=may)
                for method in ("work", "keep", "again") * 4
            ]
            ended = [each.result(TIMEOUT + 5.0) for each in first]  # the alarm is known by now
            fleet.serve(2, world)
            fleet.runs(len(waiting), lambda run: run.ticket in waiting)
            assert asker.ask(timeout=TIMEOUT, may=may).outcome in may, "the alarm is over"
            until = time.monotonic() + LENGTH
            while time.monotonic() < until:
                more = [
                    asker.start(method, timeout=TIMEOUT, may=may)
                    for method in ("work", "note", "keep")
                ]
                ended += [each.result(TIMEOUT + 5.0) for each in more]
        finally:
            mortal.evaluate(ends)
        began = time.monotonic()
        eventually(lambda: asker.ask(may=("ok", *may)).outcome == "ok", 20.0)
        back = time.monotonic() - began
        told = under_way.result(30.0)
        checker = fleet.verdict(held=True)
    late = max(each.took for each in ended) - TIMEOUT
    named = [each for each in ended[len(first) :] if "short of memory or disk" in each.text]
    report(
        f"F18 {alarm} alarm for {LENGTH:g} s, heartbeats every second, amqp {world}",
        f"all end 0.5 s after their deadline of {TIMEOUT:g} s and say why, what runs is answered, what was in queues runs "
        "meanwhile, success in 2 s",
        f"{late:+.3f} s, {len(named)} of {len(ended) - len(first)}, {told.outcome} after {seconds([told.took])}, {len(waiting)} ran, "
        f"success after {back:.3f} s; the latest began {checker.latest:.3f} s after its deadline",
    )
    assert late <= 0.5
    assert len(named) == len(ended) - len(first)
    assert back <= 2.0
