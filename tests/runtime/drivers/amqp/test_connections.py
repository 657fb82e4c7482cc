"""Connecting: several hosts, TLS, names, forks."""

from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest
from rpcgen.runtime import AuthError, BadUrl, ConfigurationError, NotSent, RpcgenError, Server
from rpcgen.runtime.drivers.amqp.broker import read_broker
from rpcgen.runtime.drivers.amqp.lane import LaneClosed
from rpcgen.runtime.drivers.amqp.link import Link
from rpcgen.runtime.drivers.amqp.owner import Owner
from rpcgen.runtime.farewell import Farewell
from rpcgen.runtime.url import parse_url

from tests.certificates import Authority
from tests.chaos.proxy import Proxy, cut_after
from tests.conformance.lab import Bench, endpoint
from tests.ports import free_port
from tests.rabbitd import RabbitServer

LOGINS = ("PLAIN", "AMQPLAIN", "EXTERNAL")


def serve(lab: ModuleType, url: str) -> Server:
    return Server(url, server="s1", endpoints=[endpoint(lab, Bench(), "s1")])


def prefix() -> str:
    return f"prefix=test-{time.monotonic_ns()}"


@pytest.fixture(scope="module")
def encrypted(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RabbitServer, int, Path]]:
    """A node with a TLS port, where a certificate may stand for a password, and the one that is to be trusted.

    In the same folder are those of `till`, a user of the node, and of `stranger`, who is none.
    """
    folder = tmp_path_factory.mktemp("tls")
    authority = Authority(folder)
    key, file = authority.sign("broker")
    for name in ("till", "stranger"):
        authority.sign(name)
    port = free_port()
    server = RabbitServer(
        f"listeners.ssl.1 = 127.0.0.1:{port}",
        f"ssl_options.cacertfile = {authority.file}",
        f"ssl_options.certfile = {file}",
        f"ssl_options.keyfile = {key}",
        "ssl_options.verify = verify_peer",
        "ssl_options.fail_if_no_peer_cert = false",
        "ssl_cert_login_from = common_name",
        *(f"auth_mechanisms.{place} = {name}" for place, name in enumerate(LOGINS, 1)),
        plugins=["rabbitmq_auth_mechanism_ssl"],
    )
    try:
        server.start()
        server.ctl("add_user", "till", secrets.token_hex(8))
        server.ctl("set_permissions", "till", ".*", ".*", ".*")
        yield server, port, authority.file
    finally:
        server.end()


def amqps(server: RabbitServer, port: int, *options: str, host: str = "127.0.0.1") -> str:
    query = "&".join([prefix(), *options])
    return server.url(scheme="amqps").replace(server.host, f"{host}:{port}") + f"?{query}"


def test_calls_over_tls(lab: ModuleType, encrypted: tuple[RabbitServer, int, Path]) -> None:
    """With the authority that is named; large messages, too, which TLS buffers."""
    server, port, ca = encrypted
    url = amqps(server, port, f"ca={ca}")
    with serve(lab, url), lab.LabClient(url) as client:
        assert client.add(a=1) == 2
        text = "x" * 3_000_000
        assert client.greet(name=text) == f"hello {text} None"


@pytest.mark.parametrize(
    ("host", "trusted", "text"),
    [("127.0.0.1", False, "self.signed"), ("localhost", True, "[Hh]ostname mismatch")],
)
def test_a_certificate_that_is_not_trusted_is_refused(
    lab: ModuleType,
    encrypted: tuple[RabbitServer, int, Path],
    host: str,
    trusted: bool,
    text: str,
) -> None:
    """At once, whatever the deadline: signed by a stranger, or for another host."""
    server, port, ca = encrypted
    url = amqps(server, port, *([f"ca={ca}"] if trusted else []), host=host)
    begun = time.monotonic()
    with lab.LabClient(url) as client, pytest.raises(AuthError, match=text):
        client.add(a=1)
    with pytest.raises(ConfigurationError, match=text):
        serve(lab, url).start()
    assert time.monotonic() - begun < 3.0


def test_the_host_check_can_be_switched_off(
    lab: ModuleType, encrypted: tuple[RabbitServer, int, Path]
) -> None:
    """The authority still counts."""
    server, port, ca = encrypted
    url = amqps(server, port, f"ca={ca}", "check_host=no", host="localhost")
    with serve(lab, url), lab.LabClient(url) as client:
        assert client.add(a=1) == 2


