"""Clients and servers that nobody closes: whoever collects the garbage does not wait for them, and nothing of them stays."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import Context, Server

PROGRAM = """
import asyncio, gc, os, sys, time

sys.path.insert(0, {directory!r})
import {package} as side
from rpcgen.runtime import AsyncServer

class Side(side.AsyncSideEndpoint):
    async def ping(self, ctx, *, text):
        return text

    async def add(self, ctx, *, a, b):
        return a + b

def blocking_client():
    assert side.SideClient({url!r}).ping(text="a") == "a"

async def lose_client():
    assert await side.AsyncSideClient({url!r}).ping(text="a") == "a"

def asyncio_client():
    asyncio.run(lose_client())

async def lose_server():
    await AsyncServer({own!r}, server="lost", endpoints=[Side()]).start()

def asyncio_server():
    asyncio.run(lose_server())

def used():
    return len(os.listdir("/proc/self/fd")), len(os.listdir("/proc/self/task"))

def least(seconds, wanted=(0, 0)):
    end, found = time.monotonic() + seconds, used()
    while time.monotonic() < end and found > wanted:
        time.sleep(0.01)
        found = min(found, used())
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
client = side.SideClient({url!r})
client.ping(text="a")
if (child := os.fork()) == 0:
    del client
    gc.collect()
    os._exit(0)
print(os.waitpid(child, 0)[1], client.ping(text="b"))
client.close()
"""


@pytest.fixture
def serving(url: str, side: ModuleType) -> Iterator[None]:
    """A server for the clients that get lost."""

    class Side(side.SideEndpoint):  # type: ignore[misc, name-defined]
        def ping(self, ctx: Context, *, text: str) -> str:
            return text

        def add(self, ctx: Context, *, a: str, b: str) -> str:
            return a + b

    with Server(url, server="s1", endpoints=[Side()]):
        yield


def told(side: ModuleType, program: str, **parts: Any) -> tuple[list[str], str]:
    """The words that a program prints, and what it complains of."""
    text = (PROGRAM + program).format(
        directory=str(Path(side.__path__[0]).parent), package=side.__name__, **parts
    )
    ended = subprocess.run(
        [sys.executable, "-W", "always::ResourceWarning", "-c", text],
        capture_output=True,
        text=True,
        timeout=40.0,
        check=False,
    )
    assert ended.returncode == 0, ended.stderr
    return ended.stdout.split(), ended.stderr


@pytest.mark.parametrize("what", ["blocking_client", "asyncio_client"])
def test_a_client_that_nobody_closes_ends(
    side: ModuleType, url: str, serving: None, what: str
) -> None:
    """When it is collected, with its threads and descriptors; and a warning names its address."""
    used, complaints = told(side, LOSING, url=url, own="", what=what)
    assert used[:2] == used[2:]
    assert "a client of " in complaints
    assert "was never closed" in complaints


def test_a_server_that_nobody_stops_ends_with_its_loop(
    side: ModuleType, directory: Path, ipc: str
) -> None:
    """In the same way, and it is found no more."""
    used, complaints = told(side, LOSING, url="", own=ipc, what="asyncio_server")
    assert used[:2] == used[2:]
    assert "a server at ipc://" in complaints
    assert not [each for each in directory.iterdir() if each.is_socket()]


def test_a_forks_child_ends_nothing(side: ModuleType, url: str, serving: None) -> None:
    """Its parent's client goes on when the child collects its copy."""
    said, complaints = told(side, FORKING, url=url, own="")
    assert said == ["0", "b"]
    assert "was never closed" not in complaints
