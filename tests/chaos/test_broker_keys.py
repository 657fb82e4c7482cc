"""Certificates change while programs talk to RabbitMQ, and whoever has none, or sees a wrong one, is told so."""

from __future__ import annotations

import itertools
import os
import socket
import ssl
import threading
import time
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.certificates import Authority
from tests.chaos.fleet import LONG, Fleet, Fleets, report, seconds
from tests.chaos.journal import Ended
from tests.chaos.proxy import Proxy, record
from tests.conformance.waiting import eventually
from tests.ports import free_port
from tests.rabbitd import RabbitServer

pytestmark = [
    pytest.mark.timeout(120),
    pytest.mark.parametrize("world", ["blocking", "asyncio"] if LONG else ["asyncio"]),
]

#: Stands in every request, and must not be read on the wire.
CANARY = b"canary"


@dataclass
class Secure:
    """A node that talks TLS with those whose certificates its authority has signed, and its files."""

    folder: Path
    authority: Authority
    broker: RabbitServer
    port: int
    numbers: Iterator[int] = field(default_factory=itertools.count)

    def show(self, key: Path, file: Path) -> None:
        """Let the node show another certificate to whoever connects from now on."""
        os.replace(key, self.folder / "server.key")
        os.replace(file, self.folder / "server.pem")
        self.broker.evaluate("ssl:clear_pem_cache().")

    def own(self, name: str) -> str:
        """The options of a client with a certificate of its own."""
        key, file = self.authority.sign(name)
        return f"cert={file}&key={key}"

    def url(self, fleet: Fleet, port: int, *options: str, host: str = "127.0.0.1") -> str:
        """Over TLS, at any port."""
        there = f"{host}:{port}"
        url = self.broker.url(f"prefix={fleet.prefix}", *options, scheme="amqps")
        return url.replace(self.broker.host, there)

    def told(self, fleet: Fleet, world: str, url: str) -> Ended:
        """What becomes of the first call of a client that is made now."""
        fleet.urls[-1] = url
        with fleet.asker(world, f"n{next(self.numbers)}") as asker:
            return asker.ask(timeout=5.0, may=("ok", "not_sent"))


@pytest.fixture(scope="module")
def secure(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Secure]:
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority(folder)
    port = free_port()
    broker = RabbitServer(
        f"listeners.ssl.1 = 127.0.0.1:{port}",
        f"ssl_options.cacertfile = {authority.file}",
        f"ssl_options.certfile = {folder / 'server.pem'}",
        f"ssl_options.keyfile = {folder / 'server.key'}",
        "ssl_options.verify = verify_peer",
        "ssl_options.fail_if_no_peer_cert = true",
    )
    authority.sign("server")
    try:
        yield Secure(folder, authority, broker.start(), port)
    finally:
        broker.end()


def test_certificates_change_under_load(
    world: str, secure: Secure, fleets: Fleets, tmp_path: Path
) -> None:
    """F45: the broker's, the client's, and who signs them: no call fails for it, and nothing ever travels in the clear."""
    wire = bytearray()
    found: list[float] = []
    with fleets("amqp", servers=1, broker=secure.broker) as fleet:
        secure.show(*secure.authority.sign("first"))
        trusted, own = tmp_path / "trusted.pem", secure.own("ours")
        trusted.write_bytes(secure.authority.file.read_bytes())
        mine = f"ca={trusted}&{own}"
        fleet.serve(1, world, secure.url(fleet, secure.port, mine))
        with Proxy(secure.port, [record(wire)], [record(wire)]) as proxy:
            fleet.urls[-1] = secure.url(fleet, proxy.port, mine)
            load = fleet.program(
                "load", CANARY.decode(), world=world, callers=8, seconds=0.02, may=("ok", "unknown")
            )
            load.ready()
            fleet.runs(50)
            for turn in range(5 if LONG else 2):
                following = Authority(tmp_path, f"authority-{turn}")
                with trusted.open("ab") as file:
                    file.write(following.file.read_bytes())
                secure.own("ours")  # the files of the running client are new, too
                began = time.monotonic()
                secure.show(*following.sign("next"))
                newcomer = secure.url(fleet, secure.port, f"ca={following.file}", own)
                eventually(lambda url=newcomer: secure.told(fleet, world, url).outcome == "ok")
                found.append(time.monotonic() - began)
                proxy.cut()  # all have to look at certificates again
                fleet.runs(fleet.count() + 50)
            load.end_input()
            load.ended(15.0)
        checker = fleet.verdict(lost_casts=True)
    assert CANARY not in wire
    assert len(wire) > 10_000
    assert max(found) <= 5.0
    loaded = [e for e in checker.ended.values() if e.ticket.startswith(CANARY.decode())]
    report(
        f"F45 certificates and authorities changed {len(found)} times, amqps {world}",
        "new ones work in 5 s without a restart, nothing in the clear",
        f"{seconds(found)}, 0 of {len(wire)} bytes, {sum(e.outcome == 'ok' for e in loaded)} of {len(loaded)} calls "
        "answered, the others were under way on a connection that we cut",
    )


