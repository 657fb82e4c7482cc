"""How servers end: who waits for whom, and what is left."""

from __future__ import annotations

import asyncio
import math
import os
import secrets
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import AsyncServer, ConfigurationError, ConnectionLost, Server, Target

from tests.conformance.conftest import Lab
from tests.conformance.lab import Bench, async_endpoint, endpoint
from tests.conformance.waiting import eventually


def test_a_stopped_server_does_not_start(labs: Lab) -> None:
    """A server that was stopped would bind, and never read."""
    labs.open(servers=0)
    server = labs.worlds.raw_server(labs.urls[0], endpoints=[labs.endpoint("s1")])
    server.stop()
    with pytest.raises(ConfigurationError, match="before"):
        server.start()


def test_a_drain_may_be_endless(labs: Lab) -> None:
    """drain_timeout=inf waits for whatever runs."""
    client = labs.open(drain_timeout=math.inf)
    with ThreadPoolExecutor(2) as pool:
        running = pool.submit(lambda: client.nap(seconds=20.0))
        assert labs.bench.started.wait(5.0)
        stopping = pool.submit(labs.servers[0].stop)
        eventually(lambda: labs.servers[0].serving.work.state.value != "open")
        labs.bench.release.set()
        assert running.result(5.0) is True
        stopping.result(5.0)


@pytest.fixture
def url() -> str:
    return f"memory://{secrets.token_hex(6)}"


def deaf(lab: ModuleType, begun: threading.Event, release: threading.Event) -> Any:
    """An endpoint whose `both` hears nothing until `release` is set."""

    def both(self: Any, ctx: Any, *, text: str) -> None:
        begun.set()
        release.wait(20.0)

    return type("Deaf", (type(endpoint(lab, Bench(), "s")),), {"both": both})()


def test_no_thread_is_left(lab: ModuleType, url: str) -> None:
    """When a server has stopped, all its threads end."""
    before = set(threading.enumerate())
    with Server(url, endpoints=[endpoint(lab, Bench(), "s")]), lab.LabClient(url) as client:
        assert client.add(a=1) == 2
    eventually(lambda: set(threading.enumerate()) <= before)


def test_whoever_stops_a_stopping_server_waits_for_the_end(lab: ModuleType, url: str) -> None:
    """A second stop(), and wait(), return when the drain has ended, not before."""
    begun, release = threading.Event(), threading.Event()
    server = Server(url, endpoints=[deaf(lab, begun, release)])
    server.start()
    with ThreadPoolExecutor(4) as pool, lab.LabClient(url) as client:
        running = pool.submit(lambda: client.both(text="x"))
        assert begun.wait(5.0)
        first = pool.submit(server.stop)
        eventually(lambda: server.serving.work.state.value == "draining")
        others = [pool.submit(server.stop), pool.submit(server.wait)]
        with pytest.raises(TimeoutError):
            others[0].result(0.2)
        assert not others[1].done()
        release.set()
        for one in (running, first, *others):
            one.result(5.0)


def test_a_second_signal_ends_the_drain_of_a_deaf_handler(lab: ModuleType, url: str) -> None:
    """Also a handler that never looks at ctx.cancelled holds nobody up who asks twice."""
    begun, release = threading.Event(), threading.Event()
    before = signal.getsignal(signal.SIGTERM)
    with Server(url, endpoints=[deaf(lab, begun, release)]) as server, lab.LabClient(url) as client:

        def ask_twice() -> None:
            assert begun.wait(5.0)
            # Until wait() listens, a SIGTERM would end this very process.
            eventually(lambda: signal.getsignal(signal.SIGTERM) is not before)
            os.kill(os.getpid(), signal.SIGTERM)
            eventually(lambda: server.serving.work.state.value == "draining")
            os.kill(os.getpid(), signal.SIGTERM)

        with ThreadPoolExecutor(2) as pool:
            running = pool.submit(lambda: client.both(text="x"))
            asking = pool.submit(ask_twice)
            server.wait()
            asking.result(1.0)
            with pytest.raises(ConnectionLost, match="stopped"):
                running.result(1.0)
    release.set()


