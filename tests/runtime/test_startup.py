"""What a program loads until its first answer: each module costs a command line tool, and a test, its share of a start.

The libraries that rpcgen is made of load what they like; what counts is what comes on top.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from rpcgen.runtime import Server

from tests.conformance.lab import Bench, endpoint
from tests.ports import free_port

BLOCKING = """
with LabClient({url!r}) as client:
    client.report()
"""

ASYNCIO = """
async def main():
    async with AsyncLabClient({url!r}) as client:
        await client.report()

asyncio.run(main())
"""

#: For each world: what the program itself imports, its client, and its first call.
WORLDS = {
    "blocking": ("msgspec, zmq", "LabClient", BLOCKING),
    "asyncio": ("asyncio, msgspec, zmq", "AsyncLabClient", ASYNCIO),
}

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
        "core.leaves",
        "core.packing",
        "core.questions",
        "core.serving",
        "core.versions.kit",
        "core.versions.lift",
        "core.versions.lower",
        "core.walk",
        "core.words",
        "driver",
        "drivers.zeromq.binding",
        "drivers.zeromq.curve",
        "drivers.zeromq.discovery",
        "drivers.zeromq.hosts",
        "drivers.zeromq.matchmakers.ipc",
        "drivers.zeromq.refusals",
        "drivers.zeromq.zap",
        "endpoint",
        "interceptor",
        "transports",
    }
)


@pytest.mark.parametrize("world", WORLDS)
def test_a_first_call_loads_what_it_needs(lab: ModuleType, world: str) -> None:
    """Nothing heavy beyond what the libraries have loaded, nothing of the other world, and no part of a server."""
    url = f"zmq+tcp://127.0.0.1:{free_port()}"
    with Server(url, server="s1", endpoints=[endpoint(lab, Bench(), "s1")]):
        loaded = _loaded(lab, world, url)
    ours = {name.removeprefix("rpcgen.runtime.") for name in loaded if name.startswith("rpcgen.")}
    other = "blocking" if world == "asyncio" else "aio"
    assert "drivers.zeromq.engine" in ours
    assert sorted(loaded & HEAVY) == []
    assert sorted(ours & ELSEWHERE) == []
    assert [name for name in sorted(ours) if other in name.split(".")] == []


def test_what_must_not_be_loaded_exists() -> None:
    """A module that was moved or renamed would be missed by nobody."""
    root = Path(sys.modules["rpcgen.runtime"].__path__[0])
    files = [root.joinpath(*name.split(".")) for name in ELSEWHERE]
    assert [path for path in files if not path.with_suffix(".py").exists()] == []
    assert sys.stdlib_module_names >= {name.partition(".")[0] for name in HEAVY}


def _loaded(lab: ModuleType, world: str, url: str) -> set[str]:
    """The modules that a program has loaded when it ends, besides those of the libraries alone."""
    bare, client, call = WORLDS[world]
    directory = str(Path(lab.__path__[0]).parent)
    program = (
        f"import sys, {bare}\n"
        "before = set(sys.modules)\n"
        f"sys.path.insert(0, {directory!r})\n"
        f"from test_lab import {client}\n"
        f"{call.format(url=url)}\n"
        "print(*sys.modules.keys() - before)\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30.0, check=False
    )
    assert (ended.returncode, ended.stderr) == (0, "")
    return set(ended.stdout.split())
