"""A call goes on while an administrator closes the connections that it needs, one kind after the other, and all of them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import Server

from tests.conformance.lab import Bench, endpoint
from tests.conformance.waiting import eventually
from tests.rabbitd import RabbitServer

#: Whose connections, and what they are for; as they are listed.
KINDS = ["client answers", "server intake", "server answers", ""]  # the other one: test_marks.py


class Scene:
    """A client and a server whose connections can be told from each other."""

    def __init__(self, lab: Any, rabbit: RabbitServer) -> None:
        self._rabbit = rabbit
        self.prefix = f"test-{time.monotonic_ns()}"
        self.bench = Bench()
        url = rabbit.url(f"prefix={self.prefix}", f"name={self.prefix}")
        made = endpoint(lab, self.bench, "s1")
        self.server = Server(f"{url}-server", server="s1", endpoints=[made])
        self.client = lab.LabClient(f"{url}-client")

    def connections(self, kind: str = "") -> set[str]:
        """What tells ours from each other; of one kind, or all."""
        listed = self._rabbit.listed("connections", "pid", "client_properties")
        return {pid for pid, said in listed if f"{self.prefix}-{kind}" in said}

    def reply_queues(self) -> list[str]:
        return [name for name in self._rabbit.queues() if name.startswith(f"{self.prefix}.reply/")]

    def close(self, kind: str) -> None:
        """Close connections, and wait until others are in their place."""
        before = self.connections(kind)
        assert len(before) == (1 if kind else 4)
        for pid in before:
            self._rabbit.ctl("close_connection", pid, "a test")
        eventually(lambda: len(self.connections(kind) - before) == len(before), 30.0)


@pytest.fixture
def scene(lab: ModuleType, rabbit: RabbitServer) -> Iterator[Scene]:
    made = Scene(lab, rabbit)
    with made.server, made.client:
        yield made


@pytest.mark.parametrize("kind", KINDS)
def test_a_call_under_way_is_answered(scene: Scene, kind: str) -> None:
    """It runs once, and its answer comes by the queue that its client had before; so does that of the next one."""
    client = scene.client
    assert client.add(a=1) == 2
    queues = scene.reply_queues()
    with ThreadPoolExecutor(1) as pool:
        called = pool.submit(client.prepare(timeout=100.0).nap, seconds=100.0)
        assert scene.bench.started.wait(20.0)
        scene.close(kind)
        assert not called.done()
        scene.bench.release.set()
        assert called.result(20.0) is True
    assert client.prepare(timeout=20.0).greet(name="a", greeting="b") == "b a None"
    assert scene.reply_queues() == queues
    assert len(queues) == 1
    assert scene.server.serving.counters.handled == 3
