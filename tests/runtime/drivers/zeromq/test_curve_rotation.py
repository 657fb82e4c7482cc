"""Keys that change while servers and clients run."""

from __future__ import annotations

import logging
import os
from collections.abc import Callable
from pathlib import Path

import pytest
from rpcgen.runtime import AuthError, ConnectionLost, NotSent
from rpcgen.runtime.drivers.zeromq import renewal

from tests.runtime.drivers.zeromq.keyring import Keyring
from tests.runtime.drivers.zeromq.parts import (
    SIDES,
    TOPIC,
    BlockingSide,
    Client,
    ServerProcess,
    call,
    eventually,
    losses,
)
from tests.runtime.drivers.zeromq.served import Served

Connect = Callable[[str], Client]
Launch = Callable[..., ServerProcess]

#: Seconds within which a new key works.
LIMIT = 5.0


@pytest.fixture
def keys(tmp_path: Path) -> Keyring:
    return Keyring(tmp_path / "keys")


@pytest.fixture(params=SIDES)
def server(request: pytest.FixtureRequest, launch: Launch, url: str, keys: Keyring) -> str:
    """A running server of either world; its plain URL."""
    launch(keys.server(url), world=request.param)
    return url


def fresh(url: str) -> bool:
    """Whether a client that is made anew gets an answer; False for AuthError."""
    client = BlockingSide(url)
    try:
        call(client, TOPIC, b"x")
        return True
    except AuthError:
        return False
    finally:
        client.close()


def test_clients_are_admitted_and_expelled_while_the_server_runs(
    server: str, keys: Keyring
) -> None:
    """New keys work, and removed ones are refused, without a restart; open connections stay."""
    keys.make("new")
    old, new = BlockingSide(keys.client(server)), keys.client(server, key="new")
    call(old, TOPIC, b"x")
    assert not fresh(new)
    keys.admit("new")
    eventually(lambda: fresh(new), LIMIT)
    keys.expel("client")
    eventually(lambda: not fresh(keys.client(server)), LIMIT)
    assert fresh(new)
    call(old, TOPIC, b"still connected")
    old.close()


def test_a_server_changes_its_own_key(server: str, keys: Keyring) -> None:
    """Connections stay, new ones need the new key; it can be done again, and clients that trust both notice nothing."""
    old = BlockingSide(keys.client(server))
    call(old, TOPIC, b"x")
    for number in range(2):
        os.replace(keys.folder / "server.pub", keys.folder / "old.pub")
        keys.make("next")
        keys.trust("old", "next")
        both = keys.client(server, peers="trusted")
        assert fresh(both)
        os.replace(keys.folder / "next.key", keys.folder / "server.key")
        os.replace(keys.folder / "next.pub", keys.folder / "server.pub")
        eventually(lambda: fresh(keys.client(server)), LIMIT)
        assert fresh(both)
        assert not fresh(keys.client(server, peers="old.pub"))
        call(old, TOPIC, b"%d" % number)
    old.close()


def test_a_client_changes_its_own_key(
    connect: Connect, launch: Launch, url: str, keys: Keyring
) -> None:
    """The next connection has the new key."""
    server = launch(keys.server(url))
    client = connect(keys.client(url))
    call(client, TOPIC, b"x")
    keys.make("client")
    keys.admit("client")
    server.kill()
    client.arrivals(lambda found: losses(found) == [("s1", ConnectionLost)])
    launch(keys.server(url))
    eventually(lambda: _calls(client), LIMIT)


def test_a_client_learns_a_new_key_of_the_server(
    connect: Connect, launch: Launch, url: str, keys: Keyring
) -> None:
    """A client that was refused works once it is given the right key, without being made anew."""
    launch(keys.server(url))
    keys.trust("client")
    client = connect(keys.client(url, peers="trusted"))
    assert not _calls(client)
    keys.trust("client", "server")
    eventually(lambda: _calls(client), LIMIT)


def _calls(client: Client) -> bool:
    try:
        call(client, TOPIC, b"x")
        return True
    except NotSent:
        return False


def test_the_key_that_worked_is_tried_first(tcp: str, keys: Keyring) -> None:
    """A client that trusts several keys of a server shows only the first time one that is wrong."""
    keys.trust("client", "server")
    url = keys.client(tcp, peers="trusted")
    client = BlockingSide(url)
    counts: list[int] = []
    for _ in range(3):
        served = Served(keys.server(tcp))
        eventually(lambda: _calls(client), LIMIT)
        counts.append(served.listener.counters["refused"])
        served.close()
        client.arrivals(bool)
    assert counts[1:] == [0, 0]
    assert counts[0] >= 1
    client.close()


def test_what_cannot_be_read_admits_nobody(
    caplog: pytest.LogCaptureFixture, tcp: str, keys: Keyring
) -> None:
    """A broken file is passed over, a list that others can change refuses all; a broken key of our own changes nothing."""
    served = Served(keys.server(tcp))
    url = keys.client(tcp)
    (keys.clients / "broken.pub").write_text("public nonsense\n")
    (keys.folder / "server.key").write_text("secret nonsense\n")
    eventually(lambda: fresh(url) and "broken.pub:1: expected 'public' and a key" in caplog.text)
    eventually(lambda: "server.key:1: expected 'secret' and a key" in caplog.text)
    os.chmod(keys.clients, 0o777)
    eventually(lambda: not fresh(url), LIMIT)
    assert "has mode 0777, so that others can change who is trusted" in caplog.text
    os.chmod(keys.clients, 0o755)
    eventually(lambda: fresh(url), LIMIT)
    served.close()


def test_where_a_port_cannot_have_two_keys_the_old_one_stays(
    caplog: pytest.LogCaptureFixture,
    monkeypatch: pytest.MonkeyPatch,
    tcp: str,
    keys: Keyring,
) -> None:
    """Elsewhere than on Linux the server says that it must be restarted, and serves on."""
    monkeypatch.setattr(renewal.sys, "platform", "darwin")
    served = Served(keys.server(tcp))
    os.replace(keys.folder / "server.pub", keys.folder / "old.pub")
    keys.make("server")
    with caplog.at_level(logging.ERROR, "rpcgen.zeromq"):
        eventually(lambda: "is used after a restart only" in caplog.text, LIMIT)
    assert fresh(keys.client(tcp, peers="old.pub"))
    served.close()
