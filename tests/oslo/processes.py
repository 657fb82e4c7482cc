"""Processes of oslo.messaging, as the tests talk to them."""

from __future__ import annotations

import json
import queue
import subprocess
import sys
import tempfile
import threading
from collections.abc import Sequence
from types import TracebackType
from typing import Any, Self

from tests.oslo.recorded import PROGRAMS

_LIMIT = 20.0


class Program:
    """A process that speaks JSON, one value a line."""

    def __init__(self, name: str, *arguments: str) -> None:
        # Closed in `end`.
        self._log = tempfile.TemporaryFile("w+")  # noqa: SIM115
        self._process = subprocess.Popen(
            [sys.executable, "-W", "ignore", PROGRAMS / f"{name}.py", *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
        )
        self._said: queue.SimpleQueue[Any] = queue.SimpleQueue()
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._said.put(json.loads(line))

    def hear(self, limit: float = _LIMIT) -> Any:
        """What it says next."""
        try:
            return self._said.get(timeout=limit)
        except queue.Empty:
            self._log.seek(0)
            raise AssertionError(f"it said nothing: {self._log.read()[-4000:]}") from None

    def said(self, limit: float) -> Any:
        """What it says next; raises queue.Empty if that is nothing."""
        return self._said.get(timeout=limit)

    def _begin(self, expected: Any) -> None:
        """Wait for its first word; it is killed if that does not come."""
        try:
            assert self.hear() == expected
        except BaseException:
            self.kill()
            raise

    def tell(self, said: Any) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(said) + "\n")
        self._process.stdin.flush()

    def end(self) -> None:
        """Let it end, and see that it does."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait(_LIMIT)
        self._reader.join(_LIMIT)
        self._process.stdout.close()
        self._log.close()

    def kill(self) -> None:
        self._process.kill()
        self.end()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.end()


class OsloServer(Program):
    """Servers of oslo.messaging, which serve when this returns."""

    def __init__(self, servers: Sequence[dict[str, str]]) -> None:
        super().__init__("serve", json.dumps(list(servers)))
        self._begin({"serving": True})


class OsloClient(Program):
    """A client of oslo.messaging, which is ready when this returns."""

    def __init__(self, url: str, allowed: Sequence[str] = ()) -> None:
        super().__init__("ask", url, json.dumps(list(allowed)))
        self._begin({"ready": True})

    def ask(self, method: str, how: str = "call", **asked: Any) -> Any:
        """What becomes of a call or a cast: its result, or what it says of an exception."""
        self.tell({"how": how, "method": method, **asked})
        told = self.hear()
        told.pop("id")
        return told["result"] if set(told) == {"result"} else told


def their_url(ours: str) -> str:
    """The URL of a broker as oslo.messaging reads it, without options."""
    return ours.partition("?")[0].replace("amqp://", "rabbit://")
