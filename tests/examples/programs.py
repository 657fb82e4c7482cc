"""Runs the examples as a user does: servers and clients in processes of their own, over zmq+ipc."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "generated_examples"


class ServerProcess:
    """A server that runs; `lines` are what it printed so far."""

    def __init__(self, folder: Path, *args: str) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "server.py", *args],
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.lines: list[str] = []
        self._news = threading.Condition()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._news:
                self.lines.append(line.rstrip("\n"))
                self._news.notify_all()

    def wait_for(self, line: str) -> None:
        """Return once the server has printed the line."""
        self._wait(lambda: line in self.lines, line)

    def wait_for_prefix(self, prefix: str) -> None:
        """Return once the server has printed a line that begins like that."""
        self._wait(lambda: any(line.startswith(prefix) for line in self.lines), prefix)

    def _wait(self, heard: Callable[[], bool], what: str) -> None:
        with self._news:
            assert self._news.wait_for(heard, 20), (what, self.lines)

    def stop(self) -> int:
        """End it with SIGTERM; its exit code."""
        self._process.terminate()
        try:
            return self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()
        finally:
            self._reader.join(5)
            if self._process.stdout is not None:
                self._process.stdout.close()


@contextmanager
def serving(example: str, *names: str) -> Generator[tuple[str, list[ServerProcess]]]:
    """Start a server for each name; their URL. Each must end with 0 when it is asked to."""
    run = tempfile.mkdtemp(prefix="ex-")
    url = f"zmq+ipc://{run}"
    servers = [ServerProcess(EXAMPLES / example, url, name) for name in names]
    try:
        for server, name in zip(servers, names, strict=True):
            server.wait_for(f"{name} serves at {url}")
        yield url, servers
    finally:
        codes = [server.stop() for server in servers]
        shutil.rmtree(run)
    assert codes == [0] * len(servers), [server.lines for server in servers]


def run_client(example: str, program: str, url: str, *args: str) -> str:
    """Run a client to its end; what it printed."""
    done = subprocess.run(
        [sys.executable, program, url, *args],
        cwd=EXAMPLES / example,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=40,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stdout
    return done.stdout
