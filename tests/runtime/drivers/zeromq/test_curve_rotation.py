"""Keys that change while servers and clients run."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import zmq
from rpcgen.runtime import AuthError, ConnectionLost, NotSent
from rpcgen.runtime.drivers.zeromq import control, renewal, sockets
from rpcgen.runtime.drivers.zeromq.curve import ServerKeys
from rpcgen.runtime.drivers.zeromq.keyfiles import Secret, decode
from rpcgen.runtime.drivers.zeromq.options import ZmqOptions
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
    """New keys work, and removed ones are refused, without a restart."""
    keys.make("new")
    new = keys.client(server, key="new")
    assert not fresh(new)
    keys.admit("new")
    eventually(lambda: fresh(new), LIMIT)
    keys.expel("client")
    eventually(lambda: not fresh(keys.client(server)), LIMIT)
    assert fresh(new)


def test_an_expelled_clients_connections_end(connect: Connect, server: str, keys: Keyring) -> None:
    """It learns it at once, and cannot come back; others stay, and it is welcome when it is admitted again."""
    keys.make("other")
    keys.admit("other")
    other = BlockingSide(keys.client(server, key="other"))
    eventually(lambda: fresh(keys.client(server, key="other")), LIMIT)
    call(other, TOPIC, b"x")
    client = connect(keys.client(server))
    call(client, TOPIC, b"x")
    began = time.monotonic()
    keys.expel("client")
    (loss,) = client.arrivals(bool, LIMIT)
    assert time.monotonic() - began < LIMIT
    assert isinstance(loss[1], ConnectionLost)
    assert "does not admit our key any more" in str(loss[1])
    with pytest.raises(AuthError):
        call(client, TOPIC, b"x")
    call(other, TOPIC, b"still connected")
    other.close()
    keys.admit("client")
    eventually(lambda: _calls(client), LIMIT)


class Stranger:
    """A client that keeps to no rules; its key is `client`'s."""

    def __init__(self, url: str, keys: Keyring) -> None:
        self._context = zmq.Context()
        self._socket = self._context.socket(zmq.DEALER)
        secret = (keys.folder / "client.key").read_text().split()[-1].encode()
        server = (keys.folder / "server.pub").read_text().split()[-1]
        assert decode(server)
        self._socket.curve_secretkey, self._socket.curve_publickey = (
            secret,
            zmq.curve_public(secret),
        )
        self._socket.curve_serverkey = server.encode()
        self._socket.routing_id = control.new_routing_id()
        self._socket.connect(url.removeprefix("zmq+"))
        self.send(control.encode(control.Hello(1)))
        assert self._socket.poll(5000)
        assert isinstance(control.decode(self._socket.recv()), control.Welcome)

    def send(self, frame: bytes) -> None:
        self._socket.send(frame)

    def ask(self, frame: bytes) -> bytes:
        self.send(frame)
        assert self._socket.poll(5000)
        return self._socket.recv()

    def frames(self) -> list[bytes]:
        """All that comes, until nothing has for a moment."""
        found: list[bytes] = []
        while self._socket.poll(200):
            found.append(self._socket.recv())
        return found

    def close(self) -> None:
        self._socket.close(linger=0)
        self._context.term()


def test_an_expelled_client_that_stays_is_not_heard(tcp: str, keys: Keyring) -> None:
    """The connection may be there as long as its owner likes: nothing that it sends arrives, and nothing is sent to it."""
    keys.make("other")
    keys.admit("other")  # a list without a key would be a mistake
    served = Served(keys.server(tcp))
    dealer = Stranger(tcp, keys)
    assert dealer.ask(b"heard") == b"heard"
    keys.expel("client")
    eventually(lambda: served.listener.counters["expelled"] == 1, LIMIT)
    assert dealer.frames() == [control.encode(control.Bye(1)), control.encode(control.Cut(1))]
    before = served.listener.counters["foreign"]
    dealer.send(b"not heard")
    dealer.send(control.encode(control.Hello(1)))
    eventually(lambda: served.listener.counters["foreign"] == before + 2)
    assert not dealer.frames()
    (caller,) = served.callers
    assert not served.listener.send(caller, b"not sent")
    assert not dealer.frames()
    dealer.close()
    served.close()


def test_a_list_that_cannot_be_read_turns_nobody_out(tcp: str, keys: Keyring) -> None:
    """A mistake in a file must not end the connections of those whose keys are in it."""
    served = Served(keys.server(tcp))
    client = BlockingSide(keys.client(tcp))
    call(client, TOPIC, b"x")
    (keys.clients / "client.pub").write_text("public nonsense\n")
    eventually(lambda: not fresh(keys.client(tcp)), LIMIT)
    guard = served.listener._binding._guard
    assert guard is not None
    eventually(lambda: guard._reviewed == guard._keys.edition, LIMIT)
    call(client, TOPIC, b"still connected")
    assert served.listener.counters["expelled"] == 0
    client.close()
    served.close()


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


#: Connects to a Unix socket again and again until its input ends; says how often it was refused, or found nothing.
PROBE = """
import errno, select, socket, sys
asked = refused = 0
while not select.select([sys.stdin], [], [], 0)[0]:
    for _ in range(100):
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.setblocking(False)
            error = probe.connect_ex(sys.argv[1])
        asked += 1
        refused += error in (errno.ENOENT, errno.ECONNREFUSED)
    if asked == 100:
        print("begun", flush=True)
print(refused)
"""


def test_nobody_is_refused_while_a_server_binds_anew(tmp_path: Path) -> None:
    """A client that is refused takes the server for dead, and removes its files: there is no moment for it."""
    path = tmp_path / "0123456789ab.sock"
    with zmq.Context() as context, context.socket(zmq.ROUTER) as bound:
        bound.linger = 0
        bound.curve_server = True
        sockets.set_secret(bound, Secret(zmq.curve_keypair()[1].decode()))
        bound.bind(f"ipc://{path}")
        server = renewal.Renewal(bound, f"ipc://{path}")
        probe = subprocess.Popen(
            [sys.executable, "-c", PROBE, path],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        assert probe.stdout is not None
        assert probe.stdout.readline() == "begun\n"
        for _ in range(100):
            server.renew(Secret(zmq.curve_keypair()[1].decode()), -1)
        refused, _ = probe.communicate(timeout=20.0)
    assert int(refused) == 0
    assert not list(tmp_path.glob(".*"))


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


def test_what_stays_wrong_is_told_once(
    caplog: pytest.LogCaptureFixture, tcp: str, keys: Keyring
) -> None:
    """However often it is looked at: a link to nothing may lead to something at any time."""
    admitted = ServerKeys(parse_url(keys.server(tcp)).options(ZmqOptions))
    (keys.clients / "other.pub").symlink_to(keys.folder / "other.pub")
    eventually(lambda: admitted.look() or admitted.edition > 3)
    assert len(caplog.records) == 1
    assert "other.pub: No such file or directory; its owner is not trusted" in caplog.text
    keys.make("other")
    os.chmod(keys.folder / "other.pub", 0o666)
    eventually(lambda: admitted.look() or len(caplog.records) == 2)
    assert "other.pub has mode 0666" in caplog.text


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
