"""The numbers in names that a queue manager gives out: no two of one service's processes get the same.

They begin anew when the service does, so that it finds its queues again. The processes of a service are a process group;
they count in a file of shared memory, under a lock.
"""

from __future__ import annotations

import fcntl
import os
import re
from pathlib import Path

from rpcgen.runtime.errors import ConfigurationError

_SHARED = Path("/dev/shm")
_MOST_DIGITS = 18
_NO_FILE_NAME = re.compile(r"[^A-Za-z0-9_.-]")


def next_number(manager: str, folder: Path = _SHARED) -> int:
    """The next number, from 1.

    Args:
        manager: host and process as they stand in names, which tell services apart.
        folder: where to count.

    Raises:
        ConfigurationError: the file there cannot be used.
    """
    path = folder / f"rpcgen_{os.getuid()}_{_NO_FILE_NAME.sub('_', manager)}"
    try:
        return _count(path)
    except OSError as error:
        raise ConfigurationError(
            f"option 'queue_manager' counts in {path}, which cannot be used: {error.strerror}"
        ) from error


def _count(path: Path) -> int:
    flags = os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW
    with os.fdopen(os.open(path, flags, 0o600), "r+", encoding="ascii", errors="replace") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        service, _, last = file.read().partition(" ")
        counts = service == _service() and last.isdecimal() and len(last) <= _MOST_DIGITS
        number = int(last) + 1 if counts else 1
        file.seek(0)
        file.truncate()
        file.write(f"{_service()} {number}")
    return number


def _service() -> str:
    """The group of processes that are one service, and when it began: groups have the numbers of others after them."""
    group = os.getpgrp()
    try:
        stat = Path(f"/proc/{group}/stat").read_text()
    except OSError:  # the process that it is named for has ended
        return f"{group}-"
    return f"{group}-{stat.rpartition(')')[2].split()[19]}"