def test_tls_and_plain_do_not_meet(
    lab: ModuleType, encrypted: tuple[RabbitServer, int, Path]
) -> None:
    """Neither falls back to the other."""
    server, port, ca = encrypted
    with (
        lab.LabClient(amqps(server, server.port, f"ca={ca}")) as client,
        pytest.raises(AuthError, match="no TLS"),
    ):
        client.add(a=1)
    plain = server.url(prefix()).replace(server.host, f"127.0.0.1:{port}")
    with lab.LabClient(plain, timeout=1.0) as client, pytest.raises(NotSent):
        client.add(a=1)


@pytest.mark.parametrize("login", ["PLAIN", "AMQPLAIN"])
def test_a_user_has_a_password(lab: ModuleType, rabbit: RabbitServer, login: str) -> None:
    """By either way of telling it; a wrong one is refused at once."""
    url = rabbit.url(prefix(), f"login={login}")
    with serve(lab, url), lab.LabClient(url) as client:
        assert client.add(a=1) == 2
    wrong = url.replace("tester:", "tester:canary-")
    begun = time.monotonic()
    with lab.LabClient(wrong) as client, pytest.raises(AuthError) as caught:
        client.add(a=1)
    assert time.monotonic() - begun < 3.0
    assert "canary" not in str(caught.value)


def test_a_certificate_says_who_we_are(
    lab: ModuleType, encrypted: tuple[RabbitServer, int, Path]
) -> None:
    """With `login=EXTERNAL` the user is its common name, whatever the URL says; no password travels."""
    server, port, ca = encrypted
    own = [f"{option}={ca.parent}/till.{end}" for option, end in (("cert", "pem"), ("key", "key"))]
    url = amqps(server, port, f"ca={ca}", "login=EXTERNAL", *own).replace("tester:", "nobody:")
    with serve(lab, url), lab.LabClient(url) as client:
        assert client.add(a=1) == 2
        users = server.listed("connections", "user", "auth_mechanism")
    assert users
    assert {tuple(row) for row in users} == {("till", "EXTERNAL")}


@pytest.mark.parametrize(("name", "text"), [("stranger", "refused"), (None, "refused")])
def test_a_certificate_of_nobody_is_refused(
    lab: ModuleType, encrypted: tuple[RabbitServer, int, Path], name: str | None, text: str
) -> None:
    """At once: one whose name is no user's, or none at all."""
    server, port, ca = encrypted
    own = [] if name is None else [f"cert={ca.parent}/{name}.pem", f"key={ca.parent}/{name}.key"]
    url = amqps(server, port, f"ca={ca}", "login=EXTERNAL", *own)
    begun = time.monotonic()
    with lab.LabClient(url) as client, pytest.raises(AuthError, match=f"(?i){text}"):
        client.add(a=1)
    with pytest.raises(ConfigurationError, match=f"(?i){text}"):
        serve(lab, url).start()
    assert time.monotonic() - begun < 4.0


def test_a_login_that_is_not_offered_is_refused(lab: ModuleType, rabbit: RabbitServer) -> None:
    """At once, with those that are."""
    url = rabbit.url(prefix(), "login=EXTERNAL")
    begun = time.monotonic()
    with lab.LabClient(url) as client, pytest.raises(AuthError, match=r"EXTERNAL, but .*PLAIN"):
        client.add(a=1)
    assert time.monotonic() - begun < 3.0


def test_virtual_hosts_do_not_meet(lab: ModuleType, rabbit: RabbitServer) -> None:
    """The same names on another one are others; one that does not exist is an error at once."""
    own = prefix()
    url = rabbit.url(own, vhost=rabbit.new_vhost())
    with serve(lab, url), lab.LabClient(url) as client, lab.LabClient(rabbit.url(own)) as other:
        assert client.add(a=1) == 2
        with pytest.raises(NotSent):
            other.add(a=1)
    with lab.LabClient(rabbit.url(own, vhost="missing")) as client:
        begun = time.monotonic()
        with pytest.raises(AuthError, match="missing"):
            client.add(a=1)
        assert time.monotonic() - begun < 3.0