@pytest.fixture
def old_fashioned(secure: Secure) -> Iterator[int]:
    """The port of somebody who speaks no more than TLS 1.1."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    key, file = secure.authority.sign("old")
    context.load_cert_chain(file, key)
    context.set_ciphers("ALL:@SECLEVEL=0")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # which is why nobody is to use it
        context.minimum_version = context.maximum_version = ssl.TLSVersion.TLSv1_1
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            while True:
                try:
                    connection, _ = listening.accept()
                except OSError:
                    return
                try:
                    context.wrap_socket(connection, server_side=True).close()
                except OSError:
                    connection.close()

        thread = threading.Thread(target=serve)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
        thread.join()


def test_who_cannot_be_trusted_is_refused_at_once(
    world: str, secure: Secure, fleets: Fleets, old_fashioned: int
) -> None:
    """F45, R13: expired, of another host, signed by a stranger, TLS 1.1, no TLS; and a client without a certificate."""
    wire = bytearray()
    with fleets("amqp", servers=1, broker=secure.broker) as fleet:
        secure.show(*secure.authority.sign("right"))
        ours = f"ca={secure.authority.file}", secure.own("good")
        with Proxy(secure.port, [record(wire)], [record(wire)]) as proxy:
            stranger = Authority(secure.folder, "stranger").file
            answered = secure.told(fleet, world, secure.url(fleet, proxy.port, *ours))
            cases = {
                "another host": secure.url(fleet, proxy.port, *ours, host="localhost"),
                "a stranger's": secure.url(fleet, proxy.port, f"ca={stranger}", ours[1]),
                "no certificate of ours": secure.url(fleet, proxy.port, ours[0]),
                "TLS 1.1": secure.url(fleet, old_fashioned, *ours),
                "no TLS": secure.url(fleet, secure.broker.port, *ours),
            }
            ended = {name: secure.told(fleet, world, url) for name, url in cases.items()}
            secure.show(*secure.authority.sign("late", days=-1))
            url = secure.url(fleet, proxy.port, *ours)
            ended["expired"] = secure.told(fleet, world, url)
            secure.show(*secure.authority.sign("right"))
    assert "nobody serves" in answered.text  # it was let in, and there is no server
    for name, words in {
        "another host": "hostname mismatch",
        "a stranger's": "self-signed",
        "no certificate of ours": "certificate_required",
        "TLS 1.1": "protocol",
        "no TLS": "version",
        "expired": "expired",
    }.items():
        text = ended[name].text
        assert text.startswith("AuthError"), (name, text)
        assert words in text.lower(), (name, text)
    slowest = max(call.took for call in ended.values())
    assert slowest <= 3.0
    assert b"AMQP" not in wire
    report(
        f"F45, R13 a certificate of another host, a stranger's, none, TLS 1.1, no TLS, expired, amqps {world}",
        "AuthError that says why in 3 s, nothing in the clear",
        f"{len(ended)} of 6, {slowest:.3f} s, 0 of {len(wire)} bytes",
    )


def test_without_tls_the_wire_can_be_read(world: str, secure: Secure, fleets: Fleets) -> None:
    """The search for what is in the clear finds it where nothing is encrypted."""
    wire = bytearray()
    with (
        Proxy(secure.broker.port, [record(wire)]) as proxy,
        fleets("amqp", servers=1, broker=secure.broker) as fleet,
    ):
        fleet.serve(1, world)
        fleet.urls[-1] = fleet.url.replace(secure.broker.host, f"127.0.0.1:{proxy.port}")
        fleet.asker(world, CANARY.decode()).ask()
        fleet.verdict()
    assert CANARY in wire
    assert b"AMQP" in wire
