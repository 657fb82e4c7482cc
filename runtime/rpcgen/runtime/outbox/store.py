"""The file of an outbox: messages that wait, and those that were put aside, in SQLite. Knows no threads and no transport.

A write-ahead log with `synchronous=FULL`: a commit is one append and one fsync, its frames have checksums, and one that is torn never
was. What was committed before is not touched by it.
"""

from __future__ import annotations

import contextlib
import sqlite3
from collections.abc import Callable, Generator, Hashable, Sequence
from typing import Any, Final

from msgspec import Struct
from rpcgen.runtime.errors import ConfigurationError
from rpcgen.runtime.outbox.record import DATED, Record

_LAYOUT: Final = 1

_PRAGMAS: Final = (
    "PRAGMA synchronous=FULL",
    "PRAGMA fullfsync=ON",
    "PRAGMA trusted_schema=OFF",
)

#: Both indexes answer without the frames: how much there is of each destination, and what is over.
_TABLES: Final = (
    "CREATE TABLE waiting (number INTEGER PRIMARY KEY, destination TEXT, id BLOB, marks INTEGER, written REAL, "
    "until REAL, size INTEGER, checksum INTEGER, frame BLOB)",
    "CREATE INDEX waiting_in_order ON waiting (destination, number, size)",
    "CREATE INDEX waiting_until ON waiting (until, marks)",
    "CREATE TABLE dead (number INTEGER PRIMARY KEY, died REAL, reason TEXT, destination TEXT, id BLOB, marks INTEGER, "
    "written REAL, until REAL, size INTEGER, checksum INTEGER, frame BLOB)",
    "CREATE INDEX dead_sizes ON dead (died, reason, size)",
    f"PRAGMA user_version={_LAYOUT}",
)

_COLUMNS: Final = "number, destination, id, frame, marks, written, until, checksum"

#: The size of a message, whatever is kept there.
_SIZE: Final = "max(0, CAST(size AS INTEGER))"

#: Seconds to wait for somebody who looks into the file.
_PATIENCE: Final = 1.0

#: Characters of a reason.
_MAX_REASON: Final = 4096


class Failed(Exception):
    """The file could not be read or written.

    Attributes:
        unsure: what was to be written may be found there when the file is opened again.
        busy: another process has kept the file from being written, however little there was to write.
    """

    def __init__(self, error: sqlite3.Error, *, committing: bool) -> None:
        super().__init__(str(error))
        self.unsure = committing and error.sqlite_errorcode != sqlite3.SQLITE_FULL
        code = getattr(error, "sqlite_errorcode", 0)  # mistakes of ours have none
        self.busy = code & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)


class Unreadable(Struct, frozen=True):
    """Something between the messages that is none."""

    number: int
    size: int


class Overdue(Struct, frozen=True):
    """What has waited for too long; `dated`: its interface says for how long it may."""

    number: int
    destination: Hashable
    size: int
    dated: bool


class Totals(Struct, frozen=True):
    """How much there is."""

    waiting: int
    waiting_bytes: int
    dead: int
    dead_bytes: int


class Aside(Struct, frozen=True):
    """A message that is to be put aside: its number, and why."""

    number: int
    reason: str


