"""The folder of a fleet: who may use it, and the sockets in it. Knows nothing of what travels."""

from __future__ import annotations

import contextlib
import os
import socket

from rpcgen.runtime import BadUrl, ConfigurationError, NotSent
from rpcgen.runtime.url import TransportUrl

SUFFIX = ".sock"
PATH_LIMIT = 107  # bytes of a Unix socket's path
NAME_LENGTH = 18  # of a socket's name, with the slash before it


def folder_of(url: TransportUrl) -> str:
    """The folder of a URL; raises BadUrl, and ConfigurationError for one that others can reach."""
    path = url.path
    if url.hosts or len(path) < 2 or "\0" in path:
        raise BadUrl(f"{url}: expected carrier:///folder, with three slashes")
    if len(os.fsencode(path)) + NAME_LENGTH > PATH_LIMIT:
        raise BadUrl(
            f"{url}: a socket's path has at most {PATH_LIMIT} bytes, and the folder's is too long for it"
        )
    check(path)
    return path


def check(folder: str) -> None:
    """Raise ConfigurationError for a folder that others can reach; there need not be one yet, and others may make it."""
    with contextlib.suppress(FileNotFoundError):
        status = os.stat(folder)
        if status.st_mode & 0o077 or status.st_uid != os.getuid():
            raise ConfigurationError(f"{folder} can be reached by others, expected mode 0700")


def listed(folder: str) -> list[str]:
    """The names in a folder. Raises NotSent, also for one that others can reach; no folder is an empty one."""
    try:
        check(folder)
        return os.listdir(folder)
    except FileNotFoundError:
        return []
    except ConfigurationError as error:
        raise NotSent(str(error)) from error
    except OSError as error:
        raise NotSent(f"{folder} cannot be read: {error.strerror}") from error


def state(folder: str) -> tuple[int, ...]:
    """What changes with the folder; its time of change is the last."""
    try:
        status = os.stat(folder)
    except OSError:
        return ()
    return (status.st_ino, status.st_mtime_ns)


def bind(folder: str, path: str) -> socket.socket:
    """A socket that listens, and appears in the folder when it does."""
    made = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    fresh = path.removesuffix(SUFFIX)
    try:
        os.makedirs(folder, mode=0o700, exist_ok=True)
        check(folder)
        made.bind(fresh)
        made.listen(128)
        os.rename(fresh, path)
    except ConfigurationError:
        made.close()
        raise
    except OSError as error:
        made.close()
        raise ConfigurationError(f"cannot listen in {folder}: {error}") from error
    return made
