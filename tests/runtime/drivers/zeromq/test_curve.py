"""Who may connect where keys are on, and what everybody else is told."""

from __future__ import annotations

import contextlib
import logging
import os
import re
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import zmq
from rpcgen.runtime import AuthError, BadUrl, ConfigurationError, NotSent
from rpcgen.runtime.drivers import zeromq
from rpcgen.runtime.drivers.zeromq import zap
from rpcgen.runtime.url import parse_url

from tests.runtime.drivers.zeromq.keyring import Keyring
from tests.runtime.drivers.zeromq.parts import (
    SIDES,
    TOPIC,
    BlockingSide,
    Client,
    ServerProcess,
    call,
    eventually,
)
from tests.runtime.drivers.zeromq.served import Served

Connect = Callable[[str], Client]
Launch = Callable[..., ServerProcess]

#: Seconds within which a refused client knows that it is.
LIMIT = 3.0


@pytest.fixture
def keys(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "keys")


@pytest.fixture
def serve() -> Iterator[Callable[[str], Served]]:
    running: list[Served] = []

    def start(url: str) -> Served:
        running.append(Served(url))
        return running[-1]

    yield start
    for served in running:
        served.close()


def refused(client: Client) -> str:
    """Expect AuthError in time; what it says."""
    began = time.monotonic()
    with pytest.raises(AuthError) as caught:
        client.route(TOPIC, 10.0)
    assert time.monotonic() - began < LIMIT
    return str(caught.value)


@pytest.mark.parametrize("server_world", SIDES)
def test_calls_are_answered(
    connect: Connect, launch: Launch, url: str, keys: Keyring, server_world: str
) -> None:
    """With the right keys everything is as without them."""
    launch(keys.server(url), world=server_world)
    client = connect(keys.client(url))
    assert call(client, TOPIC, b"first") == "s1"
    assert call(client, TOPIC, b"x" * 1_000_000) == "s1"


def test_whoever_has_no_right_key_is_told(
    connect: Connect, serve: Callable[[str], Served], url: str, keys: Keyring
) -> None:
    """Plain clients, unknown clients and those that expect another server get AuthError at once; nothing arrives."""
    keys.make("stranger")
    served = serve(keys.server(url))
    for wrong, message in (
        (url, "it wants a key|only one of us has a key"),
        (keys.client(url, key="stranger"), "it does not admit our key"),
        (keys.client(url, peers="stranger.pub"), "its key is another than we were told"),
    ):
        client = connect(wrong)
        for _ in range(2):
            assert re.search(message, refused(client))
    good = connect(keys.client(url))
    call(good, TOPIC, b"good")
    assert served.seen == [b"good"]
    assert served.listener.counters["refused"] >= 6


def test_who_is_refused_before_saying_anything_is_told(
    connect: Connect,
    serve: Callable[[str], Served],
    monkeypatch: pytest.MonkeyPatch,
    url: str,
    keys: Keyring,
) -> None:
    """The system may keep a client from going on between connecting and HELLO."""
    begin = zmq.Socket.connect

    def connect_and_rest(socket: zmq.Socket[bytes], address: str) -> None:
        begin(socket, address)
        time.sleep(0.05)

    serve(keys.server(url))
    client = connect(url)
    monkeypatch.setattr(zmq.Socket, "connect", connect_and_rest)
    assert re.search("it wants a key|only one of us has a key", refused(client))


def test_a_client_with_a_key_talks_to_no_server_without(
    connect: Connect, serve: Callable[[str], Served], url: str, keys: Keyring
) -> None:
    """There is no way back to plain text."""
    served = serve(url)
    refused(connect(keys.client(url)))
    call(connect(url), TOPIC, b"plain")
    assert served.seen == [b"plain"]


def test_many_calls_at_once_are_refused_together(
    serve: Callable[[str], Served], tcp: str, keys: Keyring
) -> None:
    """Fifty callers share one refusal; they do not wait for fifty attempts, nor make them."""
    served = serve(keys.server(tcp))
    client = zeromq.connect(parse_url(tcp))
    outcomes: list[Any] = []

    def ask() -> None:
        try:
            client.route(TOPIC, 10.0)
        except NotSent as error:
            outcomes.append(type(error))

    threads = [threading.Thread(target=ask) for _ in range(50)]
    began = time.monotonic()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert time.monotonic() - began < LIMIT
    assert outcomes == [AuthError] * 50
    assert served.listener.counters["refused"] < 20
    client.close()