class Store:
    """An opened file. One thread at a time.

    Args:
        file: it is there, and may be empty.

    Raises:
        ConfigurationError: it is not the file of an outbox, or of another layout, or cannot be read.
    """

    def __init__(self, file: str) -> None:
        self._db = sqlite3.connect(
            file, timeout=_PATIENCE, isolation_level=None, check_same_thread=False
        )
        try:
            self._open(file)
        except (sqlite3.Error, Failed) as error:
            self._db.close()
            raise ConfigurationError(
                f"{file} cannot be used as an outbox: {error}; what it holds is still there: move it away to begin "
                "another one, or repair it with the program sqlite3 (.recover)"
            ) from error
        except BaseException:
            self._db.close()
            raise

    def _open(self, file: str) -> None:
        layout = self._value("PRAGMA user_version")
        if layout not in (0, _LAYOUT):
            raise ConfigurationError(
                f"{file} has layout {layout}, expected {_LAYOUT}: a newer version of this library wrote it"
            )
        mode = self._value("PRAGMA journal_mode=WAL")
        if mode != "wal":
            raise ConfigurationError(
                f"{file} is where SQLite can have no write-ahead log (it offers {mode!r}); expected a local disk"
            )
        for pragma in _PRAGMAS:
            self._db.execute(pragma)
        if layout == 0:
            self._transact(lambda: [self._db.execute(each) for each in _TABLES])
        newest = "SELECT max(coalesce((SELECT max(number) FROM waiting), 0), coalesce((SELECT max(number) FROM dead), 0))"
        #: The number of the last message that was ever written here, as far as is known.
        self.last: int = self._value(newest)

    def _value(self, question: str, *arguments: Any) -> Any:
        return self._row(question, *arguments)[0]

    def _row(self, question: str, *arguments: Any) -> tuple[Any, ...]:
        with _guarded():
            row: tuple[Any, ...] = self._db.execute(question, arguments).fetchone()
        return row

    # --- reading ----------------------------------------------------------------------------------------------------

    def totals(self) -> Totals:
        """How much there is."""
        found: list[int] = []
        for table in ("waiting", "dead"):
            found += self._row(f"SELECT count(*), coalesce(sum({_SIZE}), 0) FROM {table}")
        return Totals(*found)

    def destinations(self) -> dict[Hashable, int]:
        """The destinations of all that waits, text or not, each with the number of its last message."""
        found: dict[Hashable, int] = {}
        nowhere = self._last_for(None)
        if nowhere is not None:
            found[None] = nowhere
        last: Hashable = None
        while (last := self._next_destination(last)) is not None:
            found[last] = self._last_for(last)
        return found

    def _next_destination(self, last: Hashable) -> Hashable:
        question = "SELECT min(destination) FROM waiting"
        found: Hashable = (
            self._value(question)
            if last is None
            else self._value(f"{question} WHERE destination > ?", last)
        )
        return found

    def _last_for(self, destination: Hashable) -> Any:
        return self._value("SELECT max(number) FROM waiting WHERE destination IS ?", destination)

    def after(
        self, destination: Hashable, number: int
    ) -> Generator[Record | Unreadable, None, None]:
        """What waits for a destination behind a number, in order. You must close it before anything is written."""
        with _guarded():
            rows = self._db.execute(
                f"SELECT {_COLUMNS}, {_SIZE} FROM waiting WHERE destination IS ? AND number > ? "
                "ORDER BY number",
                (destination, number),
            )
            with contextlib.closing(rows):
                for *row, size in rows:
                    yield _record(row) or Unreadable(row[0], size)

    def overdue(self, now: float, most: int) -> list[Overdue]:
        """What has waited for too long."""
        with _guarded():
            rows = self._db.execute(
                f"SELECT number, destination, {_SIZE}, marks & {DATED} FROM waiting "
                "WHERE until <= ? ORDER BY until LIMIT ?",
                (now, most),
            ).fetchall()
        return [
            Overdue(number, destination, size, bool(dated))
            for number, destination, size, dated in rows
        ]

    def due(self) -> float | None:
        """When the next one will have; None if nothing waits."""
        # What is no number is larger than any.
        found: float | None = self._value("SELECT min(until) FROM waiting WHERE until < 1e300")
        return found

    def oldest(self) -> float | None:
        """When the oldest that waits was written."""
        found: float | None = self._value(
            "SELECT (SELECT CAST(written AS REAL) FROM waiting ORDER BY number LIMIT 1)"
        )
        return found

    # --- writing ----------------------------------------------------------------------------------------------------

    def commit(
        self,
        added: Sequence[Record] = (),
        done: Sequence[int] = (),
        aside: Sequence[Aside] = (),
        now: float = 0.0,
    ) -> None:
        """Write what is new, remove what is done, and put aside what is hopeless: all of it, on the disk, or nothing.

        Raises:
            Failed: nothing, or perhaps all, was done.
        """

        def act() -> None:
            self._db.executemany(
                "INSERT INTO waiting (number, destination, id, frame, marks, written, until, checksum, size) "
                "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
                map(_row, added),
            )
            self._db.executemany(
                "INSERT INTO dead SELECT number, ?, ?, destination, id, marks, written, until, size, checksum, frame "
                "FROM waiting WHERE number = ?",
                ((now, each.reason[:_MAX_REASON], each.number) for each in aside),
            )
            gone = [*done, *(each.number for each in aside)]
            self._db.executemany(
                "DELETE FROM waiting WHERE number = ?", ((number,) for number in gone)
            )

        self._transact(act)

    def _transact(self, act: Callable[[], object]) -> None:
        committing = False
        try:
            self._db.execute("BEGIN IMMEDIATE")
            act()
            committing = True
            self._db.execute("COMMIT")
        except sqlite3.Error as error:
            self._undo()
            raise Failed(error, committing=committing) from error

    def _undo(self) -> None:
        """SQLite has undone most that fails by itself."""
        if self._db.in_transaction:
            self._db.execute("ROLLBACK")

    def close(self) -> None:
        """Leave the file."""
        self._db.close()


@contextlib.contextmanager
def _guarded() -> Generator[None]:
    try:
        yield
    except sqlite3.Error as error:
        raise Failed(error, committing=False) from error


def _row(record: Record) -> tuple[Any, ...]:
    return (
        record.number,
        record.destination,
        record.id,
        record.frame,
        record.marks,
        record.written,
        record.until,
        record.checksum,
        record.size,
    )


def _record(row: Sequence[Any]) -> Record | None:
    """A row as a message; None if it is none: SQLite keeps anything anywhere, and a disk may change it."""
    *values, checksum = row
    number, destination, message_id, frame, marks, written, until = values
    if not (
        isinstance(destination, str)
        and isinstance(message_id, bytes)
        and isinstance(frame, bytes)
        and isinstance(marks, int)
        and isinstance(written, float)
        and isinstance(until, float)
    ):
        return None
    record = Record(number, destination, message_id, frame, marks, written, until)
    return record if record.readable(checksum) else None
