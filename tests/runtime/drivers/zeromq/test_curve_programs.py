"""Whole programs: what a generated client says of keys, and what forged answers cost it."""

from __future__ import annotations

import asyncio
import statistics
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import AuthError, Server, Transport

from tests.compiled import compile_to, import_from
from tests.runtime.drivers.zeromq.keyring import Keyring
from tests.runtime.drivers.zeromq.parts import ROOT

INTERFACE = """\
rpcgen: 1
interface: test.forged
version: "1.0"
target: {exchange: test, topic: forged}
methods:
  greet: {call: [any, server], args: {name: string}, returns: string}
"""

#: Forged answers to one call.
FLOOD = 100_000


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

    def seconds(self, until: Callable[[int], bool]) -> list[float]:
        """How long calls take, one after the other."""
        found: list[float] = []
        while not until(len(found)):
            began = time.perf_counter()
            assert self._good.greet(name="you") == "Hello, you"
            found.append(time.perf_counter() - began)
        return found

    def flooded(self) -> list[float]:
        """The same while the flood lasts."""
        answers: list[str] = []
        thread = threading.Thread(target=lambda: answers.append(self._bad.greet(name="you")))
        thread.start()
        found = self.seconds(lambda _: not thread.is_alive())
        thread.join()
        assert answers == ["done"]
        return found


def test_forged_answers_are_dropped_and_cost_little(
    stubs: ModuleType, serve: Callable[[str], None], ipc: str, forger: None
) -> None:
    """100,000 answers with ids that nobody waits for: each is counted and dropped, and calls are not twice as slow."""
    serve(ipc)
    with Transport(ipc) as transport, stubs.ForgedClient(transport, timeout=20) as client:
        caller = Caller(client)
        caller.seconds(lambda count: count >= 200)
        ratios: list[float] = []
        for attempt in range(1, 11):  # the machine may have other work
            before = statistics.median(caller.seconds(lambda count: count >= 300))
            during = statistics.median(caller.flooded())
            after = statistics.median(caller.seconds(lambda count: count >= 300))
            # The second true answer to each flood is late, too.
            assert transport.counters.late == attempt * (FLOOD + 1)
            ratios.append(during / max(before, after))
            if ratios[-1] <= 2.0:
                break
        assert min(ratios) <= 2.0, ratios
