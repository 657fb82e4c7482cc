"""A process of a row or a campaign, and its journal. Knows neither."""

from __future__ import annotations

import os
import selectors
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import IO, Any

import msgspec

from tests.chaos.journal import Reading
from tests.chaos.surroundings import HERE, Surroundings

ROOT = Path(__file__).resolve().parents[2]
#: Seconds after which something that must happen is missing.
LIMIT = 20.0


class Process:
    """One process of ours and its journal."""

    def __init__(
        self,
        module: str,
        orders: Any,
        journal: Path,
        log: Path,
        surroundings: Surroundings = HERE,
    ) -> None:
        self.reading = Reading(journal)
        self._log = log
        with log.open("wb") as stderr:
            self._process = subprocess.Popen(
                [
                    *surroundings.prefix,
                    *(sys.executable, "-m", module, msgspec.json.encode(orders).decode()),
                ],
                cwd=ROOT,
                env={**os.environ, **surroundings.environment, "PYTHONFAULTHANDLER": "1"},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                bufsize=0,  # what is buffered cannot be waited for
            )

    @property
    def pid(self) -> int:
        """Its id."""
        return self._process.pid

    def ready(self) -> None:
        """Wait until it says so, or ends."""
        said = self.line(LIMIT)
        assert said == b"ready\n", f"it did not start: {said!r}{self.complaints()}"

    def line(self, limit: float) -> bytes:
        """The next line of its stdout; nothing if it ends, or says nothing in time."""
        stdout = _pipe(self._process.stdout)
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            return stdout.readline() if selector.select(limit) else b""

    def lines(self) -> Iterator[bytes]:
        """The lines of its stdout, until it ends."""
        stdout = _pipe(self._process.stdout)
        with os.fdopen(os.dup(stdout.fileno()), "rb") as copy:  # this one may be closed meanwhile
            yield from copy

    def tell(self, word: str) -> None:
        """Write a line to its stdin."""
        _pipe(self._process.stdin).write(f"{word}\n".encode())

    def signal(self, number: signal.Signals) -> None:
        """Send it a signal."""
        self._process.send_signal(number)

    def ask_to_stop(self) -> None:
        """Send SIGTERM."""
        self._process.send_signal(signal.SIGTERM)

    def end_input(self) -> None:
        """Close its stdin, which is how clients are told to end."""
        _pipe(self._process.stdin).close()

    def ended(self, limit: float) -> None:
        """Wait until it has ended by itself, and well."""
        try:
            code = self._process.wait(limit)
        except subprocess.TimeoutExpired:
            self.signal(signal.SIGABRT)  # so that it says what its threads do
            with suppress(subprocess.TimeoutExpired):
                self._process.wait(LIMIT)
            raise AssertionError(f"it goes on after {limit:g} s{self.complaints()}") from None
        assert code == 0, f"it ended with {code}{self.complaints()}"

    def died(self, limit: float) -> int:
        """Wait until it has ended by itself; its exit code."""
        return self._process.wait(limit)

    def close(self) -> None:
        """End it however it is, by its id."""
        if self._process.poll() is None:
            self._process.kill()
        self._process.wait(5.0)
        for pipe in (self._process.stdin, self._process.stdout):
            _pipe(pipe).close()

    def complaints(self) -> str:
        """What it wrote to stderr."""
        return "\n" + self._log.read_text(errors="replace")[-20000:]


def _pipe(pipe: IO[bytes] | None) -> IO[bytes]:
    assert pipe is not None
    return pipe
