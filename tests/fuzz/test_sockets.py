"""A server process survives hostile messages and streams at its sockets, and others are served on (PROMISES: R1, R2)."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from random import Random
from types import ModuleType
from typing import Any

import psutil
import pytest
import zmq
from rpcgen.runtime.drivers.zeromq import control
from rpcgen.runtime.rpcgen_meta import MetaClient

from tests.bare import frames_of
from tests.fuzz import campaign
from tests.fuzz.bundled import bundled
from tests.fuzz.mutations import Hostile
from tests.fuzz.seeds import frames, renewed, requests
from tests.fuzz.streams import pour
from tests.measured import MEASURED
from tests.ports import free_port

MESSAGES = 20_000 * max(campaign.ROUNDS, 1)
STREAMS = 2_000 * max(campaign.ROUNDS, 1)
#: Messages, or streams, between two good calls.
PART = 250
#: Seconds of a good call.
LIMIT = 1.0


@dataclass
class Process:
    """A lab's server in a process of its own, a client of it, and what it was asked last."""

    process: subprocess.Popen[str]
    url: str
    address: str
    client: Any
    meta: Any
    slowest: float = 0.0

    def good_call(self) -> None:
        """A call that succeeds, in time."""
        began = time.monotonic()
        assert self.client.prepare(timeout=5.0).add(a=1, b=2) == 3
        self.slowest = max(self.slowest, time.monotonic() - began)
        assert self.slowest < LIMIT
        assert self.process.poll() is None

    def counters(self) -> dict[str, int]:
        """What the server counted."""
        counted: dict[str, int] = self.meta.stats().counters
        return counted

    def rss(self) -> int:
        """Bytes of the server."""
        size: int = psutil.Process(self.process.pid).memory_info().rss
        return size


@pytest.fixture(params=[("zmq+ipc", "asyncio"), ("zmq+tcp", "blocking")], ids="-".join)
def process(request: pytest.FixtureRequest, lab: ModuleType) -> Iterator[Process]:
    """The server, of each world, at a Unix socket and at a port."""
    scheme, world = request.param
    with tempfile.TemporaryDirectory(prefix="rpcgen") as directory:
        url = f"zmq+ipc://{directory}/s"
        if scheme == "zmq+tcp":
            url = f"zmq+tcp://127.0.0.1:{free_port()}"
        assert lab.__file__ is not None
        packages = str(Path(lab.__file__).parent.parent)
        command = [sys.executable, "-m", "tests.conformance.serve_lab", world, packages, url]
        started = subprocess.Popen(
            [*command, "s"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
        )
        try:
            assert started.stdout is not None
            assert started.stdout.readline() == "ready\n"
            with (
                lab.LabClient(url) as client,
                MetaClient(client._transport, exchange="test", topic="lab") as meta,
            ):
                yield Process(started, url, _address(url), client, meta)
        finally:
            started.kill()
            started.wait()
            assert started.stdout is not None
            started.stdout.close()


def _address(url: str) -> str:
    """Where ZeroMQ finds the server."""
    if url.startswith("zmq+tcp"):
        return url.removeprefix("zmq+")
    (record,) = Path(url.removeprefix("zmq+ipc://")).glob("*.json")
    return f"ipc://{record.parent / json.loads(record.read_text())['socket']}"


@pytest.mark.timeout(60 + 600 * campaign.ROUNDS)
def test_messages(process: Process) -> None:
    """Hostile frames, alone and in bundles, are counted, and neither end the server nor keep others waiting.

    Its memory does not grow.
    """
    quick = [each for each in requests() if each[4] != "nap"]
    hostile = Hostile(campaign.SEED, quick, [each for each in frames() if b"nap" not in each])
    process.good_call()
    before, rss, began = process.counters(), process.rss(), time.monotonic()
    answers = 0
    with zmq.Context() as context, context.socket(zmq.DEALER) as dealer:
        dealer.set(zmq.LINGER, 0)
        dealer.set(zmq.SNDTIMEO, 5000)
        dealer.set(zmq.ROUTING_ID, control.new_routing_id())
        dealer.connect(process.address)
        dealer.send(control.encode(control.Hello(control.PROTOCOL)))
        said = bundled(campaign.SEED, map(renewed, hostile.frames(MESSAGES)))
        for number, message in enumerate(said):
            dealer.send(message)
            while dealer.poll(0):
                answers += len(frames_of(dealer.recv()))
            if number % PART == 0:
                process.good_call()
        process.good_call()
    after = process.counters()
    grown, seconds = process.rss() - rss, time.monotonic() - began
    MEASURED.append(
        f"{process.address[:5]}: {MESSAGES} messages, {answers} answers, in {seconds:.1f} s; slowest good call "
        f"{process.slowest:.3f} s, grown by {grown / 2**20:.1f} MiB, seed {campaign.SEED}; {after}"
    )
    assert after["unreadable"] - before["unreadable"] > MESSAGES / 4
    assert after["rejected"] - before["rejected"] > MESSAGES / 50
    assert answers > MESSAGES / 50
    assert grown <= campaign.GROWTH


@pytest.mark.timeout(60 + 600 * campaign.ROUNDS)
def test_streams(process: Process) -> None:
    """What is no ZeroMQ, or begins as such and is cut, slow or a lie, reaches no handler and keeps nobody waiting."""
    random, began = Random(campaign.SEED), time.monotonic()
    process.good_call()
    rss, before = process.rss(), process.counters()
    scheme, _, rest = process.address.partition("://")
    host: Any = rest if scheme == "ipc" else ("127.0.0.1", int(rest.rpartition(":")[2]))
    spoke = 0
    for _ in range(STREAMS // 50):
        spoke += pour(host, random, 50, held=40)
        process.good_call()
    after, grown = process.counters(), process.rss() - rss
    MEASURED.append(
        f"{scheme}: {STREAMS} streams in {time.monotonic() - began:.1f} s; slowest good call "
        f"{process.slowest:.3f} s, grown by {grown / 2**20:.1f} MiB"
    )
    assert spoke > STREAMS * 0.8
    ours = STREAMS // 50 + 1  # good calls, and the question for the counters
    assert after["received"] - before["received"] == ours
    assert after["unreadable"] == before["unreadable"]
    assert grown <= campaign.GROWTH
