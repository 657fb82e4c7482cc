"""The lock folder: what `rpcgen release` wrote, one file a release, below a folder for each interface."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from pathlib import Path

from rpcgen.cli._baseline.baseline import Baseline
from rpcgen.cli._baseline.listing import entries
from rpcgen.cli._exit import Exit, Failure, reason
from rpcgen.idl import Interface, Position, Version
from rpcgen.idl.compat.lock import Locked, Parts, Unreadable, lock_text, read_lock


def release_file(lock: Path, interface: Interface) -> Path:
    """Where a release is kept."""
    return lock / interface.name / f"{interface.version}.json"


def locked(lock: Path, name: str) -> Baseline:
    """The releases of an interface that a lock folder keeps; none if it has no folder for it.

    Raises:
        Failure: one of them, or the folder, cannot be read.
    """
    folder = lock / name
    found: dict[Version, Locked] = {}
    rewritten: dict[Version, Position] = {}
    parts = Parts()
    for file in (each for each in entries(folder) if each.suffix == ".json"):
        shown = os.path.normpath(file).replace(os.sep, "/")
        release = read_release(file, shown, parts)
        version = release.interface.version
        if file.name != f"{version}.json" or release.interface.name != name:
            raise Failure(
                f"{shown}: it holds {release.interface.name} {version}, which is not what it is called",
                Exit.NO_BASELINE,
            )
        found[version] = release
        if not release.intact:
            rewritten[version] = Position(shown, 1, 1)
    for version in _missing(found):
        shown = os.path.normpath(folder / f"{version}.json").replace(os.sep, "/")
        rewritten[version] = Position(shown, 1, 1)
    return Baseline(
        {version: release.interface for version, release in found.items()},
        origin=os.path.normpath(folder).replace(os.sep, "/"),
        digests={version: release.sha256 for version, release in found.items()},
        rewritten=rewritten,
    )


def kept_others(lock: Path, known: Collection[str]) -> dict[str, Position]:
    """The interfaces of which a lock folder keeps releases and that have none of the known names, and where; raises Failure."""
    return {
        folder.name: Position(folder.as_posix(), 1, 1)
        for folder in entries(lock)
        if folder.name not in known and folder.is_dir() and _keeps(folder)
    }


def _keeps(folder: Path) -> bool:
    """Whether a folder keeps any release."""
    return any(file.suffix == ".json" for file in entries(folder))


def _missing(found: Collection[Version]) -> Iterator[Version]:
    """Yield the minors between others of their major that are not kept: each was a release, as none may be skipped."""
    for major in {version.major for version in found}:
        minors = {version.minor for version in found if version.major == major}
        lost = set(range(min(minors), max(minors))) - minors
        yield from (Version(major, minor) for minor in sorted(lost))


def read_release(file: Path, shown: str, parts: Parts | None = None) -> Locked:
    """Read one release; raises Failure."""
    if file.exists() and not (file.is_file() or file.is_dir()):
        # Reading a pipe would wait for somebody to write to it.
        raise Failure(f"{shown} cannot be read: it is no regular file", Exit.NO_BASELINE)
    try:
        return read_lock(file.read_text(encoding="utf-8-sig"), shown, parts)
    except OSError as error:
        raise Failure(f"{shown} cannot be read: {reason(error)}", Exit.NO_BASELINE) from error
    except UnicodeDecodeError as error:
        raise Failure(f"{shown} cannot be read: it is not UTF-8", Exit.NO_BASELINE) from error
    except Unreadable as error:
        raise Failure(f"{shown} cannot be read: {error}", Exit.NO_BASELINE) from error


def write_release(lock: Path, interface: Interface) -> Path:
    """Keep a release; it must not be kept already. Returns its file; raises Failure."""
    file = release_file(lock, interface)
    temporary = file.with_name(f".{file.name}.{os.getpid()}.tmp")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(lock_text(interface), encoding="utf-8", newline="\n")
        # A link, unlike a rename, never replaces what somebody else wrote meanwhile.
        os.link(temporary, file)
    except OSError as error:
        raise Failure(f"{file} cannot be written: {reason(error)}") from error
    finally:
        # Where even the remains cannot be taken away, the first error is still what is told.
        with suppress(OSError):
            temporary.unlink()
    return file
