"""The files of a `zmq+ipc` directory: reading strictly, writing whole, removing only what is dead and ours.

Names are random and never used again, and a server that binds anew puts a socket that listens in the place of one that
does (`renewal.py`), so a file that was found dead cannot have come to life when it is removed. Knows nothing of ZeroMQ.
"""

from __future__ import annotations

import contextlib
import errno
import os
import re
import socket
import stat
import time
from random import sample
from typing import Final

import msgspec
from rpcgen.runtime.errors import InvalidTarget
from rpcgen.runtime.target import check_name

_RECORD: Final = re.compile(r"([0-9a-f]{12})\.json", re.ASCII)
_FILE: Final = re.compile(r"\.?([0-9a-f]{12})\.(?:json|sock|new|off|on|down)", re.ASCII)
SOCKET_NAME_LENGTH: Final = 12 + len(".sock")

_MAX_BYTES: Final = 256 * 1024
_MAX_TOPICS: Final = 4096

#: A socket without a record, or a half-written record, may be a server that is just starting; older ones are left-overs.
_STARTING_SECONDS: Final = 10.0

#: Servers whose files one that starts looks at.
LOOKED: Final = 64


#: What opening a file says that is no record of ours; any other error may pass.
_UNREADABLE: Final = frozenset({errno.EACCES, errno.EPERM, errno.ELOOP, errno.EISDIR, errno.ENXIO})


class BadRecord(ValueError):
    """A record that a server of ours would not have written."""


class Record(msgspec.Struct, frozen=True, forbid_unknown_fields=False):
    """What a server says about itself."""

    socket: str
    server: str
    pid: int
    serves: list[tuple[str, str]]


_decoder: Final = msgspec.json.Decoder(Record)


def is_record(name: str) -> bool:
    """Whether a file is named like a record."""
    return _RECORD.fullmatch(name) is not None


def file_name(name: str) -> str:
    """The record's file of a server's random name."""
    return f"{name}.json"


def stem(file: str) -> str:
    """The random name in the name of a record or a socket."""
    return file.partition(".")[0]


def temporary(name: str) -> str:
    """What a file of a server's random name is called until it is whole."""
    return f".{name}.new"


def shutter(name: str) -> tuple[str, str, str]:
    """What the socket is called that turns clients away, of a server's random name; the server's own while that one has
    its place; and that one on its way there."""
    return f".{name}.off", f".{name}.on", f".{name}.down"


def read(directory: str, name: str) -> Record:
    """Read and check one record.

    Raises:
        BadRecord: it is not ours, too large, or says what cannot be.
        OSError: it is gone, or nothing can be read now.
    """
    try:
        content = _content(os.path.join(directory, name))
    except OSError as error:
        if error.errno in _UNREADABLE:
            raise BadRecord(error.strerror) from error
        raise
    try:
        record = _decoder.decode(content)
        check_name("server", record.server)
        for exchange, topic in record.serves[:_MAX_TOPICS]:
            check_name("exchange", exchange)
            check_name("topic", topic)
    except InvalidTarget as error:
        raise BadRecord(str(error)) from error
    except (
        ValueError,
        RecursionError,
    ) as error:  # msgspec's errors and UnicodeDecodeError are ValueErrors
        raise BadRecord("is no registration") from error
    if record.socket != f"{stem(name)}.sock":
        raise BadRecord("names another server's socket")
    if len(record.serves) > _MAX_TOPICS:
        raise BadRecord(f"has more than {_MAX_TOPICS} topics")
    return record


def write(directory: str, name: str, record: Record) -> None:
    """Write a record so that it appears whole."""
    unfinished = os.path.join(directory, temporary(name))
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    fd = os.open(unfinished, flags, 0o600)
    try:
        with open(fd, "wb") as file:
            file.write(msgspec.json.encode(record))
        os.rename(unfinished, os.path.join(directory, file_name(name)))
    except BaseException:
        remove(directory, temporary(name))
        raise


def remove(directory: str, name: str) -> None:
    """Remove a file of ours if it is there."""
    with contextlib.suppress(OSError):
        os.unlink(os.path.join(directory, name))


def clean_if_dead(directory: str, name: str) -> bool:
    """Remove a server's files if nobody listens on its socket; True if that is so, or they are gone."""
    path = os.path.join(directory, f"{name}.sock")
    status = _ours(path)
    if status is not None:
        if not stat.S_ISSOCK(status.st_mode) or not _is_refused(path):
            return False
        again = _ours(path)
        if again is not None and (again.st_ino, again.st_dev) != (status.st_ino, status.st_dev):
            return False  # somebody put another file there while we asked
    elif os.path.lexists(path):
        return False  # not ours to touch
    # The record first: without a socket it would still send clients there.
    for each in (file_name(name), f"{name}.sock", *shutter(name)):
        remove(directory, each)
    return True


def clean(directory: str) -> None:
    """Remove what servers that were killed have left behind.

    Of a large directory it looks at a part, and those who come later at other parts: a thousand servers that start
    together would knock at each other a million times.
    """
    with contextlib.suppress(OSError):
        names = set(os.listdir(directory))
        servers = sorted({match[1] for name in names if (match := _FILE.fullmatch(name))})
        for server in sample(servers, min(len(servers), LOOKED)):
            _clean(directory, server, names)


def _clean(directory: str, server: str, names: set[str]) -> None:
    """Remove what one server has left behind, of the files that there are."""
    unfinished, bound = temporary(server), f"{server}.sock"
    if unfinished in names and _is_old(os.path.join(directory, unfinished)):
        remove(directory, unfinished)
    rest = [each for each in (bound, *shutter(server)) if each in names]
    if file_name(server) in names or (rest and _is_old(os.path.join(directory, rest[0]))):
        clean_if_dead(directory, server)


def _content(path: str) -> bytes:
    fd = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with open(fd, "rb") as file:
        status = os.fstat(fd)
        if not stat.S_ISREG(status.st_mode):
            raise BadRecord("is not a regular file")
        if status.st_uid != os.geteuid():
            raise BadRecord(f"belongs to user {status.st_uid}")
        if status.st_mode & 0o022:
            raise BadRecord(f"can be written by others (mode {stat.S_IMODE(status.st_mode):04o})")
        content = file.read(_MAX_BYTES + 1)
    if len(content) > _MAX_BYTES:
        raise BadRecord(f"is larger than {_MAX_BYTES} bytes")
    return content


def _ours(path: str) -> os.stat_result | None:
    try:
        status = os.lstat(path)
    except OSError:
        return None
    return status if status.st_uid == os.geteuid() else None


def _is_old(path: str) -> bool:
    status = _ours(path)
    return status is not None and time.time() - status.st_mtime > _STARTING_SECONDS


def _is_refused(path: str) -> bool:
    """Whether a socket file has no listener. A stopped process still listens; a full backlog says EAGAIN."""
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as probe:
            probe.setblocking(False)
            return probe.connect_ex(path) in (errno.ECONNREFUSED, errno.ENOENT)
    except OSError:  # no descriptor is free: we cannot know
        return False
