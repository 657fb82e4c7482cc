"""What a client does with what it has taken, when it is closed or its connection ends."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import Server, Transport

from tests.chaos.proxy import Chunks, Proxy, Toxic, stalled
from tests.conformance.burst import run
from tests.conformance.lab import Bench, endpoint
from tests.conformance.waiting import eventually
from tests.rabbitd import RabbitServer

#: Casts, and how long each is: more than the system takes at once.
COUNT, SIZE = 900, 8 * 1024

#: Bytes a second of a network that needs half a second for them.
RATE = 20e6

ROOM = 64 * 1024


@pytest.fixture
def bench() -> Bench:
    return Bench()


@pytest.fixture
def url(rabbit: RabbitServer, lab: ModuleType, bench: Bench) -> Any:
    """Where a server runs."""
    url = rabbit.url(f"prefix=test-{time.monotonic_ns()}")
    with Server(url, endpoints=[endpoint(lab, bench, "s1")], queue=10 * COUNT):
        yield url


def paced(rate: float) -> Toxic:
    """So many bytes a second, however long each pause takes."""

    async def toxic(chunks: Chunks) -> Chunks:
        due = 0.0
        async for chunk in chunks:
            due = max(due, time.monotonic()) + len(chunk) / rate
            await asyncio.sleep(max(0.0, due - time.monotonic()))
            yield chunk

    return toxic


def through(rabbit: RabbitServer, url: str, proxy: Proxy) -> str:
    return url.replace(rabbit.host, f"127.0.0.1:{proxy.port}")


def dropping(caplog: pytest.LogCaptureFixture) -> list[str]:
    """What the log says of what was dropped."""
    texts = [record.getMessage() for record in caplog.records if record.name == "rpcgen.amqp"]
    return [text for text in texts if text.startswith("dropped")]


@pytest.mark.parametrize("how", ["closed", "left"])
@pytest.mark.parametrize("world", ["blocking", "asyncio"])
def test_what_was_taken_leaves_by_a_slow_network(
    lab: ModuleType, rabbit: RabbitServer, url: str, bench: Bench, world: str, how: str
) -> None:
    """It has longer than a quarter of a second as long as some of it leaves."""
    with Proxy(rabbit.port, [paced(RATE)], room=ROOM) as proxy:
        ended = run(lab, through(rabbit, url, proxy), world, COUNT, SIZE, how)
        print(f"{ended.took:.3f} s, {ended.dropped} dropped, {ended.log}")
        eventually(lambda: len(bench.notes) >= COUNT, 20.0)
    assert (len(bench.notes), ended.taken, ended.dropped, ended.log) == (COUNT, COUNT, 0, "")


@pytest.mark.parametrize("how", ["closed", "lost"])
def test_what_cannot_leave_is_counted_and_said_once(
    lab: ModuleType,
    rabbit: RabbitServer,
    url: str,
    bench: Bench,
    caplog: pytest.LogCaptureFixture,
    how: str,
) -> None:
    """Closing takes no more than a second; what is counted has not arrived."""
    stops = threading.Event()
    toxics: list[Toxic] = [stalled(stops)]
    with Proxy(rabbit.port, toxics, room=ROOM) as proxy:
        # Nobody takes the silence for the end of the connection before it ends.
        transport = Transport(f"{through(rabbit, url, proxy)}&heartbeat=60")
        client = lab.LabClient(transport)
        client.note(text="first")
        stops.set()
        for _ in range(COUNT):
            client.note(text="x" * SIZE)
        assert transport.counters.dropped == 0
        began = time.monotonic()
        if how == "closed":
            transport.close()
            took = time.monotonic() - began
            assert took < 1.5
        else:
            proxy.cut()
            eventually(lambda: dropping(caplog))
        dropped = transport.counters.dropped
        transport.close()
    assert 0 < dropped < COUNT
    assert transport.counters.snapshot()["dropped"] == dropped
    (said,) = dropping(caplog)
    assert f"dropped {dropped} casts or events that had not left ({dropped} to test/lab)" in said
    assert "delivery: at_least_once" in said
    (record,) = [each for each in caplog.records if each.getMessage() == said]
    assert record.levelno == logging.WARNING
    unconfirmed = transport.counters.unconfirmed
    assert f"and {unconfirmed} casts or events that had left may not have arrived" in said
    assert COUNT - dropped - unconfirmed <= len(bench.notes) <= 1 + COUNT - dropped
