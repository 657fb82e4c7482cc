"""What a program loads until its first answer: each module costs a command line tool, and a test, its share of a start.

The libraries that rpcgen is made of load what they like; what counts is what comes on top.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import Context, Server

from tests.conformance.lab import Bench, endpoint
from tests.ports import free_port

BLOCKING = """
import msgspec, sys, zmq
{before}
sys.path.insert(0, {directory!r})
from {package} import {client}

with {client}({url!r}) as client:
    client.{call}
{after}
"""

ASYNCIO = """
import asyncio, msgspec, sys, zmq
{before}
sys.path.insert(0, {directory!r})
from {package} import Async{client}

async def main():
    async with Async{client}({url!r}) as client:
        await client.{call}

asyncio.run(main())
{after}
"""

#: A program for each world. What it imports first are the libraries that it, or a client, is made of.
WORLDS = {"blocking": BLOCKING, "asyncio": ASYNCIO}

#: Of the standard library: what a first call does not need, and what cost a millisecond or more, or was easily had again.
HEAVY = frozenset(
    {
        "asyncio",
        "dataclasses",
        "difflib",
        "importlib.metadata",
        "importlib.util",
        "ipaddress",
        "logging",
        "pkgutil",
        "queue",
        "resource",
        "selectors",
        "socket",
        "string",
        "tempfile",
        "urllib.parse",
    }
)

#: Of ours (below `rpcgen.runtime`): mistakes, servers, older versions, and types that nothing but a type checker reads.
ELSEWHERE = frozenset(
    {
        "advice",
        "aio.handler_threads",
        "aio.server",
        "blocking.server",
        "blocking.workers",
        "core.dispatch",
        "core.fleet",
        "core.leaves",
        "core.packing",
        "core.questions",
        "core.serving",
        "core.versions.kit",
        "core.versions.lift",
        "core.versions.lower",
        "core.walk",
        "core.wires.wire",
        "core.words",
        "deliveries",
        "driver",
        "drivers.zeromq.binding",
        "drivers.zeromq.curve",
        "drivers.zeromq.discovery",
        "drivers.zeromq.hosts",
        "drivers.zeromq.matchmaker",
        "drivers.zeromq.matchmakers.ipc",
        "drivers.zeromq.refusals",
        "drivers.zeromq.zap",
        "endpoint",
        "interceptor",
        "opaque",
        "outgoing",
        "room",
        "transports",
    }
)

#: Of ours: what says and reads what an interface was at other versions, or has that few interfaces have.
PAST = frozenset({"core.versions.glance", "core.versions.parts", "dated", "open_enum", "values"})

#: How many modules of ours, and how many objects that the collector of garbage looks at, a first call may leave. Each
#: module costs some 0.1 ms of a start, each thousand objects a millisecond or more: they are looked at several times.
MODULES = 62
OBJECTS = 2700


@pytest.mark.parametrize("world", WORLDS)
def test_a_first_call_loads_what_it_needs(lab: ModuleType, world: str) -> None:
    """Nothing heavy beyond what the libraries have loaded, nothing of the other world, and no part of a server."""
    url = f"zmq+tcp://127.0.0.1:{free_port()}"
    with Server(url, server="s1", endpoints=[endpoint(lab, Bench(), "s1")]):
        loaded = _loaded(lab, world, url, "LabClient", "report()")
    ours = _ours(loaded)
    other = "blocking" if world == "asyncio" else "aio"
    assert "drivers.zeromq.engine" in ours
    assert sorted(loaded & HEAVY) == []
    assert sorted(ours & ELSEWHERE) == []
    assert [name for name in sorted(ours) if other in name.split(".")] == []


@pytest.mark.parametrize("world", WORLDS)
def test_an_interface_without_a_past_loads_nothing_about_one(side: ModuleType, world: str) -> None:
    """Nor does it make more modules and objects than were agreed upon."""
    url = f"zmq+tcp://127.0.0.1:{free_port()}"
    with Server(url, server="s1", endpoints=[_side(side)]):
        ours = _ours(_loaded(side, world, url, "SideClient", "ping(text='a')"))
        objects = _objects(side, world, url)
    assert "core.plan" in ours
    assert sorted(ours & PAST) == []
    assert len(ours) <= MODULES, sorted(ours)
    assert objects <= OBJECTS


@pytest.mark.parametrize("world", WORLDS)
def test_a_connected_client_opens_no_file(lab: ModuleType, world: str) -> None:
    """F37: also for the first call of a method of another kind; of one that may be retried, here."""
    url = f"zmq+tcp://127.0.0.1:{free_port()}"
    limit = "resource.setrlimit(resource.RLIMIT_NOFILE, (3, 3))"
    ask = "await client" if world == "asyncio" else "client"
    calls = f"report(); {limit}; print({ask}.add(a=1, b=2))"
    with Server(url, server="s1", endpoints=[endpoint(lab, Bench(), "s1")]):
        told = _run(
            lab,
            world,
            url=url,
            client="LabClient",
            call=calls,
            before="import resource",
            after="",
        )
    assert told == "3\n"


@pytest.mark.parametrize("world", ["aio", "blocking"])
def test_a_server_has_loaded_what_reads_mistakes(world: str) -> None:
    """F37: when the first message that does not fit comes, there may be no file to open."""
    program = f"import sys, rpcgen.runtime.{world}.server\nprint(*sys.modules)"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30.0, check=True
    )
    assert {"core.keys", "core.walk", "core.words"} <= _ours(set(loaded.stdout.split()))


def test_what_must_not_be_loaded_exists() -> None:
    """A module that was moved or renamed would be missed by nobody."""
    root = Path(sys.modules["rpcgen.runtime"].__path__[0])
    files = [root.joinpath(*name.split(".")) for name in ELSEWHERE | PAST]
    assert [path for path in files if not path.with_suffix(".py").exists()] == []
    assert sys.stdlib_module_names >= {name.partition(".")[0] for name in HEAVY}


def _side(side: ModuleType) -> Any:
    class Side(side.SideEndpoint):  # type: ignore[misc, name-defined]
        def ping(self, ctx: Context, *, text: str) -> str:
            return text

        def add(self, ctx: Context, *, a: str, b: str) -> str:
            return a + b

    return Side()


def _loaded(package: ModuleType, world: str, url: str, client: str, call: str) -> set[str]:
    """The modules that a program has loaded when it ends, besides those of the libraries alone."""
    printed = _run(
        package,
        world,
        url=url,
        client=client,
        call=call,
        before="before = set(sys.modules)",
        after="print(*sys.modules.keys() - before)",
    )
    return set(printed.split())


def _ours(loaded: set[str]) -> set[str]:
    return {name.removeprefix("rpcgen.runtime.") for name in loaded if name.startswith("rpcgen.")}


def _objects(package: ModuleType, world: str, url: str) -> int:
    """How many more objects there are after a first call than the libraries have made."""
    printed = _run(
        package,
        world,
        url=url,
        client="SideClient",
        call="ping(text='a')",
        before="import gc\ngc.collect()\nbefore = len(gc.get_objects())",
        after="gc.collect()\nprint(len(gc.get_objects()) - before)",
    )
    return int(printed)


def _run(package: ModuleType, world: str, **parts: str) -> str:
    """What one of the programs prints."""
    directory = str(Path(package.__path__[0]).parent)
    program = WORLDS[world].format(directory=directory, package=package.__name__, **parts)
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30.0, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return ended.stdout
