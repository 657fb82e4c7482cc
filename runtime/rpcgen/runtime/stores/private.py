"""Makes and checks files that nobody else may read or change. Knows nothing of what is in them."""

from __future__ import annotations

import os
import stat

from rpcgen.runtime.errors import ConfigurationError
from rpcgen.runtime.private import exposure, sync_folder


def make_private_file(path: str) -> None:
    """Create a file with mode 0600, if it is missing, and check it and its folder.

    Raises:
        ConfigurationError: others could read or change it, or put something in its place.
    """
    folder = os.path.dirname(path)
    try:
        _check_folder(folder, os.stat(folder))
        if not os.path.lexists(path):
            _create(path, folder)
        problem = exposure(path, os.lstat(path))
    except OSError as error:
        raise ConfigurationError(f"cannot use {path}: {error.strerror}") from error
    except ValueError as error:  # no path has a NUL, or what is no text
        raise ConfigurationError(f"cannot use {path!a}: {error}") from error
    if problem:
        raise ConfigurationError(f"{path} {problem}")


def _create(path: str, folder: str) -> None:
    try:
        os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600))
    except FileExistsError:  # another process was quicker
        return
    sync_folder(folder)


def _check_folder(folder: str, status: os.stat_result) -> None:
    if status.st_uid not in (0, os.geteuid()):
        problem = (
            f"belongs to user {status.st_uid}, expected root or {os.geteuid()}, as whom we run"
        )
    elif status.st_mode & 0o022:
        mode = stat.S_IMODE(status.st_mode)
        problem = f"has mode {mode:04o}, so that others can replace what is in it; expected 0700"
    else:
        return
    raise ConfigurationError(f"{folder} {problem}")
