"""A process that may open no more files: what it says, that nothing leaks, and that it recovers."""

from __future__ import annotations

import contextlib
import errno
import os
import resource
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq
from rpcgen.runtime import AuthError, ConfigurationError, NotSent, Target
from rpcgen.runtime.drivers import zeromq
from rpcgen.runtime.drivers.zeromq import engine, link
from rpcgen.runtime.drivers.zeromq.curve import ClientCurve, ClientKeys, ServerKeys
from rpcgen.runtime.drivers.zeromq.keyfiles import read_secret
from rpcgen.runtime.drivers.zeromq.matchmakers import Endpoint
from rpcgen.runtime.drivers.zeromq.options import ZmqOptions
from rpcgen.runtime.url import parse_url

from tests.runtime.drivers.zeromq.keyring import Keyring
from tests.runtime.drivers.zeromq.parts import (
    TOPIC,
    BlockingSide,
    Client,
    ServerProcess,
    call,
    eventually,
    refusal,
)
from tests.runtime.drivers.zeromq.served import Served

Connect = Callable[[str], Client]
Launch = Callable[..., ServerProcess]


@contextlib.contextmanager
def few_files(more: int) -> Iterator[None]:
    """Let this process open only so many more files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (len(os.listdir("/proc/self/fd")) + more, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))


@pytest.mark.parametrize("more", range(1, 16))
def test_without_free_files_nothing_is_opened_and_nothing_leaks(
    directory: Path, ipc: str, more: int
) -> None:
    """However far opening comes, the error is ours and says why, and what was opened is closed."""
    before = len(os.listdir("/proc/self/fd"))
    with few_files(more), contextlib.suppress(ConfigurationError):
        zeromq.listen(parse_url(ipc), [TOPIC], "s1").close()
    with few_files(more), contextlib.suppress(ConfigurationError):
        zeromq.connect(parse_url(ipc)).close()
    assert len(os.listdir("/proc/self/fd")) <= before
    assert not directory.exists() or not list(directory.iterdir())


def test_an_attempt_for_which_there_is_no_file_leaves_nothing(
    connect: Connect, tcp: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A server hangs up, and there is no descriptor to ask it twice: the client may try again later, and close."""
    links: list[engine.Link] = []

    def first_only(*arguments: Any) -> engine.Link:
        if links:
            raise zmq.ZMQError(errno.EMFILE)
        links.append(link.Link(*arguments))
        return links[0]

    monkeypatch.setattr(engine, "Link", first_only)
    with socket.create_server(("127.0.0.1", int(tcp.rpartition(":")[2]))) as server:

        def answer() -> None:
            server.accept()[0].close()

        hang_up = threading.Thread(target=answer)
        hang_up.start()
        client = connect(tcp)
        message, _ = refusal(client, TOPIC)
        hang_up.join()
    assert "ulimit -n" in message
    assert client.driver._engine.links == {}


def test_a_client_recovers_when_files_are_free_again(
    connect: Connect, ipc: str, launch: Launch, caplog: pytest.LogCaptureFixture
) -> None:
    """Too many servers for the files: those that are connected serve on, quietly, and the others follow later."""
    names = {f"s{number}" for number in range(6)}
    for name in names:
        launch(ipc, name)
    client = connect(ipc)
    call(client, Target("test", "echo", server="s1"), b"before")
    with few_files(9):
        with contextlib.suppress(NotSent):
            client.fanout(Target("test", "echo", fanout=True), 1.0)
        for _ in range(200):
            call(client, Target("test", "echo", server="s1"), b"still here")
        assert len(caplog.records) < 5
    deadline = time.monotonic() + 6.0
    while True:
        peers, missing = client.fanout(Target("test", "echo", fanout=True), 5.0)
        if {peer.name for peer in peers} == names:
            break
        assert time.monotonic() < deadline, missing


@pytest.mark.parametrize("renewed", [False, True])
def test_a_server_turns_clients_away_and_takes_them_again(
    url: str, tmp_path: Path, renewed: bool
) -> None:
    """Whoever connects while no file is free is hung up on, at once; also where the server has changed its key."""
    keys = Keyring(tmp_path / "keys")
    with contextlib.closing(Served(keys.server(url))) as served:
        guard = served.listener._binding._guard
        assert guard is not None
        renewal = guard._renewal
        assert renewal is not None
        if renewed:
            keys.make("server")
            eventually(lambda: renewal._times == 1)
        where = _place(served.listener.addresses[0])
        with socket.socket(where[0]) as stranger, few_files(40), contextlib.ExitStack() as opened:
            with contextlib.suppress(OSError):
                while True:
                    opened.enter_context(open(os.devnull))
            eventually(_all_turn_away)
            stranger.connect(where[1])
            stranger.settimeout(5.0)
            assert stranger.recv(1) == b""
            eventually(lambda: served.listener.counters["turned_away"] == 1)
        client = BlockingSide(keys.client(url))
        eventually(lambda: _is_called(client))
        client.close()


def _all_turn_away() -> bool:
    """Whether every server of this process does: one that does not yet may be ended by who connects to it."""
    names = [each.name for each in threading.enumerate()]
    return names.count("rpcgen-zeromq-turn-away") == names.count("rpcgen-zeromq-door") > 0


def _place(url: str) -> tuple[int, Any]:
    scheme, _, rest = url.partition("://")
    host, _, port = rest.rpartition(":")
    return (socket.AF_UNIX, rest) if scheme == "ipc" else (socket.AF_INET, (host, int(port)))


def _is_called(client: Client) -> bool:
    try:
        return call(client, TOPIC, b"x") == "s1"
    except NotSent:
        return False


@contextlib.contextmanager
def no_files() -> Iterator[None]:
    """Let this process open no more files."""
    held: list[int] = []
    with few_files(0):
        try:
            with contextlib.suppress(OSError):
                while True:
                    held.append(os.dup(0))
            yield
        finally:
            for fd in held:
                os.close(fd)


@pytest.mark.parametrize("admitted", ["client.pub", "clients"])
def test_keys_that_could_not_be_read_are_read_later(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, admitted: str
) -> None:
    """Our own, and those whom we trust, of a server and of a client: one line for each says so meanwhile."""
    keys = Keyring(tmp_path / "keys")
    url, endpoint = f"zmq+tcp://h?curve_key={keys.folder}", Endpoint("h", "tcp://h:1")
    server = ServerKeys(options(f"{url}/server.key&curve_peers={keys.folder}/{admitted}"))
    client = ClientKeys(options(f"{url}/client.key&curve_peers={keys.folder}/server.pub"))
    [old] = client.curves(endpoint)

    def looked() -> ClientCurve | None:
        server.secret()
        server.look()
        with contextlib.suppress(AuthError):
            return client.curves(endpoint)[0]
        return None

    for name in ("server", "client"):
        keys.make(name)
        keys.admit(name)
    with no_files():
        began = time.monotonic()
        while time.monotonic() - began < 0.2:  # after a twentieth of a second no change looks new
            found = looked()
        assert found is None
        assert server.name_of(old.secret.public) is None
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 4, lines
    assert all(line.endswith(": Too many open files") for line in lines)
    secrets = [read_secret(f"{keys.folder}/{name}.key") for name in ("server", "client")]
    new = ClientCurve(secrets[1], secrets[0].public)
    eventually(lambda: looked() == new)
    eventually(lambda: server.secret() == secrets[0])
    eventually(lambda: server.name_of(secrets[1].public) is not None)
    assert len(caplog.records) == 4


def options(url: str) -> ZmqOptions:
    """The options of a URL."""
    return parse_url(url).options(ZmqOptions)