def test_a_refused_client_does_not_storm(
    serve: Callable[[str], Served], tcp: str, keys: Keyring
) -> None:
    """A program that asks without a pause makes a few attempts a second."""
    served = serve(keys.server(tcp))
    client = BlockingSide(tcp)
    end = time.monotonic() + 2.0
    while time.monotonic() < end:
        refused(client)
    assert served.listener.counters["refused"] <= 4 + 2 * 2 + 10
    client.close()


def test_a_server_says_in_one_line_whom_it_refused(
    caplog: pytest.LogCaptureFixture, serve: Callable[[str], Served], tcp: str, keys: Keyring
) -> None:
    """The first refusal of a kind is logged, the next are counted."""
    keys.make("stranger")
    serve(keys.server(tcp))
    with caplog.at_level(logging.WARNING, "rpcgen.zeromq"):
        for _ in range(3):
            client = BlockingSide(keys.client(tcp, key="stranger"))
            refused(client)
            client.close()
    lines = [record.getMessage() for record in caplog.records]
    assert lines == [
        f"refused a connection: the key of a client at 127.0.0.1 is not in {keys.clients}"
    ]


def test_a_server_is_known_by_its_name(
    connect: Connect, launch: Launch, url: str, keys: Keyring
) -> None:
    """In a directory, a server's file has its name, or its host's."""
    servers = keys.folder / "servers"
    servers.mkdir(mode=0o755)
    launch(keys.server(url))
    with pytest.raises(ConfigurationError, match="has no public key"):
        zeromq.connect(parse_url(keys.client(url, peers="servers")))
    keys.trust("client")
    (keys.folder / "trusted").rename(servers / "other.pub")
    client = connect(keys.client(url, peers="servers"))
    assert "no public key of it in" in refused(client)
    keys.trust("server")
    name = "s1" if url.startswith("zmq+ipc") else "127.0.0.1"
    (keys.folder / "trusted").rename(servers / f"{name}.pub")
    eventually(lambda: _served(client))


def _served(client: Client) -> bool:
    try:
        return bool(client.route(TOPIC))
    except AuthError:
        return False


def test_a_server_cannot_take_the_name_of_another(
    connect: Connect, launch: Launch, tcp: str, keys: Keyring
) -> None:
    """If there is a file of the name that it gives itself, its key is in it, or it is not believed."""
    servers = keys.folder / "servers"
    servers.mkdir(mode=0o755)
    keys.trust("server")
    (keys.folder / "trusted").rename(servers / "127.0.0.1.pub")
    keys.trust("client")
    (keys.folder / "trusted").rename(servers / "s1.pub")
    launch(keys.server(tcp), "s1")
    assert "it calls itself s1" in refused(connect(keys.client(tcp, peers="servers")))


@pytest.mark.parametrize("query", ["curve_key=/etc/a.key", "curve_peers=/etc/peers"])
def test_keys_need_a_list_of_whom_to_trust(tcp: str, query: str) -> None:
    """One option without the other is refused, by servers and by clients."""
    for start in (
        lambda: zeromq.listen(parse_url(f"{tcp}?{query}"), [TOPIC], "s1"),
        lambda: zeromq.connect(parse_url(f"{tcp}?{query}")),
    ):
        with pytest.raises(BadUrl, match="go together"):
            start()


@pytest.mark.parametrize("option", ["curve_key", "curve_peers"])
def test_a_path_that_is_empty_is_told_by_its_option(tcp: str, option: str) -> None:
    """A variable that is empty makes one; it is no file without a name."""
    paths = {"curve_key": "/etc/a.key", "curve_peers": "/etc/peers"} | {option: ""}
    query = "&".join(f"{name}={path}" for name, path in paths.items())
    with pytest.raises(BadUrl, match=f"option '{option}' is empty, expected the path of"):
        zeromq.connect(parse_url(f"{tcp}?{query}"))


