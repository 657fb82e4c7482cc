"""Whether this process may open more files and sockets, and what to say if not. Knows no driver.

Not all libraries tell when they could not open one, nor why: libzmq, and what looks up names.
"""

from __future__ import annotations

import errno
import os
import sys
from typing import Final

#: What the system says then: this process has all that it may have, or the machine has.
EXHAUSTED: Final = (errno.EMFILE, errno.ENFILE)


def are_exhausted(needed: int = 1) -> bool:
    """Whether fewer are free now than are needed."""
    made: list[int] = []
    try:
        for _ in range(needed):
            made.append(os.open(os.devnull, os.O_RDONLY | os.O_CLOEXEC))
    except OSError as error:
        return error.errno in EXHAUSTED
    finally:
        for each in made:
            os.close(each)
    return False


def free() -> int:
    """How many more this process may have. Where /proc does not tell, all, or none."""
    most = limit()
    if most < 0:  # there is no limit
        return sys.maxsize
    try:
        # Linux from 6.2 on tells the number as a size; else it is counted, which takes one.
        return most - (os.stat("/proc/self/fd").st_size or len(os.listdir("/proc/self/fd")) - 1)
    except OSError:
        return 0 if are_exhausted() else most


def explained(error: OSError) -> str:
    """Why what is loaded when it is first needed could not be; raises any other error again."""
    if error.errno not in EXHAUSTED:
        raise error
    return complaint()


def limit() -> int:
    """How many this process may have. Loads nothing: a module is a file, too."""
    return os.sysconf("SC_OPEN_MAX")


def complaint() -> str:
    """For people."""
    return f"this process may open no more files or sockets (ulimit -n: {limit()})"
