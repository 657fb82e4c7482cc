"""Every test here runs over every driver, with clients and servers of both worlds."""

from __future__ import annotations

import json
import os
import secrets
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
import zmq
from rpcgen.runtime.drivers.zeromq.keyfiles import write_pair

from tests.conformance.lab import Bench, async_endpoint, endpoint
from tests.conformance.worlds import Worlds
from tests.places import others
from tests.ports import free_port
from tests.rabbitd import RabbitServer
from tests.redisd import kombu_url, redis_session, redis_url

__all__ = ["redis_session", "redis_url"]

Combination = tuple[str, str, str]

OTHERS = others()


def chosen(*own: Combination) -> tuple[Combination, ...]:
    """What a suite runs over: these, or, where somebody else's place is named, that in every pair of worlds."""
    if OTHERS is None:
        return own
    both = ("blocking", "asyncio")
    return tuple((OTHERS.__name__, client, server) for client in both for server in both)


#: Scheme, world of the clients, world of the servers. Every driver serves both worlds; that worlds meet is shown once
#: in a process and once over a socket.
COMBINATIONS = chosen(
    ("memory", "blocking", "blocking"),
    ("memory", "blocking", "asyncio"),
    ("memory", "asyncio", "blocking"),
    ("memory", "asyncio", "asyncio"),
    ("memory+json", "asyncio", "asyncio"),
    ("memory+oslo", "asyncio", "blocking"),
    ("zmq+ipc", "blocking", "blocking"),
    ("zmq+ipc", "blocking", "asyncio"),
    ("zmq+ipc", "asyncio", "asyncio"),
    ("zmq+tcp", "blocking", "blocking"),
    ("zmq+tcp", "asyncio", "asyncio"),
    ("zmq+tcp+keys", "asyncio", "blocking"),
    ("zmq+ring", "blocking", "blocking"),
    ("zmq+redis", "asyncio", "asyncio"),
    ("amqp", "blocking", "blocking"),
    ("amqp", "blocking", "asyncio"),
    ("amqp", "asyncio", "asyncio"),
    ("amqp+oslo", "blocking", "asyncio"),
    ("amqp+oslo", "asyncio", "blocking"),
    ("kombu+filesystem", "asyncio", "blocking"),
    ("kombu+redis", "blocking", "asyncio"),
)

#: These, too, with RPCGEN_CHAOS=long.
MORE = chosen(
    ("kombu+filesystem", "blocking", "blocking"),
    ("kombu+memory", "blocking", "asyncio"),
    ("kombu+memory", "asyncio", "blocking"),
    ("kombu+redis", "asyncio", "asyncio"),
    ("kombu+redis", "blocking", "blocking"),
)


def name_of(combination: Combination) -> str:
    scheme, client, server = combination
    return f"{scheme}-{client}-to-{server}"


CHOSEN = tuple(
    dict.fromkeys(COMBINATIONS + (MORE if os.environ.get("RPCGEN_CHAOS") == "long" else ()))
)


