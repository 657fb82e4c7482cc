"""Whether files and folders are our user's alone. Knows nothing of what is in them."""

from __future__ import annotations

import os
import stat


def exposure(path: str, status: os.stat_result, *, folder: bool = False) -> str:
    """Say what lets others than our user reach a file or folder, or that it is none; empty: nothing does.

    Args:
        path: for the advice that is given.
        status: what is known of it; of a symbolic link, if it is not to be one.
    """
    expected = "0700" if folder else "0600"
    mode = stat.S_IMODE(status.st_mode)
    if stat.S_ISLNK(status.st_mode):
        return "is a symbolic link"
    if folder and not stat.S_ISDIR(status.st_mode):
        return "is no folder"
    if not folder and not stat.S_ISREG(status.st_mode):
        return "is no regular file"
    if folder and mode & stat.S_ISVTX and mode & 0o077:
        # Such as /tmp, which nobody may close to the others.
        return f"has mode {mode:04o}: it is for all users; expected a folder of our own below it, with mode {expected}"
    if status.st_uid != os.geteuid():
        return f"belongs to user {status.st_uid}, not to {os.geteuid()}, as whom we run"
    if mode & 0o077:
        return (
            f"has mode {mode:04o}, so that others can reach it; expected {expected} "
            f"(chmod {expected[1:]} {path})"
        )
    return ""


def sync_folder(path: str) -> None:
    """See that the names in a folder outlive a loss of power."""
    fd = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
