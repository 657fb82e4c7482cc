"""Whole programs: what a generated client says of keys, and what forged answers cost it."""

from __future__ import annotations

import asyncio
import os
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import AsyncTransport, AuthError, Server, Transport

from tests.compiled import compile_to
from tests.measured import MEASURED
from tests.packages import import_from
from tests.runtime.drivers.zeromq.keyring import Keyring
from tests.runtime.drivers.zeromq.parts import ROOT, eventually

INTERFACE = """\
rpcgen: 1
interface: test.forged
version: "1.0"
target: {exchange: test, topic: forged}
methods:
  greet: {call: [any, server], args: {name: string}, returns: string}
"""

#: Forged answers to one call; a long run has ten such calls.
FLOOD = 100_000
LONG = os.environ.get("RPCGEN_CHAOS") == "long"

#: How many times as long other calls may take meanwhile.
LIMIT = 2.0


@pytest.fixture(scope="module")
def stubs(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    folder = tmp_path_factory.mktemp("forged")
    (folder / "forged.yaml").write_text(INTERFACE)
    compile_to(folder, folder / "forged.yaml")
    return import_from(folder, "test_forged")


@pytest.fixture
def keys(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "keys")


@pytest.fixture
def serve(stubs: ModuleType) -> Iterator[Callable[[str], None]]:
    running: list[Server] = []

    class Greeter(stubs.ForgedEndpoint):  # type: ignore[name-defined,misc]
        def greet(self, ctx: Any, *, name: str) -> str:
            return f"Hello, {name}"

    def start(url: str) -> None:
        running.append(Server(url, server="s1", endpoints=[Greeter()]))
        running[-1].start()

    yield start
    for server in running:
        server.stop()


def greet(world: str, stubs: ModuleType, url: str, pin: str | None = None) -> str:
    """One call of a new client."""

    async def ask() -> str:
        async with stubs.AsyncForgedClient(url, timeout=20, pin=pin) as client:
            answer: str = await client.greet(name="you")
            return answer

    if world == "asyncio":
        return asyncio.run(ask())
    with stubs.ForgedClient(url, timeout=20, pin=pin) as client:
        answer: str = client.greet(name="you")
        return answer


def test_a_refused_program_gets_an_error_and_no_timeout(
    world: str, stubs: ModuleType, serve: Callable[[str], None], url: str, keys: Keyring
) -> None:
    """A call of a generated client ends with AuthError at once, and so does one that asks for versions first."""
    serve(keys.server(url))
    assert greet(world, stubs, keys.client(url)) == "Hello, you"
    began = time.monotonic()
    for wrong in (url, keys.client(url, peers="client.pub"), keys.client(url, key="server")):
        for pin in (None, "auto"):
            with pytest.raises(AuthError):
                greet(world, stubs, wrong, pin)
    assert time.monotonic() - began < 3.0


@pytest.fixture
def forger(ipc: str) -> Iterator[None]:
    command = [sys.executable, "-m", "tests.runtime.drivers.zeromq.forger", ipc, "forged"]
    with subprocess.Popen([*command, str(FLOOD)], cwd=ROOT, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield
        process.kill()


class Caller:
    """A client that calls one server while another floods it."""

    def __init__(self, client: Any) -> None:
        self._good, self._bad = client.prepare(server="s1"), client.prepare(server="forger")

    def alone(self, count: int) -> float:
        """The median of how long so many calls take, one after the other."""
        return self._median(lambda done: done >= count)

    def flooded(self) -> float:
        """The same while the flood lasts."""
        answers: list[str] = []
        thread = threading.Thread(target=lambda: answers.append(self._bad.greet(name="you")))
        thread.start()
        median = self._median(lambda _: not thread.is_alive())
        thread.join()
        assert answers == ["done"]
        return median

    def _median(self, until: Callable[[int], bool]) -> float:
        found: list[float] = []
        while not until(len(found)):
            began = time.perf_counter()
            assert self._good.greet(name="you") == "Hello, you"
            found.append(time.perf_counter() - began)
        return statistics.median(found)


class AsyncCaller:
    """The same on a loop."""

    def __init__(self, client: Any, runner: asyncio.Runner) -> None:
        self._good, self._bad = client.prepare(server="s1"), client.prepare(server="forger")
        self._runner = runner

    def alone(self, count: int) -> float:
        """See `Caller`."""
        return self._runner.run(self._median(lambda done: done >= count))

    def flooded(self) -> float:
        """See `Caller`."""

        async def both() -> float:
            bad = asyncio.create_task(self._bad.greet(name="you"))
            median = await self._median(lambda _: bad.done())
            assert await bad == "done"
            return median

        return self._runner.run(both())

    async def _median(self, until: Callable[[int], bool]) -> float:
        found: list[float] = []
        while not until(len(found)):
            began = time.perf_counter()
            assert await self._good.greet(name="you") == "Hello, you"
            found.append(time.perf_counter() - began)
        return statistics.median(found)


@contextmanager
def calling(world: str, stubs: ModuleType, url: str) -> Iterator[tuple[Any, Any]]:
    """A transport, and a caller that has called a few times."""
    if world == "blocking":
        with Transport(url) as transport, stubs.ForgedClient(transport, timeout=20) as client:
            yield transport, Caller(client)
        return
    with asyncio.Runner() as runner:
        transport = AsyncTransport(url)
        yield transport, AsyncCaller(stubs.AsyncForgedClient(transport, timeout=20), runner)
        runner.run(transport.close())


@pytest.mark.timeout(300 if LONG else 60)
def test_forged_answers_are_dropped_and_cost_little(
    world: str,
    stubs: ModuleType,
    serve: Callable[[str], None],
    ipc: str,
    forger: None,
) -> None:
    """R14: of 100,000 answers with ids that nobody waits for, again and again, each is dropped, and calls are not slow."""
    serve(ipc)
    ratios: list[float] = []
    with calling(world, stubs, ipc) as (transport, caller):
        caller.alone(200)
        for attempt in range(1, 11):  # the machine may have other work
            before = caller.alone(300)
            during = caller.flooded()
            ratios.append(during / max(before, caller.alone(300)))
            # The second true answer to each flood is late, too, and may come later than the next calls.
            late = attempt * (FLOOD + 1)
            eventually(lambda late=late: caller.alone(1) and transport.counters.late >= late)
            assert transport.counters.late == late
            if ratios[-1] <= LIMIT and not LONG:
                break
    MEASURED.append(
        f"R14 {len(ratios) * FLOOD} forged answers, {world}: limit 0 believed, calls {LIMIT:g} times as long; "
        f"measured 0, {', '.join(f'{ratio:.2f}' for ratio in ratios)} times"
    )
    assert (statistics.median(ratios) if LONG else min(ratios)) <= LIMIT
