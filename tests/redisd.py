"""Redis servers of the tests' own: a port, a folder and a password each; killed, stopped and started again at will.

`RPCGEN_TEST_REDIS_URL` names one that runs already, for the tests that need no more than one. Without the program
they are skipped, loudly; where CI is set, that is a failure.
"""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest
from rpcgen.runtime.url import parse_url

from tests.certificates import Authority
from tests.ports import free_port

PASSWORD = "s3cr3t-tests"
ENVIRONMENT = "RPCGEN_TEST_REDIS_URL"


def program(name: str) -> str:
    """Where the program is."""
    found = shutil.which(name)
    if found is None:
        text = f"{name} is not installed (on Debian or Ubuntu: apt install redis-server redis-sentinel)"
        if os.environ.get("CI"):
            pytest.fail(text)
        pytest.skip(text)
    return found


class RedisServer:
    """A redis-server process."""

    def __init__(self, *options: str, password: str = PASSWORD, program_name: str = "redis-server"):
        self._program = program(program_name)
        self._folder = tempfile.TemporaryDirectory(prefix="rpcgen-redis")
        self.folder = Path(self._folder.name)
        self.port = free_port()
        self.password = password
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.port}"

    def url(self, *options: str) -> str:
        """The transport URL."""
        query = f"?{'&'.join(options)}" if options else ""
        return f"zmq+redis://:{self.password}@{self.host}/0{query}"

    def start(self, config: Sequence[str] = ()) -> RedisServer:
        """Start it, empty, and wait until it answers."""
        lines = [
            f"dir {self.folder}",
            "bind 127.0.0.1",
            "daemonize no",
            'save ""' if self._program.endswith("redis-server") else "",
            f"requirepass {self.password}" if self.password else "",
            *config,
            *self._options,
        ]
        if not any(line.startswith("tls-port") for line in lines):
            lines.append(f"port {self.port}")
        file = self.folder / "redis.conf"
        file.write_text("\n".join(lines) + "\n")
        self._process = subprocess.Popen([self._program, file], stdout=subprocess.DEVNULL)
        end = time.monotonic() + 10.0
        while not self._listens():
            assert self._process.poll() is None, "redis ended at its start"
            assert time.monotonic() < end, "redis does not listen"
            time.sleep(0.01)  # there is nothing that tells of it
        return self

    def _listens(self) -> bool:
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def signal(self, number: signal.Signals) -> None:
        assert self._process is not None
        self._process.send_signal(number)

    def pause(self) -> None:
        """Stop it in the middle of what it does: connections stay, and nobody answers."""
        assert self._process is not None
        self.signal(signal.SIGSTOP)
        os.waitpid(self._process.pid, os.WUNTRACED)

    def resume(self) -> None:
        self.signal(signal.SIGCONT)

    def refuse_writes(self) -> None:
        """Answer questions, and take nothing new: as a primary without replicas that it waits for, or with a full disk."""
        self.ask(lambda client: client.config_set("min-replicas-to-write", 1))

    def take_writes(self) -> None:
        self.ask(lambda client: client.config_set("min-replicas-to-write", 0))

    def kill(self) -> None:
        """End it at once; what it knew is lost."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(5.0)
            self._process = None

    def client(self, **options: Any) -> Any:
        """A client of the library's, for looking and for planting."""
        import redis

        return redis.Redis(port=self.port, password=self.password or None, protocol=2, **options)

    def ask(self, question: Callable[[Any], Any]) -> Any:
        """What a client of its own is told."""
        client = self.client()
        try:
            return question(client)
        finally:
            client.close()

    def end(self) -> None:
        self.kill()
        self._folder.cleanup()


def encrypted_redis(folder: Path) -> tuple[RedisServer, Path]:
    """A redis that speaks TLS alone, with files in `folder`, and the certificate of its authority."""
    authority = Authority(folder, "ca")
    authority.sign("redis")
    ca = authority.file
    server = RedisServer()
    server.start(
        [
            f"tls-port {server.port}",
            "port 0",
            f"tls-cert-file {folder / 'redis.pem'}",
            f"tls-key-file {folder / 'redis.key'}",
            f"tls-ca-cert-file {ca}",
            "tls-auth-clients no",
        ]
    )
    return server, ca


def kombu_url(url: str) -> str:
    """The same redis for kombu's transport."""
    return url.replace("zmq+redis://", "kombu+redis://", 1)


@pytest.fixture(scope="session")
def redis_session() -> Iterator[str]:
    """The transport URL of one redis for all tests that leave it alone."""
    # Of several processes that run tests the first has it: each deletes the registrations that it finds.
    if os.environ.get("PYTEST_XDIST_WORKER", "gw0") == "gw0" and (
        url := os.environ.get(ENVIRONMENT)
    ):
        yield url
        return
    server = RedisServer().start()
    yield server.url()
    server.end()


@pytest.fixture
def redis_url(redis_session: str) -> str:
    """The same, with no registrations in it."""
    import redis

    parsed = parse_url(redis_session)
    [host] = parsed.hosts
    client: Any = redis.Redis(
        host=host.name,
        port=host.port or 6379,
        db=int(parsed.path.strip("/") or 0),
        username=parsed.username or None,
        password=parsed.password,
        protocol=2,
    )
    keys = client.keys("rpcgen:*")
    if keys:
        client.delete(*keys)
    client.close()
    return redis_session