def test_no_secret_is_ever_shown(
    capfd: pytest.CaptureFixture[str],
    caplog: pytest.LogCaptureFixture,
    serve: Callable[[str], Served],
    tcp: str,
    keys: Keyring,
) -> None:
    """Neither logs, nor what is printed, nor the text of any object that holds a key has a secret in it."""
    keys.make("stranger")
    texts: list[str] = []
    with caplog.at_level(logging.DEBUG):
        served = serve(keys.server(tcp))
        for wrong in (tcp, keys.client(tcp, key="stranger"), keys.client(tcp, peers="client.pub")):
            client = BlockingSide(wrong)
            texts += [refused(client), repr(client.driver), repr(vars(client.driver))]
            client.close()
        client = BlockingSide(keys.client(tcp))
        call(client, TOPIC, b"x")
        engine = client.driver._engine
        links = list(engine.links.values())
        texts += [repr(engine._keys), repr(vars(engine._keys)), repr(vars(engine._keys._own))]
        texts += [repr(link.curves) for link in links] + [str(link.curves) for link in links]
        guard = served.listener._binding._guard
        texts += [repr(guard), repr(vars(guard)), repr(vars(guard._keys))]
        client.close()
        for path in ("server.pub", "clients"):  # no secret keys
            with pytest.raises(ConfigurationError) as caught:
                zeromq.connect(
                    parse_url(
                        f"{tcp}?curve_key={keys.folder}/{path}&curve_peers={keys.folder}/server.key"
                    )
                )
            texts.append(str(caught.value))
    texts += [record.getMessage() for record in caplog.records]
    texts += list(capfd.readouterr())
    assert len(caplog.records) > 3
    for secret in keys.secrets:
        for text in texts:
            assert secret not in text


@pytest.mark.parametrize("more", range(10, 24))
def test_without_free_files_no_guard_stays_behind(
    directory: Path, ipc: str, keys: Keyring, more: int
) -> None:
    """However far opening comes, the error is ours, and what was opened is closed, threads too."""
    url = parse_url(keys.server(ipc))
    before, threads = len(os.listdir("/proc/self/fd")), threading.active_count()
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (before + more, hard))
    try:
        with contextlib.suppress(ConfigurationError):
            zeromq.listen(url, [TOPIC], "s1").close()
        with contextlib.suppress(ConfigurationError):
            zeromq.connect(url).close()
    finally:
        resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    assert len(os.listdir("/proc/self/fd")) <= before
    assert threading.active_count() == threads
    assert not directory.exists() or not list(directory.iterdir())


def test_servers_close_while_clients_come(tcp: str, keys: Keyring) -> None:
    """Fifty times in a row: closing waits for nobody who is being admitted, or refused."""
    keys.make("stranger")
    stopped = threading.Event()

    def come(url: str) -> None:
        while not stopped.is_set():
            client = zeromq.connect(parse_url(url))
            with contextlib.suppress(NotSent):
                client.route(TOPIC, 0.2)
            client.close()

    urls = [tcp, keys.client(tcp), keys.client(tcp, key="stranger")]
    threads = [threading.Thread(target=come, args=(url,)) for url in urls]
    for thread in threads:
        thread.start()
    slowest = 0.0
    for _ in range(50):
        listener = zeromq.listen(parse_url(keys.server(tcp)), [TOPIC], "s1")
        listener.poll(0.01)
        began = time.monotonic()
        listener.close()
        slowest = max(slowest, time.monotonic() - began)
    stopped.set()
    for thread in threads:
        thread.join()
    assert slowest < 2.0


def test_refusals_are_counted_while_they_are_not_logged(
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    serve: Callable[[str], Served],
    tcp: str,
    keys: Keyring,
) -> None:
    """A later line says how many more there were; without more there is none."""
    monkeypatch.setattr(zap, "PERIOD", 0.05)
    later = [0.0]
    monkeypatch.setattr(zap, "monotonic", lambda: time.monotonic() + later[0])
    keys.make("stranger")
    serve(keys.server(tcp))
    with caplog.at_level(logging.WARNING, "rpcgen.zeromq"):
        for _ in range(3):
            client = BlockingSide(keys.client(tcp, key="stranger", peers="server.pub"))
            refused(client)
            client.close()
        later[0] = zap.SILENCE
        eventually(lambda: len(caplog.records) == 2)
    why = f"the key of a client at 127.0.0.1 is not in {keys.clients}"
    assert caplog.records[1].getMessage() == f"refused 2 more connections: {why}"


def test_without_keys_nothing_is_loaded(tcp: str) -> None:
    """A client and a server without keys import no module of security, and start no thread for it."""
    program = f"""
import sys, threading
from rpcgen.runtime import Target
from rpcgen.runtime.drivers import zeromq
from rpcgen.runtime.url import parse_url
url = parse_url({tcp!r})
listener = zeromq.listen(url, [Target("test", "echo")], "s1")
client = zeromq.connect(url)
names = ["curve", "guard", "keyfiles", "renewal", "zap"]
print([name for name in names if f"rpcgen.runtime.drivers.zeromq.{{name}}" in sys.modules])
print(sorted(thread.name for thread in threading.enumerate()))
"""
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=30, check=True
    )
    assert done.stdout == "[]\n['MainThread', 'rpcgen-zeromq-door']\n"
