"""Clients and servers that nobody closes: whoever collects the garbage does not wait for them, and nothing of them stays."""

from __future__ import annotations

import gc
import queue
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import Server
from rpcgen.runtime.drivers.zeromq.engine import Engine
from rpcgen.runtime.drivers.zeromq.matchmakers import Endpoint
from rpcgen.runtime.drivers.zeromq.options import ZmqOptions

from tests.conformance.lab import Bench, endpoint
from tests.runtime.drivers.zeromq.keyring import Keyring

ROOT = Path(__file__).parents[4]

PROGRAM = """
import asyncio, gc, os, sys, time

sys.path.insert(0, {directory!r})
import {package} as lab
from rpcgen.runtime import AsyncServer
from tests.conformance.lab import Bench, async_endpoint

def blocking_client():
    assert lab.LabClient({url!r}).add(a=1, b=2) == 3

async def lose_client():
    assert await lab.AsyncLabClient({url!r}).add(a=1, b=2) == 3

def asyncio_client():
    asyncio.run(lose_client())

async def lose_server():
    served = async_endpoint(lab, Bench(), "lost")
    await AsyncServer({own!r}, server="lost", endpoints=[served]).start()

def asyncio_server():
    asyncio.run(lose_server())

def used():
    return len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))

def least(seconds, wanted=(0, 0)):
    end, found = time.monotonic() + seconds, used()
    while time.monotonic() < end and not all(map(int.__le__, found, wanted)):
        time.sleep(0.01)
        found = tuple(map(min, found, used()))
    return found

"""

#: What is lost again and again, and what is in use after two times and after seven.
LOSING = """
def lose(times):
    for _ in range(times):
        {what}()
        gc.collect()

lose(2)
before = least(0.5)
lose(5)
print(*before, *least(10.0, before))
"""

#: A fork's child collects what is its parent's.
FORKING = """
client = lab.LabClient({url!r})
client.add(a=1, b=2)
if (child := os.fork()) == 0:
    del client
    gc.collect()
    os._exit(0)
print(os.waitpid(child, 0)[1], client.add(a=1, b=2))
client.close()
"""


@pytest.fixture
def serving(url: str, lab: ModuleType) -> Iterator[None]:
    """A server for the clients that get lost."""
    with Server(url, server="s1", endpoints=[endpoint(lab, Bench(), "s1")]):
        yield


def told(lab: ModuleType, program: str, **parts: Any) -> tuple[list[str], str]:
    """The words that a program prints, and what it complains of."""
    text = (PROGRAM + program).format(
        directory=str(Path(lab.__path__[0]).parent), package=lab.__name__, **parts
    )
    ended = subprocess.run(
        [sys.executable, "-W", "always::ResourceWarning", "-c", text],
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=40.0,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.split(), ended.stderr


def assert_no_more(used: list[str]) -> None:
    """Descriptors and threads, after seven were lost and after two: of these some may not have ended yet."""
    before, after = used[:2], used[2:]
    assert all(int(now) <= int(then) for now, then in zip(after, before, strict=True)), used


@pytest.mark.parametrize("what", ["blocking_client", "asyncio_client"])
def test_a_client_that_nobody_closes_ends(
    lab: ModuleType, url: str, serving: None, what: str
) -> None:
    """When it is collected, with its threads and descriptors; and a warning names its address."""
    used, complaints = told(lab, LOSING, url=url, own="", what=what)
    assert_no_more(used)
    assert "a client of " in complaints
    assert "was never closed" in complaints


@pytest.mark.parametrize("keyed", [False, True])
def test_a_server_that_nobody_stops_ends_with_its_loop(
    lab: ModuleType, directory: Path, ipc: str, tmp_path: Path, keyed: bool
) -> None:
    """In the same way, and it is found no more."""
    own = Keyring(tmp_path / "keys").server(ipc) if keyed else ipc
    used, complaints = told(lab, LOSING, url="", own=own, what="asyncio_server")
    assert_no_more(used)
    assert "a server at ipc://" in complaints
    assert list(directory.iterdir()) == []


def test_a_matchmaker_ends_with_a_client_that_nobody_closes() -> None:
    """In a thread of its own: it may have to wait for one."""
    place = Place()
    Engine(place, ZmqOptions(), lambda _: None, lambda _: [])
    with pytest.warns(ResourceWarning, match="a client of a place was never closed"):
        gc.collect()
    assert place.closed_by.get(timeout=10.0) != threading.get_ident()


class Place:
    """A matchmaker that knows nobody, and which thread closed it."""

    where = "a place"

    def __init__(self) -> None:
        self.closed_by: queue.SimpleQueue[int] = queue.SimpleQueue()

    def changed(self) -> bool:
        return False

    def settled(self, since: float) -> bool:
        return True

    def look(self) -> list[Endpoint]:
        return []

    def found(self, endpoint: Endpoint) -> None: ...

    def lost(self, endpoint: Endpoint) -> bool:
        return False

    def close(self) -> None:
        self.closed_by.put(threading.get_ident())


def test_a_forks_child_ends_nothing(lab: ModuleType, url: str, serving: None) -> None:
    """Its parent's client goes on when the child collects its copy."""
    said, complaints = told(lab, FORKING, url=url, own="")
    assert said == ["0", "3"]
    assert "was never closed" not in complaints