def test_files_that_are_no_certificates_are_named(lab: ModuleType, tmp_path: Path) -> None:
    """When the client is made."""
    with pytest.raises(BadUrl, match="missing"):
        lab.LabClient(f"amqps://h/?ca={tmp_path}/missing.pem")


def test_a_host_that_is_dead_and_one_that_is_silent_are_passed_over(
    lab: ModuleType, rabbit: RabbitServer
) -> None:
    """In at most the time that each may take to let us in, and a second."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        hosts = f"127.0.0.1:{free_port()},127.0.0.1:{silent.getsockname()[1]},{rabbit.host}"
        own = prefix()
        url = rabbit.url(own, "connect_timeout=1").replace(rabbit.host, hosts)
        with serve(lab, rabbit.url(own)):
            begun = time.monotonic()
            with lab.LabClient(url) as client:
                assert client.add(a=1) == 2
            assert time.monotonic() - begun < 4.0


def test_a_client_moves_to_the_host_that_is_left(lab: ModuleType, rabbit: RabbitServer) -> None:
    """Whichever it was connected to; the order of the hosts in the URL does not say which that is."""
    own = prefix()
    with serve(lab, rabbit.url(own)), Proxy(rabbit.port) as one, Proxy(rabbit.port) as two:
        hosts = f"127.0.0.1:{one.port},127.0.0.1:{two.port}"
        url = rabbit.url(own).replace(rabbit.host, hosts)
        for _ in range(12):
            with lab.LabClient(url) as client:
                assert client.add(a=1) == 2
        assert one.accepted > 0
        assert two.accepted > 0
        with lab.LabClient(url, timeout=10.0) as client:
            for gone, left in ((one, two), (two, one)):
                gone.up, left.up = [cut_after(0)], []
                gone.cut()
                assert client.add(a=1) == 2


class Clumsy:
    """A `Duty` that fails, in a way that nobody expected, each time but the last."""

    def __init__(self, failures: int) -> None:
        self.left = failures
        self.begun = threading.Event()
        self.told: list[str] = []

    def begin(self, link: Link) -> None:
        if self.left:
            self.left -= 1
            raise LookupError("nobody expected this")
        self.begun.set()

    def end(self, error: RpcgenError) -> None:
        self.told.append(str(error))

    def due(self, now: float) -> float:
        return 60.0

    def holds(self) -> bool:
        return False

    def work(self, now: float) -> None: ...
    def look(self, now: float) -> None: ...
    def leave(self, farewell: Farewell) -> None: ...
    def gone(self) -> None: ...
    def mend(self, closed: LaneClosed) -> None: ...


def test_a_connection_outlives_a_mistake_of_ours(
    rabbit: RabbitServer, caplog: pytest.LogCaptureFixture
) -> None:
    """Its thread says what it was, and connects again, also if that happened while it connected."""
    duty = Clumsy(failures=2)
    owner = Owner(read_broker(parse_url(rabbit.url())), "clumsy", duty)
    owner.start()
    try:
        assert duty.begun.wait(10.0)
    finally:
        owner.stop(5.0)
    assert all("nobody expected this" in told for told in duty.told)
    assert len(duty.told) == 2
    assert "LookupError" in caplog.text


def test_connections_say_who_they_are(lab: ModuleType, rabbit: RabbitServer) -> None:
    """In the broker's list of them."""
    url = rabbit.url(prefix(), "name=till")
    with serve(lab, url), lab.LabClient(url) as client:
        client.add(a=1)
        shown = str(rabbit.listed("connections", "client_properties"))
    for role in ("requests", "answers", "intake"):
        assert f"till {role} (" in shown
    assert f":{os.getpid()})" in shown


def test_a_forks_child_is_told(lab: ModuleType, rabbit: RabbitServer) -> None:
    """Its parent's connection is not its own; the parent notices nothing."""
    url = rabbit.url(prefix())
    with serve(lab, url), lab.LabClient(url) as client:
        assert client.add(a=1) == 2
        child = os.fork()
        if child == 0:
            try:
                client.add(a=1)
            except ConfigurationError:
                os._exit(7)
            os._exit(1)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 7
        for _ in range(200):
            assert client.add(a=1) == 2
