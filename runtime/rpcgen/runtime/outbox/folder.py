"""The folder of an outbox: nobody else may read it, and one process at a time has it. Knows nothing of what is in its file."""

from __future__ import annotations

import contextlib
import fcntl
import os
import weakref
from typing import Final

from rpcgen.runtime.errors import ConfigurationError
from rpcgen.runtime.private import exposure, sync_folder

#: The messages, and what says that a process has them.
FILE: Final = "outbox.sqlite3"
LOCK: Final = "lock"

#: What SQLite keeps beside its file.
_BESIDE: Final = ("-wal", "-shm", "-journal")


class Folder:
    """A folder that is ours until it is released, or this process ends.

    Args:
        path: it is made if it is not there; its parent has to be.

    Raises:
        ConfigurationError: it is not a folder, others can read it, or another process, or another client of this one, has it.
    """

    __slots__ = ("__weakref__", "_lock", "path")

    def __init__(self, path: str) -> None:
        self.path = os.path.abspath(path)
        try:
            _make(self.path)
            check(self.path)
            self._lock: int | None = self._claim()
        except OSError as error:
            raise ConfigurationError(f"outbox {self.path}: {error.strerror or error}") from error
        _claimed.add(self)

    @property
    def file(self) -> str:
        """Where the messages are."""
        return os.path.join(self.path, FILE)

    def _claim(self) -> int:
        fd = os.open(os.path.join(self.path, LOCK), _create(), 0o600)
        try:
            fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            # The file is made here, because SQLite would let whoever may read it that the umask lets.
            os.close(os.open(self.file, _create(), 0o600))
            sync_folder(self.path)
        except BlockingIOError:
            os.close(fd)
            raise ConfigurationError(
                f"outbox {self.path} is in use by another process, or by another client of this one; expected a folder for "
                "each process, and one transport that the clients of a process share"
            ) from None
        except BaseException:
            os.close(fd)
            raise
        return fd

    def release(self) -> None:
        """Let others have it. Idempotent."""
        fd, self._lock = self._lock, None
        if fd is not None:
            os.close(fd)


def _create() -> int:
    return os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC


def check(path: str) -> None:
    """See that only we can read a folder and what is in it.

    Raises:
        ConfigurationError: others can, or it belongs to somebody else.
        OSError: it cannot be looked at.
    """
    problem = exposure(path, os.stat(path), folder=True)
    if problem:
        raise ConfigurationError(f"{path} {problem}")
    for name in (LOCK, FILE, *(FILE + end for end in _BESIDE)):
        file = os.path.join(path, name)
        with contextlib.suppress(FileNotFoundError):
            problem = exposure(file, os.lstat(file))
            if problem:
                raise ConfigurationError(f"{file} {problem}")


def _make(path: str) -> None:
    try:
        os.mkdir(path, 0o700)
    except FileExistsError:
        return
    sync_folder(os.path.dirname(path))


#: A fork's child shares our locks: it lets go of them, or they would outlive us with it.
_claimed: weakref.WeakSet[Folder] = weakref.WeakSet()


def _after_fork() -> None:
    for folder in list(_claimed):
        folder.release()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
