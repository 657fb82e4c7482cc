"""A store (`store.py`) in a file of SQLite's, for servers on one host. Knows nothing of messages.

Handlers get the connection, in a transaction that has the only right to write: so those of all processes run one after the
other, each as one durable step (write-ahead log, `synchronous=FULL`). Ages count on the clock since the host started, which
all its processes share and nobody can set.
"""

from __future__ import annotations

import os
import sqlite3
import threading
import time
from collections.abc import Callable, Sequence
from functools import partial
from typing import Final, TypeVar

from rpcgen.runtime import forks
from rpcgen.runtime.errors import ConfigurationError
from rpcgen.runtime.store import Store, Transaction
from rpcgen.runtime.stores.private import make_private_file

T = TypeVar("T")

#: Where ids are kept; all else in the file is the program's. `n` counts in the order of the commits.
TABLE: Final = """
CREATE TABLE IF NOT EXISTS rpcgen_committed (
    n INTEGER PRIMARY KEY, key BLOB NOT NULL UNIQUE, at INTEGER NOT NULL, answer BLOB NOT NULL)
"""

#: With each commit, so many leave that are over: more than come, so that none stay, and few, so that no commit is slow.
LEAVE: Final = 2

#: Seconds between two looks whether another process has ended its transaction.
LOOK: Final = 0.002

#: More would not fit into SQLite's numbers, and not come to an end either.
_FOREVER: Final = 2**62

_BUSY: Final = frozenset([sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED])


