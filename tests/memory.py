"""The memory of this process."""

from __future__ import annotations

from pathlib import Path


def peak() -> float:
    """The most that it has had, in MiB.

    Not the maximum that getrusage tells: it survives exec, and is that of whoever started this process, if that had more.
    """
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmHWM"))
