"""One server that listens at two URLs, of two transports, and one client that sends by both."""

from __future__ import annotations

import asyncio
import tempfile
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import psutil
import pytest
from rpcgen.runtime import AsyncTransport, Rejected, Transport
from rpcgen.runtime import rpcgen_meta as meta_package

from tests.conformance.lab import Bench, async_endpoint, endpoint
from tests.conformance.waiting import eventually
from tests.conformance.worlds import Worlds
from tests.ports import free_port

#: Seconds that a handler takes which is to be seen running, and that a drain may take.
NAP, DRAIN = 1.5, 5.0


@pytest.fixture
def urls() -> Iterator[list[str]]:
    with tempfile.TemporaryDirectory(prefix="rpcgen") as directory:
        yield [f"zmq+ipc://{directory}/s", f"zmq+tcp://127.0.0.1:{free_port()}"]


class Fleet:
    """A lab's server at some URLs, a client of each, which share all but the transport, and what asks the server."""

    def __init__(
        self, lab: ModuleType, worlds: Worlds, urls: list[str], server: str = "s1"
    ) -> None:
        self.worlds = worlds
        self.bench = Bench()
        make = endpoint if worlds.server_world == "blocking" else async_endpoint
        made = make(lab, self.bench, server)
        self.server = self.worlds.server(urls, server=server, endpoints=[made])
        self.transports = [self._transport(url) for url in urls]
        first = self.worlds.client(lab, "Lab", self.transports[0])
        self.clients = [first, *(first.prepare(transport=each) for each in self.transports[1:])]
        self.metas = [
            self.worlds.client(meta_package, "Meta", each, exchange="test", topic="lab")
            for each in self.transports
        ]

    def _transport(self, url: str) -> Any:
        loop = self.worlds.loop
        if self.worlds.client_world == "blocking":
            transport: Any = Transport(url)
            self.worlds.on_close(transport.close)
        else:
            transport = loop.make(lambda: AsyncTransport(url))
            self.worlds.on_close(lambda: loop.run(transport.close()))
        return transport

    def running(self) -> list[int]:
        """How many handlers the server says that it runs, by each transport."""
        return [meta.health().running for meta in self.metas]


@pytest.fixture(params=["blocking", "asyncio"])
def worlds(request: pytest.FixtureRequest) -> Iterator[Worlds]:
    made = Worlds(request.param, request.param)
    yield made
    made.close()


@pytest.fixture
def pair(lab: ModuleType, worlds: Worlds, urls: list[str]) -> Fleet:
    return Fleet(lab, worlds, urls)


def test_a_call_by_each_is_answered(pair: Fleet, urls: list[str]) -> None:
    """The server is one, at two addresses, and its counters are of both; each client is told the same."""
    assert [client.report().server for client in pair.clients] == ["s1", "s1"]
    assert [client.add(a=1, b=2) for client in pair.clients] == [3, 3]
    assert [address.partition("://")[0] for address in pair.server.addresses] == ["ipc", "tcp"]
    assert pair.server.serving.counters.received == 4


def test_a_fanout_by_each_reaches_it_once(pair: Fleet) -> None:
    """A server that can be found by both gets what was sent by one of them once, and is named once."""
    for number, client in enumerate(pair.clients):
        sent = client.prepare(fanout=True).note(text=f"by {number}")
        assert (sent.peers, sent.refused) == (("s1",), ())
    for client in pair.clients:  # on the same connection: what came before it has been read
        client.report()
    assert pair.bench.wait_for_notes(2) == ["s1:by 0", "s1:by 1"]
    assert pair.server.serving.counters.received == 4


def test_a_drain_finishes_what_came_by_each(pair: Fleet) -> None:
    """A call under way by each is answered while the server stops; then neither reaches it, and both say so alike."""
    with ThreadPoolExecutor(3) as pool:
        calls = [pool.submit(client.nap, seconds=NAP) for client in pair.clients]
        eventually(lambda: pair.running() == [2, 2])
        stopped = pool.submit(pair.server.stop, DRAIN)
        eventually(lambda: all(map(refuses, pair.clients)))
        assert not any(call.done() for call in calls)
        assert [call.result(DRAIN) for call in calls] == [True, True]
        began = time.monotonic()
        stopped.result(DRAIN)
    assert time.monotonic() - began < DRAIN / 2


def test_a_transport_that_is_slow_to_withdraw_costs_the_other_nothing(
    pair: Fleet, worlds: Worlds, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What comes by the other is done until that has withdrawn, too: who is refused before has nowhere else to go."""
    slow, begun = pair.server._listeners[0], threading.Event()
    withdraw = type(slow).withdraw

    def withdraws(listener: Any) -> None:
        if listener is slow:
            begun.set()
            time.sleep(0.5)
        withdraw(listener)

    async def withdraws_in_loop(listener: Any) -> None:
        if listener is slow:
            begun.set()
            await asyncio.sleep(0.5)
        await withdraw(listener)

    is_blocking = worlds.server_world == "blocking"
    monkeypatch.setattr(type(slow), "withdraw", withdraws if is_blocking else withdraws_in_loop)
    with ThreadPoolExecutor(1) as pool:
        stopped = pool.submit(pair.server.stop, DRAIN)
        assert begun.wait(DRAIN)
        assert [pair.clients[1].report().server for _ in range(20)] == ["s1"] * 20
        assert not stopped.done()
        stopped.result(DRAIN)


def refuses(client: Any) -> bool:
    """Whether the server takes nothing more that comes so."""
    try:
        client.prepare(timeout=1.0).report()
    except (ConnectionError, Rejected):
        return True
    return False


def test_one_client_sends_by_each(lab: ModuleType, worlds: Worlds, urls: list[str]) -> None:
    """`prepare(transport=...)` calls and casts elsewhere, also with other options, and closes nothing."""
    here, there = (Fleet(lab, worlds, [url], f"s{number}") for number, url in enumerate(urls, 1))
    (client,), (transport,) = here.clients, there.transports
    elsewhere = client.prepare(transport=transport)
    assert [each.report().server for each in (client, elsewhere, client)] == ["s1", "s2", "s1"]
    told = elsewhere.prepare(context={"user": "ann"}, timeout=2.0).report()
    assert (told.server, told.fields, told.remaining <= 2.0) == ("s2", {"user": "ann"}, True)
    assert elsewhere.note(text="x").peers == ("s2",)
    assert there.bench.wait_for_notes(1) == ["s2:x"]
    elsewhere.close()
    assert [each.report().server for each in (client, *there.clients)] == ["s1", "s2"]


@pytest.mark.parametrize("world", ["blocking", "asyncio"])
def test_nothing_of_either_is_left(lab: ModuleType, world: str, urls: list[str]) -> None:
    """No descriptor, no thread, no file of a socket, and the port is free for the next server."""
    process = psutil.Process()
    use(lab, world, urls)  # what an interpreter opens once
    descriptors, threads = process.num_fds(), process.num_threads()
    for _ in range(3):
        use(lab, world, urls)
    eventually(lambda: process.num_fds() <= descriptors and process.num_threads() <= threads)
    assert list(Path(urls[0].removeprefix("zmq+ipc://")).glob("*.*")) == []


def use(lab: ModuleType, world: str, urls: list[str]) -> None:
    """A server and its clients, one call by each, and the end of all."""
    worlds = Worlds(world, world)
    try:
        assert [client.add(a=1) for client in Fleet(lab, worlds, urls).clients] == [2, 2]
    finally:
        worlds.close()
