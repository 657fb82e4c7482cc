"""A server at RabbitMQ survives hostile messages in its queue, and others are served on (PROMISES: R1, R3, R4)."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from types import ModuleType
from typing import Any

import amqp
import psutil
import pytest
from rpcgen.runtime.drivers.amqp import letters, queues
from rpcgen.runtime.rpcgen_meta import MetaClient

from tests.conformance.waiting import eventually
from tests.fuzz import campaign
from tests.fuzz.mutations import Hostile
from tests.fuzz.seeds import frames, renewed, requests
from tests.measured import MEASURED
from tests.rabbitd import RabbitServer

MESSAGES = 20_000 * max(campaign.ROUNDS, 1)
#: Messages between two good calls; seconds of one.
PART, LIMIT = 250, 1.0


@pytest.fixture(params=["blocking", "asyncio"])
def serving(
    request: pytest.FixtureRequest, lab: ModuleType, rabbit: RabbitServer
) -> Iterator[tuple[str, psutil.Process]]:
    """A lab's server in a process of its own, of each world: the URL, and the process."""
    url = rabbit.url(f"prefix=test-{time.monotonic_ns()}")
    assert lab.__file__ is not None
    command = [sys.executable, "-m", "tests.conformance.serve_lab", request.param]
    with subprocess.Popen(
        [*command, str(Path(lab.__file__).parent.parent), url, "s"],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    ) as started:
        try:
            assert started.stdout is not None
            assert started.stdout.readline() == "ready\n"
            yield url, psutil.Process(started.pid)
        finally:
            started.kill()


@pytest.mark.timeout(120 + 600 * campaign.ROUNDS)
def test_messages(
    serving: tuple[str, psutil.Process],
    lab: ModuleType,
    rabbit: RabbitServer,
) -> None:
    """Hostile frames are counted, and neither end the server nor keep others waiting; its memory does not grow."""
    url, process = serving
    prefix = url.rpartition("prefix=")[2]
    quick = [each for each in requests() if each[4] != "nap"]
    hostile = Hostile(campaign.SEED, quick, [each for each in frames() if b"nap" not in each])
    answers: list[Any] = []
    connection = rabbit.connect()
    channel = connection.channel()
    mine, queue = f"{prefix}.reply/fuzz", f"{prefix}.call/test/lab"
    channel.queue_declare(mine, exclusive=True)
    channel.basic_consume(mine, no_ack=True, callback=answers.append)
    said = {"content_type": letters.CONTENT_TYPE, "type": letters.REQUEST, "reply_to": mine}
    slowest = 0.0
    with (
        lab.LabClient(url) as client,
        MetaClient(client._transport, exchange="test", topic="lab") as meta,
    ):
        assert client.add(a=1, b=2) == 3
        before, rss, began = meta.stats().counters, process.memory_info().rss, time.monotonic()
        for number, frame in enumerate(map(renewed, hostile.frames(MESSAGES))):
            channel.basic_publish(amqp.Message(frame, **said), routing_key=queue)
            if number % PART == 0:
                eventually(lambda: meta.health().queued == 0, 20.0)
                slowest = max(slowest, good_call(client))
                with suppress(TimeoutError):
                    while True:
                        connection.drain_events(timeout=0.001)
        eventually(lambda: rabbit.queues()[queue] == 0, 30.0)
        aside = rabbit.queues()[f"{prefix}.junk/test/lab"]
        slowest = max(slowest, good_call(client))
        after, grown = meta.stats().counters, process.memory_info().rss - rss
        seconds = time.monotonic() - began
    connection.close()
    MEASURED.append(
        f"amqp: {MESSAGES} messages, {len(answers)} answers, in {seconds:.1f} s, {aside} put aside; slowest good call "
        f"{slowest:.3f} s, grown by {grown / 2**20:.1f} MiB, seed {campaign.SEED}; {after}"
    )
    assert slowest < LIMIT
    assert after["unreadable"] - before["unreadable"] > MESSAGES / 4
    assert after["rejected"] - before["rejected"] > MESSAGES / 50
    assert len(answers) > MESSAGES / 50
    assert grown <= campaign.GROWTH
    assert 0 < aside <= queues.JUNK["x-max-length"]


def good_call(client: Any) -> float:
    """Seconds of one that succeeds."""
    began = time.monotonic()
    assert client.prepare(timeout=10.0).add(a=1, b=2) == 3
    return time.monotonic() - began
