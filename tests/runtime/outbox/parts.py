"""What the tests of outboxes share: looking into a file, and the program that fills one."""

from __future__ import annotations

import os
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path

from rpcgen.runtime.outbox.folder import FILE
from rpcgen.runtime.outbox.tally import OutboxStatus

ROOT = Path(__file__).parents[3]


def ask(folder: Path, question: str, *values: object) -> list[tuple[object, ...]]:
    """What a folder's file answers, beside whoever has it."""
    with closing(sqlite3.connect(folder / FILE)) as db, db:
        return db.execute(question, values).fetchall()


def waiting(folder: Path) -> list[str]:
    """Ids of what waits, in order."""
    return [bytes(row[0]).hex() for row in ask(folder, "SELECT id FROM waiting ORDER BY number")]  # type: ignore[arg-type]


def dead(folder: Path) -> list[tuple[str, str]]:
    """Ids of what was put aside, and why."""
    rows = ask(folder, "SELECT id, reason FROM dead ORDER BY number")
    return [(bytes(row[0]).hex(), str(row[1])) for row in rows]  # type: ignore[arg-type]


def status(client: object) -> OutboxStatus:
    """What a generated client's outbox says."""
    found = client._transport.outbox_status()  # type: ignore[attr-defined]
    assert isinstance(found, OutboxStatus)
    return found


class Nursery:
    """Processes that fill an outbox, each forked from one that has imported all they need, and killed at will.

    Args:
        directory: where the generated package `test_keep` is.
    """

    def __init__(self, directory: Path) -> None:
        self._program = subprocess.Popen(
            [sys.executable, "-m", "tests.runtime.outbox.filler", str(directory)],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def _line(self) -> str:
        assert self._program.stdout is not None
        line = self._program.stdout.readline().strip()
        assert line, "the program has ended"
        return line

    def begin(self, url: str, world: str) -> int:
        """Start one; its process id."""
        assert self._program.stdin is not None
        self._program.stdin.write(f"{world} {url}\n")
        self._program.stdin.flush()
        return int(self._line())

    def returned(self, most: int) -> list[tuple[str, str]]:
        """Wait for so many casts to return; their ids and tickets."""
        return [self._read(self._line()) for _ in range(most)]

    def killed(self, pid: int) -> list[tuple[str, str]]:
        """SIGKILL, and what had returned by then that was not read yet."""
        os.kill(pid, signal.SIGKILL)
        lines = iter(self._line, "gone")
        return [self._read(line) for line in lines]

    def _read(self, line: str) -> tuple[str, str]:
        message_id, ticket = line.split()
        return message_id, ticket

    def end(self) -> None:
        """No more."""
        self._program.communicate(timeout=10.0)