@pytest.fixture(params=CHOSEN, ids=name_of)
def combination(request: pytest.FixtureRequest) -> Combination:
    value: Combination = request.param
    return value


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Leave out what needs the native wire, on the other one."""
    items[:] = [item for item in items if not _needs_native(item)]


def _needs_native(item: pytest.Item) -> bool:
    call, marker = getattr(item, "callspec", None), item.get_closest_marker("native")
    if call is None or marker is None:
        return False
    transport, _, wire = call.params.get("combination", ("",))[0].partition("+")
    return wire == "oslo" and transport in (marker.args or ("amqp", "memory"))


@pytest.fixture
def scheme(combination: Combination) -> str:
    return combination[0]


@pytest.fixture
def worlds(combination: Combination) -> Iterator[Worlds]:
    made = Worlds(*combination[1:])
    yield made
    made.close()


@pytest.fixture(scope="session")
def oslo_url(rabbit: RabbitServer) -> str:
    """On a virtual host of its own, where all that one test makes goes with it: names have no prefix."""
    return rabbit.url("wire=oslo", "auto_delete=yes", vhost=rabbit.new_vhost())


@pytest.fixture
def new_url(scheme: str, request: pytest.FixtureRequest) -> Iterator[Callable[[int], list[str]]]:
    """Makes the URLs of so many servers, and the client's URL as the last."""
    with tempfile.TemporaryDirectory(prefix="rpcgen") as directory:
        name = secrets.token_hex(6)
        place = None if OTHERS is None else OTHERS(Path(directory))

        def urls(servers: int) -> list[str]:
            if place is not None:
                return [*(place.server(f"s{each + 1}") for each in range(servers)), place.client]
            if scheme == "zmq+ipc":
                path = Path(directory) / "s"
                return [f"zmq+ipc://{path}"] * (servers + 1)
            if scheme.startswith("zmq+tcp"):
                hosts = [f"127.0.0.1:{free_port()}" for _ in range(servers)]
                query = _keys(Path(directory)) if scheme.endswith("keys") else ""
                return [f"zmq+tcp://{host}{query}" for host in [*hosts, ",".join(hosts)]]
            if scheme == "zmq+ring":
                hosts = [f"127.0.0.1:{free_port()}" for _ in range(servers)]
                path = Path(directory) / "ring.json"
                path.write_text(json.dumps({"test/lab": hosts, "fleet": hosts}))
                return [*(f"{scheme}://{path}?bind={host}" for host in hosts), f"{scheme}://{path}"]
            if scheme == "zmq+redis":
                url: str = request.getfixturevalue("redis_url")
                return [url] * (servers + 1)
            if scheme.startswith("kombu+"):
                return [_kombu(scheme, name, directory, request)] * (servers + 1)
            if scheme == "amqp":
                url = request.getfixturevalue("amqp_url")
                return [url] * (servers + 1)
            if scheme == "amqp+oslo":
                return [request.getfixturevalue("oslo_url")] * (servers + 1)
            query = {"memory+json": "?codec=json", "memory+oslo": "?wire=oslo"}.get(scheme, "")
            return [f"memory://{name}{query}"] * (servers + 1)

        yield urls


def _kombu(scheme: str, name: str, directory: str, request: pytest.FixtureRequest) -> str:
    """A place of one of kombu's transports; those that are looked at again and again, often."""
    if scheme == "kombu+redis":
        return f"{kombu_url(request.getfixturevalue('redis_session'))}?prefix=test-{name}"
    place = f"{directory}/s" if scheme == "kombu+filesystem" else name
    return f"{scheme}://{place}?poll=0.002"


def _keys(directory: Path) -> str:
    """The options for one key that all processes have, and trust."""
    stem = directory / "fleet"
    if not stem.with_suffix(".key").exists():
        public, secret = zmq.curve_keypair()
        write_pair(str(stem), secret, public)
    return f"?curve_key={stem}.key&curve_peers={stem}.pub"


class Lab:
    """A lab with any number of servers and one client."""

    def __init__(
        self, package: ModuleType, worlds: Worlds, new_url: Callable[[int], list[str]]
    ) -> None:
        self.package = package
        self.worlds = worlds
        self._new_url = new_url
        self.bench = Bench()
        self.servers: list[Any] = []
        self.client: Any = None
        self.urls: list[str] = []

    def open(
        self, servers: int = 1, *, client: dict[str, Any] | None = None, **options: Any
    ) -> Any:
        """Start servers s1, s2, ... and return a client of them."""
        self.urls = self._new_url(max(servers, 1))
        self.client = self.worlds.client(self.package, "Lab", self.urls[-1], **(client or {}))
        for number in range(servers):
            self.start(number, **options)
        return self.client

    def endpoint(self, server: str) -> Any:
        relay_to = None
        if self.worlds.server_world == "blocking":
            relay_to = self._relay("LabClient")
            return endpoint(self.package, self.bench, server, relay_to)
        relay_to = self.worlds.loop.make(lambda: self._relay("AsyncLabClient"))
        return async_endpoint(self.package, self.bench, server, relay_to)

    def _relay(self, name: str) -> Any:
        client = getattr(self.package, name)(self.urls[-1])
        close = client.close
        self.worlds.on_close(
            close if name == "LabClient" else lambda: self.worlds.loop.run(close())
        )
        return client

    def start(self, number: int, **options: Any) -> Any:
        name = f"s{number + 1}"
        server = self.worlds.server(
            self.urls[number], server=name, endpoints=[self.endpoint(name)], **options
        )
        self.servers.append(server)
        return server


@pytest.fixture
def labs(lab: ModuleType, worlds: Worlds, new_url: Callable[[int], list[str]]) -> Lab:
    return Lab(lab, worlds, new_url)
