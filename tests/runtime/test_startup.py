"""What a program loads until its first answer: each module costs a command line tool, and a test, its share of a start.

The libraries that rpcgen is made of load what they like; what counts is what comes on top.
"""

from __future__ import annotations

import resource
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from textwrap import indent
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import Context, Server
from rpcgen.runtime.core.envelope import Refusal

from tests.compiled import compile_to
from tests.conformance.lab import Bench, endpoint
from tests.conformance.raw import Asking, request, result_of
from tests.conformance.test_gate import ACCEPTED, REFUSED
from tests.packages import INTERFACES, import_from
from tests.ports import free_port

ROOT = Path(__file__).parents[2]

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

#: A client whose server is lost while it may open no file; each line that it is told takes it a step on.
LOSING = """
import resource, sys
sys.path.insert(0, {directory!r})
from {package} import SideClient
from rpcgen.runtime import NotSent

def may_open(files):
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))

soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
with SideClient({url!r}) as client:
    client.ping(text="a")
    may_open(3)
    print("connected", flush=True)
    input()
    try:
        client.prepare(timeout=1.0).ping(text="b")
    except NotSent as error:
        print(error, flush=True)
    input()
    may_open(soft)
    print(client.ping(text="b"), flush=True)
"""

#: A client that may open no file when it writes its first message, or reads its first answer, that has to do with a past.
LATE = """
import resource, sys
sys.path.insert(0, {directory!r})
from {package} import Broken, PastClient, State
from rpcgen.runtime import Interceptor, RpcgenError

class Late(Interceptor):
    def before_send(self, call):
        if call.method == "tell":
            may_open(3)

def may_open(files):
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))

def tell(client, name):
    try:
        print(client.tell(state=State(name=name, note="new")))
    except RpcgenError as error:
        print(type(error).__name__, error)
    may_open(soft)

soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
with PastClient({url!r}) as client, PastClient({url!r}, interceptors=[Late()]) as late:
    client.ping()
    late.ping()
    may_open(3)
    tell(client, "a")
    tell(late, {name!r})
    tell(client, {name!r})
"""

