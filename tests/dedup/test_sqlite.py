"""The store in a file: what it remembers and for how long, who waits for whom, and what it refuses to use."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from rpcgen.runtime import ConfigurationError, SqliteStore
from rpcgen.runtime.store import Transaction

from tests.dedup.bank import SCHEMA, book, booked, query

#: Seconds for what takes moments; a machine may be slow.
LIMIT = 30.0


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "s.db"


def begun(store: SqliteStore, key: bytes) -> Transaction[sqlite3.Connection]:
    """A transaction of a key that is free."""
    transaction = store.begin(key)
    assert not isinstance(transaction, bytes)
    return transaction


def commit(store: SqliteStore, *keys: bytes) -> None:
    for key in keys:
        begun(store, key).commit(b"answer to " + key)


def remembered(path: Path) -> list[bytes]:
    """What is in the file, seen from outside."""
    return [row[0] for row in query(path, "SELECT key FROM rpcgen_committed ORDER BY n")]


def test_what_was_committed_is_known_by_everybody(path: Path) -> None:
    """Also by who opens the file later."""
    store = SqliteStore(path, schema=SCHEMA)
    transaction = begun(store, b"1")
    book(transaction.connection, "rent", "s1")
    transaction.commit(b"paid")
    assert store.begin(b"1") == SqliteStore(path).begin(b"1") == b"paid"
    assert booked(path) == ["rent"]


def test_what_was_rolled_back_was_not_there(path: Path) -> None:
    """Neither effect nor id."""
    store = SqliteStore(path, schema=SCHEMA)
    transaction = begun(store, b"1")
    book(transaction.connection, "rent", "s1")
    transaction.rollback()
    assert booked(path) == remembered(path) == []
    begun(store, b"1").rollback()


def end_by(statement: str) -> Callable[[sqlite3.Connection], object]:
    """A handler that has it run."""
    return lambda database: database.execute(statement)


ENDS: dict[str, Callable[[sqlite3.Connection], object]] = {
    "COMMIT": end_by("COMMIT"),
    "END": end_by("END"),
    "ROLLBACK": end_by("ROLLBACK"),
    "commit": sqlite3.Connection.commit,
    "script": lambda database: database.executescript("SELECT 1"),
    "with": lambda database: database.__exit__(None, None, None),
}


@pytest.mark.parametrize("end", ENDS.values(), ids=ENDS.keys())
def test_a_handler_cannot_end_its_transaction(
    path: Path, end: Callable[[sqlite3.Connection], object]
) -> None:
    """Or its effects would be there without its id."""
    store = SqliteStore(path, schema=SCHEMA)
    commit(store, b"0")  # whose statements SQLite has prepared now
    transaction = begun(store, b"1")
    database = transaction.connection
    book(database, "rent", "s1")
    with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
        end(database)
    transaction.rollback()
    assert booked(path) == []
    assert remembered(path) == [b"0"]


def full_disk(database: sqlite3.Connection) -> None:
    """A statement for which there is no room."""
    database.execute("PRAGMA max_page_count=1")
    database.execute("INSERT INTO booked VALUES (zeroblob(1000000), '')")


UNDOES: dict[str, Callable[[sqlite3.Connection], object]] = {
    "full disk": full_disk,
    "OR ROLLBACK": end_by(
        "INSERT OR ROLLBACK INTO rpcgen_committed SELECT * FROM rpcgen_committed"
    ),
}


@pytest.mark.parametrize("undo", UNDOES.values(), ids=UNDOES.keys())
def test_what_sqlite_undid_is_not_committed(
    path: Path, undo: Callable[[sqlite3.Connection], object]
) -> None:
    """Although the handler goes on as if nothing had happened: neither its id, nor what it did since."""
    store = SqliteStore(path, schema=SCHEMA)
    commit(store, b"0")
    transaction = begun(store, b"1")
    book(transaction.connection, "rent", "s1")
    with pytest.raises(sqlite3.Error):
        undo(transaction.connection)
    with pytest.raises(sqlite3.DatabaseError, match="not authorized"):
        book(transaction.connection, "food", "s1")
    with pytest.raises(RuntimeError, match="SQLite undid what this handler had done"):
        transaction.commit(b"done")
    assert booked(path) == []
    assert remembered(path) == [b"0"]
    begun(store, b"1").rollback()


def test_a_handler_may_have_savepoints_and_rows_of_its_own(path: Path) -> None:
    """What it makes of its connection does not disturb the store."""
    store = SqliteStore(path, schema=SCHEMA)
    transaction = begun(store, b"1")
    database = transaction.connection
    database.row_factory = lambda cursor, row: {"first": row[0]}
    database.execute("SAVEPOINT half")
    database.execute("INSERT INTO booked VALUES ('half', '')")
    database.execute("ROLLBACK TO half")
    database.execute("INSERT INTO booked VALUES ('whole', '')")
    transaction.commit(b"done")
    assert store.begin(b"1") == b"done"
    assert booked(path) == ["whole"]


@pytest.mark.parametrize("shared", [False, True])
def test_a_copy_waits_until_the_first_has_ended(path: Path, shared: bool) -> None:
    """In one process by one store, or by two as two processes would; and is told what was committed."""
    store = SqliteStore(path)
    other = store if shared else SqliteStore(path)
    transaction, answers = begun(store, b"1"), list[object]()
    thread = threading.Thread(target=lambda: answers.append(other.begin(b"1")))
    thread.start()
    thread.join(0.2)  # it cannot be seen to wait, only not to go on
    assert not answers
    transaction.commit(b"first")
    thread.join(LIMIT)
    assert answers == [b"first"]


def test_a_store_that_another_process_keeps_is_given_up(path: Path) -> None:
    """After as long as was said, if that process commits nothing; then it can be used again."""
    store, other = SqliteStore(path), SqliteStore(path, patience=0.05)
    transaction = begun(store, b"1")
    with pytest.raises(TimeoutError, match="another process has used"):
        other.begin(b"2")
    transaction.commit(b"")
    commit(other, b"2")
    assert remembered(path) == [b"1", b"2"]


def test_opening_a_store_waits_for_nobody(path: Path) -> None:
    """A server may start while a handler of another one takes its time."""
    transaction = begun(SqliteStore(path, schema=SCHEMA), b"1")
    SqliteStore(path, schema=SCHEMA, patience=0.01)
    transaction.commit(b"")


def test_others_that_get_on_are_waited_for(path: Path) -> None:
    """For longer than one that does not: this one would have been given up after two seconds at most."""
    store, other = SqliteStore(path), SqliteStore(path, patience=1.0)
    pause, waiting = threading.Event(), threading.Thread(target=lambda: commit(other, b"last"))
    transaction = begun(store, b"0")
    waiting.start()
    for number in range(1, 26):
        pause.wait(0.1)
        transaction.commit(b"")
        transaction = begun(store, b"%d" % number)
    transaction.rollback()
    waiting.join(LIMIT)
    assert b"last" in remembered(path)


def test_processes_take_turns(path: Path, tmp_path: Path) -> None:
    """Three count up in one row, reading before they write: no count is lost, whoever waits for whom."""
    SqliteStore(path, schema=["CREATE TABLE total (n INTEGER)", "INSERT INTO total VALUES (0)"])
    program = tmp_path / "count.py"
    program.write_text(
        "import sys\n"
        "from rpcgen.runtime import SqliteStore\n"
        "store = SqliteStore(sys.argv[1])\n"
        "for number in range(50):\n"
        "    transaction = store.begin(f'{sys.argv[2]} {number}'.encode())\n"
        "    [n] = transaction.connection.execute('SELECT n FROM total').fetchone()\n"
        "    transaction.connection.execute('UPDATE total SET n = ?', (n + 1,))\n"
        "    transaction.commit(b'')\n"
    )
    command = [sys.executable, str(program), str(path)]
    programs = [subprocess.Popen([*command, name]) for name in "abc"]
    assert [each.wait(LIMIT) for each in programs] == [0, 0, 0]
    assert query(path, "SELECT n FROM total") == [(150,)]
    assert len(remembered(path)) == 150


# --- for how long ---------------------------------------------------------------------------------------------------


def test_the_newest_are_remembered_however_old_they_are(path: Path) -> None:
    """And the others go, with the commits."""
    commit(SqliteStore(path, window=0.0, newest=3), *(b"%d" % number for number in range(10)))
    assert remembered(path) == [b"7", b"8", b"9"]


def test_the_young_are_remembered_however_many_there_are(path: Path) -> None:
    """An hour is not over, although only one has to stay."""
    commit(SqliteStore(path, window=3600.0, newest=1), *(b"%d" % number for number in range(10)))
    assert len(remembered(path)) == 10


def test_what_had_become_too_much_goes_by_and_by(path: Path) -> None:
    """Two leave with each commit, the oldest first."""
    commit(SqliteStore(path), *(b"%d" % number for number in range(10)))
    commit(SqliteStore(path, window=0.0, newest=1), b"a", b"b")
    assert remembered(path) == [b"4", b"5", b"6", b"7", b"8", b"9", b"a", b"b"]


def test_a_host_that_was_started_again_forgets_no_sooner(path: Path) -> None:
    """Its clock begins anew, so what seems to come from the future counts as of now."""
    commit(SqliteStore(path), b"1")
    database = sqlite3.connect(path)
    with database:
        database.execute("UPDATE rpcgen_committed SET at = at + 1000000000000000000")
    [before] = database.execute("SELECT at FROM rpcgen_committed").fetchone()
    SqliteStore(path)
    [after] = database.execute("SELECT at FROM rpcgen_committed").fetchone()
    database.close()
    assert after < before - 10**17


def test_the_promise_is_the_default(path: Path) -> None:
    """Ten minutes, and 100,000 ids: as many are there when one more has come."""
    store = SqliteStore(path)
    database = sqlite3.connect(path)
    with database:  # what 100,000 commits leave, without as many waits for the disk
        database.executemany(
            "INSERT INTO rpcgen_committed (key, at, answer) VALUES (?, ?, x'')",
            ((b"%d" % number, -(10**18)) for number in range(100_000)),
        )
    database.close()
    commit(store, b"new", b"newer")
    kept = remembered(path)
    assert (len(kept), kept[0], kept[-1]) == (100_000, b"2", b"newer")


@pytest.mark.parametrize("much", [float("inf"), 1e300, 1e10, pytest.param(10**400, id="no float")])
def test_ids_may_be_remembered_for_ever(path: Path, much: float) -> None:
    """Numbers that SQLite has no room for are as good as that."""
    store = SqliteStore(path, window=much, newest=10**30)
    commit(store, b"1", b"2")
    assert remembered(path) == [b"1", b"2"]


# --- what is refused ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("text", [b"\0" * 4096, b"no database" * 1000, b"SQLite format 3\0" * 99])
def test_a_file_that_is_none_is_refused(path: Path, text: bytes) -> None:
    """By name, and it is left as it was."""
    path.write_bytes(text)
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match="cannot be used as a store"):
        SqliteStore(path)
    assert path.read_bytes() == text


def test_a_table_of_somebody_else_is_refused(path: Path) -> None:
    """Ours has another shape."""
    database = sqlite3.connect(path)
    database.execute("CREATE TABLE rpcgen_committed (key)")
    database.close()
    path.chmod(0o600)
    with pytest.raises(ConfigurationError, match="cannot be used as a store: no such column"):
        SqliteStore(path)


def test_others_can_neither_read_nor_replace_it(path: Path) -> None:
    """Whatever the umask is."""
    before = os.umask(0)
    try:
        commit(SqliteStore(path), b"1")
    finally:
        os.umask(before)
    modes = {file.name: file.stat().st_mode & 0o777 for file in path.parent.iterdir()}
    assert modes == {"s.db": 0o600, "s.db-wal": 0o600, "s.db-shm": 0o600}


def link(path: Path) -> None:
    """Put a link in the place of a file."""
    path.symlink_to(path.rename(path.with_name("elsewhere")))


def mode_of(which: Callable[[Path], Path], mode: int) -> Callable[[Path], None]:
    """Change the mode of a file, or of its folder."""
    return lambda path: which(path).chmod(mode)


CHANGES: dict[str, tuple[Callable[[Path], None], str]] = {
    "file": (mode_of(Path, 0o640), "has mode 0640, so that others can reach it"),
    "folder": (mode_of(lambda path: path.parent, 0o777), "others can replace what is in it"),
    "sticky": (mode_of(lambda path: path.parent, 0o1777), "others can replace what is in it"),
    "link": (link, "is a symbolic link"),
}


@pytest.mark.parametrize(("change", "said"), CHANGES.values(), ids=CHANGES.keys())
def test_what_others_can_reach_is_refused(
    path: Path, change: Callable[[Path], None], said: str
) -> None:
    """At start, and by name."""
    SqliteStore(path)
    change(path)
    with pytest.raises(ConfigurationError, match=said):
        SqliteStore(path)


@pytest.mark.parametrize("name", ["a\0b", "\ud800"])
def test_a_name_that_no_file_can_have_is_refused(tmp_path: Path, name: str) -> None:
    """As a path that cannot be used."""
    with pytest.raises(ConfigurationError, match="cannot use"):
        SqliteStore(tmp_path / name)


def test_a_schema_is_a_list(path: Path) -> None:
    """One statement alone would be read letter by letter."""
    with pytest.raises(ConfigurationError, match="expected a list of statements"):
        SqliteStore(path, schema="CREATE TABLE t (n)")


def test_a_folder_that_is_not_there_is_named(tmp_path: Path) -> None:
    """Nobody makes it: it might not be the one that was meant."""
    with pytest.raises(ConfigurationError, match=r"none/s\.db: No such file or directory"):
        SqliteStore(tmp_path / "none" / "s.db")


def test_a_child_of_fork_opens_its_own(path: Path) -> None:
    """SQLite's connections do not survive a fork."""
    program = (
        "import os, sys\n"
        "from rpcgen.runtime import SqliteStore\n"
        "store = SqliteStore(sys.argv[1])\n"
        "if child := os.fork():\n"
        "    os.waitpid(child, 0)\n"
        "    store.begin(b'1').commit(b'')\n"
        "else:\n"
        "    store.begin(b'2').commit(b'')\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program, str(path)], capture_output=True, text=True, check=True
    )
    assert "was opened before a fork; open one in the child process" in done.stderr
    assert remembered(path) == [b"1"]
