"""The processes of the tour: started, waited for, killed, and always ended."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from pathlib import Path
from types import TracebackType
from typing import Self

#: Seconds that a server has to answer, and to end when it is asked to.
PATIENCE = 8.0


class ServerFailed(Exception):
    """A server process did not do what it was started for."""


class Servers:
    """Server processes of one project; all are dead when the `with` block ends, however it ends."""

    def __init__(self, folder: Path, url: str) -> None:
        self._folder = folder
        self._url = url
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    def start(self, name: str) -> None:
        """Start `server.py` under that name; what it prints goes to `NAME.log`."""
        with (self._folder / f"{name}.log").open("wb") as log:
            self._processes[name] = subprocess.Popen(
                [sys.executable, "server.py", self._url, name],
                cwd=self._folder,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
            )

    def wait_ready(self, *, exchange: str, topic: str) -> None:
        """Return when every server says that it is well.

        Raises:
            ServerFailed: one ended, or does not answer in time; with the end of its log.
        """
        from rpcgen.runtime import RpcgenError
        from rpcgen.runtime.rpcgen_meta import MetaClient

        end = time.monotonic() + PATIENCE
        with MetaClient(self._url, exchange=exchange, topic=topic) as meta:
            for name, process in self._processes.items():
                while True:
                    try:
                        meta.prepare(server=name, timeout=1.0).health()
                        break
                    except RpcgenError as error:
                        if process.poll() is not None or time.monotonic() > end:
                            raise ServerFailed(
                                f"{name} does not answer: {error}\n{self._log(name)}"
                            ) from error
                    time.sleep(0.02)

    def kill(self, name: str) -> int:
        """End one with SIGKILL, by its process id, which is returned."""
        process = self._processes.pop(name)
        process.kill()
        process.wait()
        return process.pid

    def stop(self, name: str) -> int:
        """End one with SIGTERM; its exit code.

        Raises:
            ServerFailed: it does not end.
        """
        process = self._processes[name]
        process.send_signal(signal.SIGTERM)
        try:
            return process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            raise ServerFailed(f"{name} does not end after SIGTERM\n{self._log(name)}") from None

    def _log(self, name: str) -> str:
        return (self._folder / f"{name}.log").read_text(errors="replace")[-2000:].rstrip()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        for process in self._processes.values():
            process.kill()
        for process in self._processes.values():
            process.wait()
