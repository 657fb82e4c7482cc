"""What a stranger may do who can publish to the broker: forge answers, and say what no program of ours would."""

from __future__ import annotations

import threading
import time
from typing import Any

import amqp
import pytest
from msgspec import Raw
from rpcgen.runtime.core.codec import MSGPACK
from rpcgen.runtime.core.envelope import Reply
from rpcgen.runtime.drivers.amqp import letters
from rpcgen.runtime.ids import new_id

from tests.chaos.asking import Asker
from tests.chaos.fleet import LONG, Fleet, Fleets, report
from tests.conformance.raw import request
from tests.conformance.waiting import eventually

pytestmark = pytest.mark.timeout(120 if LONG else 60)

#: Seconds that a busy machine may take from a call at any time.
FLICKER = 0.005

#: Headers and properties that nobody of ours sends, beside a request that is good.
EVIL: dict[str, dict[str, Any]] = {
    "100 kB of headers": {"application_headers": {"x": "y" * 100_000}},
    "headers of other types": {
        "application_headers": {
            "rpcgen-attempt": "many",
            "rpcgen-copied": 7,
            "rpcgen-last-error": 1,
        }
    },
    "attempts that are none": {"application_headers": {"rpcgen-attempt": -(2**31)}},
    "deaths that never were": {"application_headers": {"x-death": [{"count": 10**9}]}},
    "other receivers": {"application_headers": {"CC": ["amq.x"], "BCC": ["amq.y"]}},
    "a priority of 255": {"priority": 255},
    "another encoding": {"content_encoding": "zip"},
    "a name of 255 octets": {"message_id": "." + "9" * 254, "correlation_id": "\r\n\x1b[31m" * 30},
}


def test_properties_that_nobody_sends(fleets: Fleets) -> None:
    """R16: each message is run or dropped, none is delivered again and again, and calls beside go on."""
    with fleets("amqp", servers=1) as fleet:
        fleet.serve(1, "asyncio")
        asker = fleet.asker("asyncio")
        asker.ask()
        connection = fleet.broker.connect()
        channel = connection.channel()
        queues = [f"{fleet.prefix}.{kind}/test/errand" for kind in ("call", "keep")]
        for queue in queues:
            for properties in EVIL.values():
                body = MSGPACK.encode(request("no-such-method"))
                said = {"content_type": letters.CONTENT_TYPE, "type": letters.REQUEST} | properties
                channel.basic_publish_confirm(amqp.Message(body, **said), routing_key=queue)
        took = [asker.ask(timeout=2.0).took for _ in range(20)]
        eventually(lambda: held(fleet, *queues) == 0, 20.0)
        took.append(asker.ask(timeout=2.0).took)
        connection.close()
        checker = fleet.verdict()
    assert len(checker.began) == len(took) + 1
    report(
        f"R16 {2 * len(EVIL)} messages with properties that nobody sends, amqp",
        "0 kept from others, 0 delivered for ever, calls beside answered in 1 s",
        f"0, 0, slowest {max(took):.3f} s",
    )
    assert max(took) <= 1.0


def held(fleet: Fleet, *queues: str) -> int:
    """Messages in queues, also those that a server has."""
    listed = fleet.broker.listed("queues", "name", "messages")
    return sum(int(messages) for name, messages in listed if name in queues)


#: Forged answers a second.
RATE = 2_000


@pytest.mark.timeout(1200 if LONG else 60)
def test_answers_are_forged(fleets: Fleets) -> None:
    """R14: thousands of them in a client's queue, for calls that it never made: none is believed, and calls go on."""
    count = 1_000_000 if LONG else 4_000
    with fleets("amqp", servers=1) as fleet:
        fleet.serve(1, "asyncio")
        asker = fleet.asker("asyncio")
        asker.ask()
        alone = median(asker)
        (queue,) = (name for name in fleet.broker.queues() if f"{fleet.prefix}.reply/" in name)
        connection = fleet.broker.connect()
        forging = threading.Thread(target=forge, args=(connection.channel(), queue, count))
        began = time.monotonic()
        forging.start()
        beside = []
        while forging.is_alive():
            beside.append(median(asker))
        lasted = time.monotonic() - began
        alone = max(alone, median(asker))
        driver = asker.transport._driver.counters
        eventually(lambda: asker.counters()["late"] + driver["foreign"] >= count, 20.0)
        connection.close()
        checker = fleet.verdict()
    slower = sorted(beside)[len(beside) // 2]
    limit = max(2 * alone, alone + FLICKER)
    report(
        f"R14 {count} forged answers in {lasted:.1f} s, amqp",
        f"0 believed, all counted, 0 calls fail, calls twice as slow at most ({limit * 1000:.1f} ms)",
        f"0, {asker.counters()['late']} late and {driver['foreign']} foreign, 0 of {len(checker.began)}, median "
        f"{slower * 1000:.1f} ms ({alone * 1000:.1f} ms alone)",
    )
    assert slower <= limit


def forge(channel: Any, queue: str, count: int) -> None:
    """Publish answers to nobody's question, so many a second."""
    began = time.monotonic()
    for number in range(count):
        reply = Reply(id=new_id(), body=Raw(MSGPACK.encode({"ticket": "x", "server": "evil"})))
        message = amqp.Message(
            MSGPACK.encode(reply),
            content_type=letters.CONTENT_TYPE,
            type=letters.ANSWER,
            correlation_id=str(number % 7),
        )
        channel.basic_publish(message, routing_key=queue)
        if number % 20 == 0:
            time.sleep(max(0.0, began + number / RATE - time.monotonic()))  # the pace of the flood


def median(asker: Asker) -> float:
    """Seconds of one call of many."""
    return sorted(asker.ask(timeout=5.0).took for _ in range(50))[25]