#: What a connected client does that asks its servers for the first time while it may open no file, and then once more.
ASKING = """
ping(text="a")
asking = client.prepare(pin="auto")
soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
for files in (3, soft):
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    try:
        print({ask}asking.ping(text="b"))
    except NotSent as error:
        print(error)
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
PAST = frozenset({"core.versions", "dated", "open_enum", "values"})

#: How many modules of ours, and how many objects that the collector of garbage looks at, a first call may leave. Each
#: module costs some 0.1 ms of a start, each thousand objects a millisecond or more: they are looked at several times.
MODULES = 59
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


def test_a_client_that_loses_its_server_opens_no_file(side: ModuleType) -> None:
    """F37: its callers hear why they are not served, and once there are files it connects again."""
    url = f"zmq+tcp://127.0.0.1:{free_port()}"
    program = LOSING.format(
        directory=str(Path(side.__path__[0]).parent), package=side.__name__, url=url
    )
    command = [sys.executable, "-c", program]
    with (
        Server(url, server="s1", endpoints=[_side(side)]) as server,
        subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        ) as process,
    ):
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stdout.readline() == "connected\n"
        server.stop(0.0)
        print("lost", file=process.stdin, flush=True)
        assert "ulimit -n: 3" in process.stdout.readline()
        with Server(url, server="s1", endpoints=[_side(side)]):
            print("there is another", file=process.stdin, flush=True)
            assert process.stdout.readline() == "b\n"
        assert process.wait(10.0) == 0


_NO_FILE = "this process may open no more files or sockets (ulimit -n: 3)"


@pytest.mark.parametrize(
    ("name", "late", "then"),
    [
        (
            "a",
            f"BadResult the result of tell cannot be read: {_NO_FILE}",
            "State(name='a', note='new')",
        ),
        (
            "broken",
            f"RemoteError Broken: it broke (its fields cannot be read: {_NO_FILE})",
            "Broken it broke",
        ),
    ],
)
def test_what_a_client_cannot_load_now_is_said_and_loaded_later(
    tmp_path: Path, name: str, late: str, then: str
) -> None:
    """F37: nothing was sent, or it ran and its answer cannot be read, which its caller can tell."""
    compile_to(tmp_path, INTERFACES / "past.yaml")
    past = import_from(tmp_path, "test_past")

    class Past(past.PastEndpoint):
        def ping(self, ctx: Context) -> int:
            return 1

        def tell(self, ctx: Context, *, state: Any) -> Any:
            if state.name == "broken":
                raise past.Broken("it broke", part="wheel", note="new")
            return state

    url = f"zmq+tcp://127.0.0.1:{free_port()}"
    program = LATE.format(directory=str(tmp_path), package=past.__name__, url=url, name=name)
    with Server(url, server="s1", endpoints=[Past()]):
        told = subprocess.run(
            [sys.executable, "-c", program],
            capture_output=True,
            text=True,
            timeout=30.0,
            check=True,
        ).stdout
    assert told.splitlines() == [f"NotSent tell: {_NO_FILE}", late, then]


@pytest.mark.parametrize("world", WORLDS)
def test_a_client_that_cannot_load_how_servers_are_asked_says_so(
    side: ModuleType, world: str
) -> None:
    """F37: with pin `auto` nothing is sent, and they are asked once there are files."""
    url = f"zmq+tcp://127.0.0.1:{free_port()}"
    ask, step = ("await ", " " * 8) if world == "asyncio" else ("", " " * 4)
    calls = indent(ASKING.format(ask=ask), step).strip()
    with Server(url, server="s1", endpoints=[_side(side)]):
        told = _run(
            side,
            world,
            url=url,
            client="SideClient",
            call=calls,
            before="import resource\nfrom rpcgen.runtime import NotSent",
            after="",
        )
    assert told.splitlines() == [f"the servers cannot be asked: {_NO_FILE}", "b"]


@pytest.mark.parametrize("world", WORLDS)
def test_a_server_that_has_started_opens_no_file(lab: ModuleType, world: str) -> None:
    """F37: also for the first message that does not fit, or that is of another version."""
    url = f"zmq+tcp://127.0.0.1:{free_port()}"
    directory = str(Path(lab.__path__[0]).parent)
    command = [sys.executable, "-m", "tests.conformance.serve_lab", world, directory, url, "s1"]
    with (
        subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process,
        ended(process),
        Asking("tcp://" + url.partition("://")[2]) as asking,
    ):
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        asking.ask(request("report"))
        asking.answers(1)
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (3, 3))
        # Nobody may wait for the answer to what comes too late.
        refused = [message for message, code, _path in REFUSED.values() if code != "expired"]
        accepted = [message for message, _result in ACCEPTED.values()]
        asking.ask(*refused, *accepted)
        answers = asking.answers(len(refused) + len(accepted))
    assert [answers[each.id] for each in refused if type(answers[each.id]) is not Refusal] == []
    results = [result_of(answers[each.id]) for each in accepted]
    assert results == [result for _message, result in ACCEPTED.values()]


def test_what_was_lost_is_said_when_there_are_files() -> None:
    """F37: the first line of a log takes one."""
    program = """
import resource
from rpcgen.runtime.dropped import Dropped

dropped = Dropped({}, "rpcgen.zeromq")
soft, most = resource.getrlimit(resource.RLIMIT_NOFILE)
dropped.add("s1", 3)
for files in (3, soft):
    resource.setrlimit(resource.RLIMIT_NOFILE, (files, most))
    dropped.say("the connection was lost")
"""
    said = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30.0, check=True
    )
    assert said.stderr.startswith("dropped 3 casts or events that had not left (3 to s1)")
    assert said.stderr.count("\n") == 1


def test_what_packs_opaque_values_is_loaded_with_their_codecs() -> None:
    """F37: not with the first value."""
    program = """
import sys
from rpcgen.runtime.core.opaque import OpaqueCodecs

class Codec:
    type = int

OpaqueCodecs({int: Codec()})
print(*sys.modules)
"""
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30.0, check=True
    )
    assert "core.packing" in _ours(set(loaded.stdout.split()))


@contextmanager
def ended(process: subprocess.Popen[str]) -> Iterator[None]:
    """End a process, whatever the block finds."""
    try:
        yield
    finally:
        process.kill()


def test_what_must_not_be_loaded_exists() -> None:
    """A module that was moved or renamed would be missed by nobody."""
    root = Path(sys.modules["rpcgen.runtime"].__path__[0])
    files = [root.joinpath(*name.split(".")) for name in ELSEWHERE | PAST]
    assert [path for path in files if not (path.is_dir() or path.with_suffix(".py").exists())] == []
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