async def test_plain_handlers_that_ran_inline_do_not_cut_a_drain_short(
    lab: ModuleType, side: ModuleType, url: str
) -> None:
    """A drain waits for coroutines also where inline handlers had left the server idle before."""
    bench = Bench()
    methods = {"ping": lambda self, ctx, *, text: text, "add": lambda self, ctx, *, a, b: a + b}
    plain = type("Side", (side.SideEndpoint,), methods)()
    served = [async_endpoint(lab, bench, "s"), plain]
    server = AsyncServer(url, endpoints=served, executor="inline")
    await server.start()
    async with lab.AsyncLabClient(url) as client, side.AsyncSideClient(url) as other:
        assert await other.ping(text="x") == "x"
        running = asyncio.ensure_future(client.nap(seconds=0.4))
        while not bench.started.is_set():
            await asyncio.sleep(0.005)
        await server.stop()
        assert await running is True


async def test_a_cancelled_stop_still_ends_the_server(lab: ModuleType, url: str) -> None:
    """Who gives up on stop() leaves a server that has ended, and the next stop() does not hang."""
    bench = Bench()
    server = AsyncServer(url, endpoints=[async_endpoint(lab, bench, "s")])
    await server.start()
    async with lab.AsyncLabClient(url) as client:
        running = asyncio.ensure_future(client.nap(seconds=20.0))
        while not bench.started.is_set():
            await asyncio.sleep(0.005)
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(server.stop(), 0.2)
        await asyncio.wait_for(server.stop(), 2.0)
        with pytest.raises(ConnectionLost):
            await running


SCRIPT = """
import asyncio, sys, threading
from pathlib import Path
from tests.packages import import_from
from tests.conformance.test_endings import deaf
from rpcgen.runtime import AsyncServer
lab = import_from(Path(sys.argv[1]), "test_lab")
async def main():
    begun = threading.Event()
    async with AsyncServer("memory://x", endpoints=[deaf(lab, begun, threading.Event())], drain_timeout=0.1):
        async with lab.AsyncLabClient("memory://x") as client:
            call = asyncio.ensure_future(client.both(text="x"))
            while not begun.is_set():
                await asyncio.sleep(0.01)
            call.cancel()
asyncio.run(main())
"""


def test_a_deaf_handler_does_not_outlive_its_process(lab: ModuleType) -> None:
    """A plain handler on an asyncio server's thread does not keep the interpreter from ending."""
    directory = str(Path(str(lab.__file__)).parents[1])
    ended = subprocess.run(
        [sys.executable, "-c", SCRIPT, directory],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=18.0,  # the handler takes longer
        check=False,
    )
    assert ended.returncode == 0
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("kind", ["call", "cast"])
def test_a_message_whose_server_closes_before_it_left_goes_to_another(labs: Lab, kind: str) -> None:
    """The server is chosen, and gone before anything was sent: nobody can have run it, so another server gets it."""
    client = labs.open(servers=2)
    if labs.urls[0].startswith("amqp"):
        pytest.skip("the broker chooses the server")
    client.prepare(server="s1").report()
    transport = (client if labs.worlds.client_world == "blocking" else client._thing)._transport
    driver, target = transport._driver, Target("test", "lab", "s1")
    chosen = labs.worlds.loop.make(lambda: driver.peer(target))
    labs.servers[0].stop()

    def is_gone() -> bool:
        # Some drivers choose a server no more before they know that it has ended; what is sent to it then may still arrive.
        found = labs.worlds.loop.make(lambda: driver.peer(target))
        known = getattr(chosen, "state", "lost") == "lost" and getattr(chosen, "ended", True)
        return found is None and known

    eventually(is_gone)
    choose, early = driver.peer, [chosen]
    driver.peer = lambda target: early.pop() if early else choose(target)
    if kind == "call":
        assert client.report().server == "s2"
    else:
        assert client.note(text="x").peers == ("s2",)
        assert labs.bench.wait_for_notes(1) == ["s2:x"]
    assert not early
    assert transport.counters.moved == 1