class SqliteStore(Store[sqlite3.Connection]):
    """Remembers what was committed in a file that several processes of one host may share.

    Args:
        path: the file; it is made if it is missing, and then belongs to this user alone. Its folder has to be there, and
            nobody else may be able to write to it. Not on a network's file system.
        schema: statements that make the program's own tables (`CREATE TABLE IF NOT EXISTS ...`).
        window: seconds for which an id is remembered at least.
        newest: how many ids are remembered at least, however old they are.
        patience: seconds for which other processes may keep this one from writing without committing anything themselves;
            after that, once more at most, a message is refused.

    Raises:
        ConfigurationError: the file cannot be used, or others could read or change it.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        *,
        schema: Sequence[str] = (),
        window: float = 600.0,
        newest: int = 100_000,
        patience: float = 30.0,
    ) -> None:
        if not (window >= 0.0 and newest >= 0 and patience > 0.0):
            raise ConfigurationError(
                f"window={window}, newest={newest}, patience={patience}: expected 0 or more, and some patience"
            )
        if isinstance(schema, str):
            raise ConfigurationError(f"schema is {schema[:64]!r}, expected a list of statements")
        self.path = os.path.abspath(path)
        self._window_ns = int(min(window, _FOREVER / 1e9) * 1e9)
        self._newest = min(newest, _FOREVER)
        self._patience = patience
        self._born = forks.generation()
        #: Held from `begin` until the transaction has ended, on any thread.
        self._turn = threading.Lock()
        self._ours = True
        make_private_file(self.path)
        try:
            self._database = self._open(schema)
        except (sqlite3.Error, TimeoutError) as error:
            raise ConfigurationError(f"{self.path} cannot be used as a store: {error}") from error

    def _open(self, schema: Sequence[str]) -> sqlite3.Connection:
        # SQLite's own waiting would be as long for a process that died as for one that works. A statement that it kept
        # prepared would pass `_authorize`.
        database = sqlite3.connect(
            self.path,
            timeout=0.0,
            isolation_level=None,
            check_same_thread=False,
            cached_statements=0,
        )
        try:
            self._patiently(database, lambda: database.execute("PRAGMA journal_mode=WAL"))
            database.execute("PRAGMA synchronous=FULL")
            # One by one: what is there already need not wait for a handler of another process.
            for statement in (TABLE, *schema):
                self._patiently(database, partial(database.execute, statement))
            database.execute("SELECT n, key, at, answer FROM rpcgen_committed LIMIT 0")
            now = {"now": time.monotonic_ns()}
            if database.execute("SELECT 1 FROM rpcgen_committed WHERE at > :now", now).fetchone():
                # The host was started again. Their true age is more than they get here, so they stay for longer.
                rejuvenate = "UPDATE rpcgen_committed SET at = :now WHERE at > :now"
                self._patiently(database, partial(database.execute, rejuvenate, now))
        except BaseException:
            database.close()
            raise
        database.set_authorizer(self._authorize)
        return database

    def begin(self, key: bytes) -> Transaction[sqlite3.Connection] | bytes:
        """See `Store.begin`. Raises TimeoutError if another process does not end."""
        self.check_process()
        self._turn.acquire()
        try:
            database = self._database
            self._patiently(database, lambda: database.execute("BEGIN IMMEDIATE"))
            answer = self._committed(key)
        except BaseException:
            self._end()
            raise
        if answer is not None:
            self._end()
            return answer
        self._ours = False
        return _Transaction(self, self._database, key)

    def check_process(self) -> None:
        """Raise ConfigurationError in a fork's child: the file is opened by its parent."""
        if self.is_the_parents:
            raise ConfigurationError(
                f"the store {self.path} was opened before a fork; open one in the child process"
            )

    @property
    def is_the_parents(self) -> bool:
        """Whether this process is a child of the one that opened it."""
        return forks.is_child(self._born)

    def _committed(self, key: bytes) -> bytes | None:
        cursor = self._database.cursor()
        cursor.row_factory = None  # pyright: ignore[reportAttributeAccessIssue] - whatever handlers made of the connection's
        found = cursor.execute(
            "SELECT answer FROM rpcgen_committed WHERE key = ?", (key,)
        ).fetchone()
        return None if found is None else bytes(found[0])

    def commit(self, key: bytes, answer: bytes) -> None:
        """End the transaction that is open; used by it."""
        self._ours = True
        try:
            if not self._database.in_transaction:
                raise RuntimeError(
                    "SQLite undid what this handler had done, because one of its statements failed; expected a handler that "
                    "raises what sqlite3 raised"
                )
            now = time.monotonic_ns()
            n = self._database.execute(
                "INSERT INTO rpcgen_committed (key, at, answer) VALUES (?, ?, ?)",
                (key, now, answer),
            ).lastrowid
            assert n is not None
            self._database.execute(
                "DELETE FROM rpcgen_committed WHERE n <= ? AND at < ? "
                "AND n IN (SELECT n FROM rpcgen_committed ORDER BY n LIMIT ?)",
                (n - self._newest, now - self._window_ns, LEAVE),
            )
            self._database.commit()
        finally:
            self._end()

    def rollback(self) -> None:
        """End the transaction that is open; used by it."""
        self._end()

    def _end(self) -> None:
        """Undo what is not committed, and let others."""
        self._ours = True
        try:
            self._database.rollback()
        finally:
            self._turn.release()

    def _patiently(self, database: sqlite3.Connection, act: Callable[[], T]) -> T:
        """Act as soon as no other process is in the way; others may be many, so they only have to get on."""
        give_up, seen = time.monotonic() + self._patience, None
        while True:
            try:
                return act()
            except sqlite3.OperationalError as error:
                if error.sqlite_errorcode & 0xFF not in _BUSY:
                    raise
                if time.monotonic() >= give_up:
                    before, seen = seen, database.execute("PRAGMA data_version").fetchone()
                    if seen == before:
                        raise TimeoutError(
                            f"another process has used {self.path} for more than {self._patience:g} s"
                        ) from error
                    give_up = time.monotonic() + self._patience
            time.sleep(LOOK)

    def _authorize(
        self,
        action: int,
        first: str | None,
        second: str | None,
        database: str | None,
        cause: str | None,
    ) -> int:
        """Keep handlers from ending the transaction themselves: what they did would be there without the id.

        So would what they do when SQLite has ended it: it undoes all of it if a disk is full, or `OR ROLLBACK` says so.
        """
        if self._ours:
            return sqlite3.SQLITE_OK
        outside = action == sqlite3.SQLITE_TRANSACTION or not self._database.in_transaction
        return sqlite3.SQLITE_DENY if outside else sqlite3.SQLITE_OK

    def close(self) -> None:
        """Close the file, when no server uses it any more."""
        self._database.close()


class _Transaction(Transaction[sqlite3.Connection]):
    """That of one message. The store has at most one at a time, so it does the work."""

    def __init__(self, store: SqliteStore, connection: sqlite3.Connection, key: bytes) -> None:
        self.connection = connection
        self._store = store
        self._key = key

    def commit(self, answer: bytes) -> None:
        """See `Transaction.commit`."""
        self._store.commit(self._key, answer)

    def rollback(self) -> None:
        """See `Transaction.rollback`."""
        self._store.rollback()
