"""`zmq+ipc:///dir`: a private directory of sockets is the matchmaker.

Each server has two files there: `<name>.sock`, its socket, and `<name>.json`, its record, which appears only when the
server can be reached and goes first when it leaves. The name is random and never used twice. Who may write to the
directory decides who can be a server, so it must belong to us alone. Reading and checking records is in `../records.py`.
"""

from __future__ import annotations

import contextlib
import logging
import os
import time
from collections.abc import Sequence
from typing import Final

from rpcgen.runtime.drivers.zeromq import records
from rpcgen.runtime.drivers.zeromq.matchmakers import Endpoint, Topic
from rpcgen.runtime.drivers.zeromq.options import ZmqOptions
from rpcgen.runtime.errors import BadUrl, ConfigurationError, NotSent
from rpcgen.runtime.private import exposure
from rpcgen.runtime.url import TransportUrl

log = logging.getLogger("rpcgen.zeromq")

#: The longest path that a Unix socket can have, in bytes (`sun_path` holds 108 with its final NUL).
PATH_LIMIT: Final = 107

#: A directory changed twice within one tick of the file system's clock shows one time of change; only a change older
#: than this can be told from the next.
_CLOCK_TICK_NS: Final = 50_000_000

_NEVER: Final = (-1, -1, -1, -1)


class Options(ZmqOptions, frozen=True):
    """The query of a `zmq+ipc` URL."""


class Directory:
    """The client's side."""

    def __init__(self, path: str) -> None:
        self.where = path
        self._seen = _NEVER
        self._known: dict[str, Endpoint | records.BadRecord | None] = {}

    def changed(self) -> bool:
        """One `lstat`."""
        try:
            status = os.lstat(self.where)
        except OSError:
            return self._seen != _NEVER
        return _state(status) != self._seen

    def settled(self, since: float) -> bool:
        """Always: the directory is at hand."""
        return True

    def look(self) -> Sequence[Endpoint]:
        """List the directory; reads only the records that are new since the last time."""
        self._seen = _NEVER
        try:
            status = os.lstat(self.where)
            check_private(self.where, status)
            known = self._known
            names = [name for name in os.listdir(self.where) if records.is_record(name)]
            self._known = {name: known.get(name) or self._read(name) for name in names}
        except FileNotFoundError:
            self._known = {}
            return ()
        except OSError as error:
            if not self._known:
                raise NotSent(
                    f"cannot look for servers in {self.where}: {error.strerror}"
                ) from error
            # What we knew is better than nothing; `changed` stays true, so that we look again.
        else:
            # The state from before we listed: what changed while we did is seen by the next `changed`.
            if time.time_ns() - status.st_mtime_ns > _CLOCK_TICK_NS:
                self._seen = _state(status)
        return [found for found in self._known.values() if isinstance(found, Endpoint)]

    def found(self, endpoint: Endpoint) -> None:
        """Nothing to do."""

    def lost(self, endpoint: Endpoint) -> bool:
        """Ask the socket itself; the files of a dead one are removed."""
        return records.clean_if_dead(self.where, endpoint.key)

    def close(self) -> None:
        """Nothing to do."""

    def _read(self, name: str) -> Endpoint | records.BadRecord | None:
        try:
            record = records.read(self.where, name)
        except FileNotFoundError:
            return None  # withdrawn since we listed
        except records.BadRecord as error:
            log.warning("ignored the record %s in %s: %s", name, self.where, error)
            return error
        return Endpoint(
            key=records.stem(name),
            address=f"ipc://{self.where}/{record.socket}",
            server=record.server,
            serves=frozenset(record.serves),
        )


class Entry:
    """The server's side: one socket and one record."""

    def __init__(self, path: str, server: str, serves: Sequence[Topic]) -> None:
        make_private(path)
        records.clean(path)
        self._path = path
        self._name = os.urandom(6).hex()
        self._record = records.Record(
            socket=f"{self._name}.sock", server=server, pid=os.getpid(), serves=list(serves)
        )
        self._socket = f"{path}/{self._record.socket}"
        self.address = f"ipc://{self._socket}"

    def announce(self, bound: str) -> None:
        """Write the record, whole or not at all."""
        try:
            os.chmod(self._socket, 0o600)
            records.write(self._path, self._name, self._record)
        except OSError as error:
            raise ConfigurationError(f"cannot register in {self._path}: {error}") from error

    def announced(self) -> bool:
        """As soon as the record is there."""
        return True

    def withdraw(self) -> None:
        """Remove the record; the socket stays for those who are connected."""
        records.remove(self._path, records.file_name(self._name))

    def close(self) -> None:
        """Remove both files."""
        self.withdraw()
        records.remove(self._path, self._record.socket)


def matchmaker(url: TransportUrl, options: Options) -> Directory:
    """See `MatchmakerModule`. The directory need not be there yet."""
    path = _path(url)
    with contextlib.suppress(
        OSError
    ):  # not there, or not to be seen: `look` says so when it matters
        check_private(path, os.lstat(path))
    return Directory(path)


def registration(
    url: TransportUrl, options: Options, server: str, serves: Sequence[Topic]
) -> Entry:
    """See `MatchmakerModule`. Creates the directory if it is missing."""
    return Entry(_path(url), server, serves)


def make_private(path: str) -> None:
    """Create the directory if it is missing, and check it."""
    try:
        os.makedirs(path, mode=0o700, exist_ok=True)
        check_private(path, os.lstat(path))
    except OSError as error:
        raise ConfigurationError(f"cannot use {path} for sockets: {error}") from error


def check_private(path: str, status: os.stat_result) -> None:
    """Raise ConfigurationError unless only our user can change what is in the directory."""
    problem = exposure(path, status, folder=True)
    if problem:
        raise ConfigurationError(f"{path} {problem}; servers are trusted by who may write there")


def _path(url: TransportUrl) -> str:
    if url.hosts or not url.path.startswith("/"):
        raise BadUrl(f"{url}: expected zmq+ipc:///absolute/directory, with three slashes")
    path = os.path.normpath(url.path)
    if path.startswith("//"):
        path = path[
            1:
        ]  # POSIX lets two leading slashes mean something else, and normpath keeps them
    try:
        longest = len(path.encode()) + 1 + records.SOCKET_NAME_LENGTH
    except UnicodeEncodeError:
        raise BadUrl(f"{path!r} is no UTF-8, which ZeroMQ expects of a path") from None
    if longest > PATH_LIMIT or "\0" in path or path == "/":
        raise BadUrl(
            f"{path!r} cannot hold sockets: their paths would have {longest} bytes, "
            f"and a Unix socket's has at most {PATH_LIMIT}"
            if longest > PATH_LIMIT
            else f"{path!r} is no directory of our own"
        )
    return path


def _state(status: os.stat_result) -> tuple[int, int, int, int]:
    return (status.st_ino, status.st_mtime_ns, status.st_mode, status.st_uid)
