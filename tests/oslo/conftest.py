"""What the tests with oslo.messaging share: the package of peer.yaml, a broker, and processes of the other kind on it."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterator
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import Profile, Server

from tests.compiled import compile_to
from tests.oslo.ours import endpoint
from tests.oslo.processes import OsloClient, OsloServer, their_url
from tests.oslo.recorded import HERE
from tests.packages import import_from
from tests.rabbitd import RabbitServer

#: Two seconds of silence, which is the least that can be asked of both kinds.
WATCHED = {"long": Profile(timeout=10.0, silence=2.0)}


@pytest.fixture(scope="session")
def peer(tmp_path_factory: pytest.TempPathFactory) -> ModuleType:
    """The package that is generated from peer.yaml."""
    directory = tmp_path_factory.mktemp("peer")
    compile_to(directory, HERE / "peer.yaml")
    return import_from(directory, "peer_lab")


@pytest.fixture(scope="session")
def ours(rabbit: RabbitServer) -> str:
    """The broker's URL as our programs have it."""
    return rabbit.url("wire=oslo")


@pytest.fixture(scope="session")
def theirs(ours: str) -> str:
    """The broker's URL as theirs have it."""
    return their_url(ours)


@pytest.fixture
def topic() -> str:
    """A topic that nobody else uses."""
    return f"lab-{secrets.token_hex(4)}"


@pytest.fixture(scope="session")
def asker(theirs: str) -> Iterator[OsloClient]:
    """A client of oslo.messaging, which may make the errors of peer_errors again."""
    with OsloClient(theirs, ["peer_errors"]) as client:
        yield client


@pytest.fixture
def serve(peer: ModuleType, ours: str, topic: str) -> Iterator[Callable[..., Server]]:
    """Starts servers of ours; what they get to note goes to `noted`, with their names."""
    servers: list[Server] = []

    def start(name: str, noted: Any = None, **options: Any) -> Server:
        made = endpoint(peer, name, None if noted is None else lambda text: noted.put((name, text)))
        server = Server(ours, endpoints=[made], server=name, topic=topic, **options)
        server.start()
        servers.append(server)
        return server

    yield start
    for server in servers:
        server.stop(0.0)


@pytest.fixture
def serve_theirs(theirs: str, topic: str) -> Iterator[Callable[..., OsloServer]]:
    """Starts servers of theirs, in one process."""
    processes: list[OsloServer] = []

    def start(*names: str, topic: str = topic) -> OsloServer:
        servers = [{"url": theirs, "server": name, "topic": topic} for name in names]
        processes.append(OsloServer(servers))
        return processes[-1]

    yield start
    for process in processes:
        process.end()


@pytest.fixture
def client(peer: ModuleType, ours: str, topic: str) -> Iterator[Any]:
    """A client of ours."""
    with peer.LabClient(ours, topic=topic, timeout=10.0, profiles=WATCHED) as made:
        yield made


@pytest.fixture
def ask(asker: OsloClient, topic: str) -> Callable[..., Any]:
    """What becomes of a call or a cast of theirs on the test's topic."""

    def ask(
        method: str, how: str = "call", *, args: Any = None, context: Any = None, **prepare: Any
    ) -> Any:
        asked = {"args": args or {}, "context": context or {}}
        return asker.ask(method, how, prepare={"topic": topic, **prepare}, **asked)

    return ask
