"""RabbitMQ servers of the tests' own: node, ports, folder and port mapper each; killed, stopped and started at will.

`RPCGEN_TEST_AMQP_URL` names one that runs already, for the tests that need no more than one and leave it alone.
Without the program they are skipped, loudly; where CI is set, that is a failure.
"""

from __future__ import annotations

import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import amqp
import psutil
import pytest

from tests.ports import free_port

USER = "tester"
PASSWORD = "s3cr3t-tests"
ENVIRONMENT = "RPCGEN_TEST_AMQP_URL"

#: Where Debian keeps the scripts; those in PATH are wrappers that start the service of the machine, as its user.
_SCRIPTS = Path("/usr/lib/rabbitmq/bin")
_NODE = "rpcgen@localhost"
_START_LIMIT = 40.0
_ROOT = Path(__file__).parents[1]


def program(name: str) -> str:
    """Where the program is."""
    path = str(_SCRIPTS) + os.pathsep + os.environ.get("PATH", os.defpath)
    found = shutil.which(name, path=path)
    if found is None:
        text = f"{name} is not installed (on Debian or Ubuntu: apt install rabbitmq-server)"
        if os.environ.get("CI"):
            pytest.fail(text)
        pytest.skip(text)
    return found


def _begins_a_connection(address: str, port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(5.0)
        try:
            probe.connect((address, port))
            probe.sendall(b"AMQP\x00\x00\x09\x01")
            return probe.recv(1) == b"\x01"  # the frame that begins a connection
        except OSError:  # it listens, and is not ready yet, or does not even listen
            return False


def version() -> str:
    """That of the program that is installed."""
    command = [program("rabbitmqctl"), "version"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout.strip()


class RabbitServer:
    """A RabbitMQ node, and the port mapper that its tools need.

    Args:
        config: further lines of rabbitmq.conf.
        plugins: those that it loads.
        address: where it listens.
        prefix: what the commands of it and its tools begin with, to be on another host.
    """

    def __init__(
        self,
        *config: str,
        plugins: Sequence[str] = (),
        address: str = "127.0.0.1",
        prefix: Sequence[str] = (),
    ) -> None:
        self._address, self._prefix = address, prefix
        self._server, self._epmd = program("rabbitmq-server"), program("epmd")
        self._folder = tempfile.TemporaryDirectory(prefix="rpcgen-rabbit")
        self.folder = Path(self._folder.name)
        self.port = free_port()
        self._environment = self._make_environment()
        self._write_config(config, plugins)
        self._mapper: subprocess.Popen[bytes] | None = None
        self._node: subprocess.Popen[bytes] | None = None

    def _make_environment(self) -> dict[str, str]:
        folder = self.folder
        own = {
            "HOME": folder,  # of the cookie
            "RABBITMQ_NODENAME": _NODE,
            "RABBITMQ_DIST_PORT": free_port(),
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": folder / "rabbitmq.conf",
            "RABBITMQ_ENABLED_PLUGINS_FILE": folder / "plugins",
            "RABBITMQ_FEATURE_FLAGS_FILE": folder / "flags",
            "RABBITMQ_GENERATED_CONFIG_DIR": folder / "generated",
            "RABBITMQ_LOG_BASE": folder / "log",
            "RABBITMQ_MNESIA_BASE": folder / "data",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 1:1 +sbwt none -kernel inet_dist_use_interface {127,0,0,1}",
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            "ERL_EPMD_PORT": free_port(),
            "RUNNING_UNDER_SYSTEMD": "true",  # the script then becomes the node, instead of watching it
        }
        kept = {name: os.environ[name] for name in ("PATH", "LANG", "TMPDIR") if name in os.environ}
        return kept | {name: str(value) for name, value in own.items()}

    def _write_config(self, config: Sequence[str], plugins: Sequence[str]) -> None:
        lines = [
            f"default_user = {USER}",
            f"default_pass = {PASSWORD}",
            "loopback_users = none",
            "log.console = false",
            "log.file = node.log",
            "disk_free_limit.absolute = 1MB",
            *config,
        ]
        if not any(line.startswith("listeners.tcp") for line in lines):
            lines.append(f"listeners.tcp.1 = {self._address}:{self.port}")
        (self.folder / "rabbitmq.conf").write_text("\n".join(lines) + "\n")
        (self.folder / "plugins").write_text(f"[{','.join(plugins)}].\n")

    @property
    def host(self) -> str:
        return f"{self._address}:{self.port}"

    def url(self, *options: str, scheme: str = "amqp", vhost: str = "") -> str:
        """The transport URL."""
        query = f"?{'&'.join(options)}" if options else ""
        return f"{scheme}://{USER}:{PASSWORD}@{self.host}/{vhost}{query}"

    # --- life -----------------------------------------------------------------------------------------------------

    def begin(self) -> RabbitServer:
        """Start it without waiting."""
        assert self._node is None
        if self._mapper is None:
            port = self._environment["ERL_EPMD_PORT"]
            self._mapper = subprocess.Popen(
                [*self._prefix, self._epmd, "-port", port, "-address", "127.0.0.1"],
                env=self._environment,
            )
        with (self.folder / "console.log").open("ab") as console:
            self._node = subprocess.Popen(
                [*self._prefix, self._server],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=console,
                stderr=subprocess.STDOUT,
            )
        return self

    def __enter__(self) -> RabbitServer:
        try:
            return self.start()
        except BaseException:
            self.end()
            raise

    def __exit__(self, *_: object) -> None:
        self.end()

    def start(self) -> RabbitServer:
        """Start it, and wait until it serves."""
        self.begin()
        end = time.monotonic() + _START_LIMIT
        while not self._serves():
            assert self._node is not None
            assert self._node.poll() is None, self._said()
            assert time.monotonic() < end, f"RabbitMQ does not serve: {self._said()}"
            time.sleep(0.05)  # there is nothing that tells of it
        return self

    def _serves(self) -> bool:
        if not self._prefix:
            return _begins_a_connection(self._address, self.port)
        probe = [*self._prefix, sys.executable, "-m", "tests.rabbitd", self._address, self.port]
        done = subprocess.run([str(part) for part in probe], cwd=_ROOT, check=False)
        return done.returncode == 0

    def _said(self) -> str:
        return (self.folder / "console.log").read_text()[-2000:]

    def connect(self, **options: Any) -> Any:
        """A connection of the library's, for looking and for planting."""
        connection: Any = amqp.Connection(
            self.host, USER, PASSWORD, login_method="PLAIN", connect_timeout=5.0, **options
        )
        connection.connect()
        return connection

    def signal(self, number: signal.Signals) -> None:
        assert self._node is not None
        self._node.send_signal(number)

    def cpu_seconds(self) -> float:
        """What it has used so far."""
        assert self._node is not None
        times = psutil.Process(self._node.pid).cpu_times()
        return times.user + times.system

    def kill(self) -> None:
        """SIGKILL; what is on its disk stays."""
        if self._node is not None:
            self._node.kill()
            self._node.wait(10.0)
            self._node = None

    def stop(self) -> None:
        """Let it close its connections in order, and end."""
        assert self._node is not None
        self._node.terminate()
        self._node.wait(_START_LIMIT)
        self._node = None

    def end(self) -> None:
        self.kill()
        if self._mapper is not None:
            self._mapper.kill()
            self._mapper.wait(5.0)
            self._mapper = None
        self._folder.cleanup()

    # --- its own tools --------------------------------------------------------------------------------------------

    def ctl(self, *arguments: str) -> str:
        """What `rabbitmqctl` prints."""
        done = self._ctl(*arguments)
        if "requires the 'rabbit' app to be running" in done.stderr + done.stdout:
            self._ctl("await_startup")  # it listens a moment before it says that it runs
            done = self._ctl(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    def _ctl(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*self._prefix, program("rabbitmqctl"), "--quiet", "--node", _NODE, *arguments],
            env=self._environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=30.0,
            check=False,
        )

    def evaluate(self, expressions: str) -> str:
        """What Erlang expressions print in the node; the last one has to be `ok`. Quick: no other node is started to ask."""
        done = subprocess.run(
            [*self._prefix, program("erl_call"), "-sname", _NODE, "-r", "-fetch_stdout", "-e"],
            env=self._environment,
            input=f"{expressions}\n",
            capture_output=True,
            text=True,
            timeout=30.0,
            check=False,
        )
        said = done.stdout.removesuffix("{ok, ok}")
        assert done.stdout != said, done.stdout + done.stderr
        return said

    def listed(self, what: str, *columns: str, vhost: str = "/") -> list[list[str]]:
        """The rows of `rabbitmqctl list_WHAT`, sorted."""
        place = () if what in ("connections", "channels") else ("--vhost", vhost)
        text = self.ctl(f"list_{what}", *place, "--no-table-headers", *columns)
        return sorted(line.split("\t") for line in text.splitlines())

    def messages(self, *prefixes: str) -> int:
        """How many messages queues of some prefixes have, also those that somebody has not acknowledged."""
        listed = self.listed("queues", "name", "messages")
        return sum(int(count) for name, count in listed if name.startswith(prefixes))

    def queues(self) -> dict[str, int]:
        """Ready messages by queue."""
        return {name: int(ready) for name, ready in self.listed("queues", "name", "messages_ready")}

    def new_vhost(self, name: str = "") -> str:
        """The name of a virtual host that nobody has used."""
        name = name or secrets.token_hex(6)
        vhost, user = f'<<"{name}">>', f'<<"{USER}">>'
        everything = '<<".*">>, <<".*">>, <<".*">>'
        self.evaluate(
            f"ok = rabbit:await_startup(), ok = rabbit_vhost:add({vhost}, {user}), "
            f"rabbit_auth_backend_internal:set_permissions({user}, {vhost}, {everything}, {user})."
        )
        return name


@pytest.fixture(scope="session")
def rabbit() -> Iterator[RabbitServer]:
    """One node for all tests that leave it alone."""
    with RabbitServer() as server:
        yield server


@pytest.fixture(scope="session")
def amqp_session(request: pytest.FixtureRequest) -> str:
    """The transport URL of one broker for all tests that leave it alone."""
    if url := os.environ.get(ENVIRONMENT):
        return url
    server: RabbitServer = request.getfixturevalue("rabbit")
    return server.url()


@pytest.fixture
def amqp_url(amqp_session: str) -> str:
    """The same, with names that nobody else has."""
    separator = "&" if "?" in amqp_session else "?"
    return f"{amqp_session}{separator}prefix=test-{secrets.token_hex(6)}"


if __name__ == "__main__":  # on the host of a node
    sys.exit(not _begins_a_connection(sys.argv[1], int(sys.argv[2])))
