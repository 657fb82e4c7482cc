"""Versions where a message names one only (LANGUAGE V5 and fine print 1): what is asked for, and what is told."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from rpcgen.runtime import BadUrl, ConfigurationError, Context

from tests.compiled import compile_to
from tests.oslo.cores import ClientCore, ServerCore
from tests.packages import import_from

INTERFACE = """
rpcgen: 1
interface: versions.NAME
namespace: versions
version: "VERSION"
types:
  State:
    enum: [idle, busy, parked since 1.2]
    fallback: {parked: busy}
  Host:
    fields:
      state: State
      cores: int? since 1.1
      zone: {type: string?, was: {"1.3": region}}
methods:
  host: {call: any, returns: Host}
  plain: {call: any, args: {word: string? since 1.1}, returns: string}
  count:
    call: any
    returns: int
    was: {"1.2": {returns: string}}
"""


@pytest.fixture(scope="module")
def packages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, ModuleType]:
    """The interface as it is, and as it was at first."""
    directory: Path = tmp_path_factory.mktemp("versions")
    now = INTERFACE.replace("NAME", "now").replace("VERSION", "1.3")
    first = INTERFACE.replace("NAME", "first").replace("VERSION", "1.0")
    for later, before in (
        (", parked since 1.2]\n    fallback: {parked: busy}", "]"),
        ("      cores: int? since 1.1\n", ""),
        ('zone: {type: string?, was: {"1.3": region}}', "region: string?"),
        ("{word: string? since 1.1}", "{}"),
        ('    returns: int\n    was: {"1.2": {returns: string}}', "    returns: string"),
    ):
        assert later in first
        first = first.replace(later, before)
    (directory / "now.yaml").write_text(now)
    (directory / "first.yaml").write_text(first)
    compile_to(directory, directory / "now.yaml", directory / "first.yaml")
    return {name: import_from(directory, f"versions_{name}") for name in ("now", "first")}


def server_core(package: Any) -> ServerCore:
    """A server of today that has everything new in its results."""

    class Now(package.NowEndpoint):  # type: ignore[misc]
        def host(self, ctx: Context) -> Any:
            return package.Host(state=package.State.PARKED, cores=4, zone="z")

        def plain(self, ctx: Context, *, word: str | None) -> str:
            return word or ""

        def count(self, ctx: Context) -> int:
            return 5

    class Converters(package.NowServerConverters):  # type: ignore[misc]
        def result_count_until_1_2(self, value: Any) -> str:
            return str(value)

    return ServerCore(Now(), converters=(Converters(),))


def client_core(package: Any, pin: str | None = None) -> ClientCore:
    converters: Any = None
    if hasattr(package, "NowClientConverters"):

        class Converters(package.NowClientConverters):  # type: ignore[misc, name-defined]
            def result_count_until_1_2(self, value: Any) -> int:
                return int(value)

        converters = Converters()
    return ClientCore(package, pin=pin, converters=converters)


def asked(
    client: ClientCore, server: ServerCore, method: str, **arguments: Any
) -> tuple[str, Any, Any]:
    """The version that a call names, the plain result that travels, and what the caller reads."""
    call, frame = client.call(method, **arguments)
    (answer,) = server.feed(frame)
    assert client.receive(answer) == [call]
    return json.loads(frame)["version"], json.loads(answer)["result"], call.plan.outcome(call)


def test_a_client_says_what_it_understands(packages: dict[str, ModuleType]) -> None:
    """A message names at least the version of its result, and not more than it needs where that has none."""
    now = packages["now"]
    server = server_core(now)
    version, travels, host = asked(client_core(now), server, "host")
    assert (version, travels["state"]) == ("1.2", "parked")
    assert (host.state, host.cores, host.zone) == (now.State.PARKED, 4, "z")
    assert asked(client_core(now), server, "count") == ("1.2", 5, 5)
    assert asked(client_core(now), server, "plain")[0] == "1.0"
    assert asked(client_core(now), server, "plain", word="w")[0] == "1.1"


def test_a_pin_says_less(packages: dict[str, ModuleType]) -> None:
    """Its version bounds what a message names, and the result is told accordingly."""
    now = packages["now"]
    server = server_core(now)
    version, travels, host = asked(client_core(now, "1.1"), server, "host")
    assert (version, travels["state"], host.state) == ("1.0", "busy", now.State.BUSY)
    assert asked(client_core(now, "1.1"), server, "count") == ("1.0", "5", 5)


def test_nothing_is_left_out_of_a_result(packages: dict[str, ModuleType]) -> None:
    """Whoever does not know a field passes over it; names are those of the version that the message named."""
    server = server_core(packages["now"])
    client = client_core(packages["first"])
    version, travels, host = asked(client, server, "host")
    assert version == "1.0"
    assert travels == {"state": "busy", "cores": 4, "region": "z"}
    assert (host.state, host.region) == (packages["first"].State.BUSY, "z")
    assert asked(client, server, "count") == ("1.0", "5", "5")


async def test_only_some_transports_speak_it(
    packages: dict[str, ModuleType], peer: ModuleType
) -> None:
    """The option is refused where it means nothing, and its values are checked."""
    for url in ("zmq+ipc:///tmp/x?wire=oslo", "memory://x?wire=amqp", "amqp://h?wire=osl"):
        with pytest.raises(BadUrl, match="wire"):
            peer.LabClient(url).echo(arg=1)
    with pytest.raises(BadUrl, match="messages of wire=oslo are JSON"):
        peer.LabClient("memory://x?wire=oslo&codec=msgpack")
    for option in ("prefix=p", "queue_type=quorum", "transient_queues_ttl=-1", "queue_manager=a/b"):
        with pytest.raises(ConfigurationError, match=option.partition("=")[0]):
            peer.LabClient(f"amqp://h?wire=oslo&{option}").echo(arg=1)
    with pytest.raises(BadUrl, match="unknown option 'durable_queues'"):
        peer.LabClient("amqp://h?durable_queues=yes").echo(arg=1)


def test_auto_needs_servers_that_say_who_they_are(peer: ModuleType, ours: str, topic: str) -> None:
    """Servers of oslo.messaging cannot be asked for their versions."""
    with (
        peer.LabClient(ours, topic=topic, pin="auto", timeout=2.0) as client,
        pytest.raises(ConfigurationError, match="do not say who they are"),
    ):
        client.where()
