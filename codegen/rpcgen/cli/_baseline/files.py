"""Releases that are interface files, or what `rpcgen release` wrote: one file, or a folder of them."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import replace
from pathlib import Path

import click
from rpcgen.cli._baseline.baseline import Baseline
from rpcgen.cli._baseline.folder import read_release
from rpcgen.cli._baseline.listing import files_below
from rpcgen.cli._exit import Exit, Failure
from rpcgen.idl import Interface, Position, Version, load, render

_SUFFIXES = {".yaml", ".yml"}
#: The name of an interface, as its file and its releases usually say it.
_NAME = re.compile(
    r"""^(?:interface:[ ]+["']?| "interface": ")([\w.]+)["']?,?[ ]*(?:#.*)?$""", re.MULTILINE
)
#: What only a file that describes an interface says, also if it cannot be understood.
_KEY = re.compile(
    r"""(?:^\ufeff?|\A\ufeff?\s*\{(?s:.*)(?<!\w))["']?interface["']?\s*:""", re.MULTILINE
)


def given(
    path: Path,
    name: str,
    roots: Sequence[str],
    origin: str = "",
    named: Callable[[str], str] = str,
) -> Baseline:
    """The releases of an interface in a file or folder; of a folder, what describes other interfaces is left out.

    Args:
        path: where.
        name: of the interface.
        roots: folders that files may import from.
        origin: where they are from, for people; the path, unless said.
        named: writes the paths in a text as people know them.

    Raises:
        Failure: there is nothing, or something cannot be read.
    """
    if os.path.isdir(path):
        files = files_below(path, {*_SUFFIXES, ".json"})
        if not files:
            raise Failure(
                f"{path}: there is no interface file and no release in it", Exit.NO_BASELINE
            )
        return _read(files, roots, named).baseline(name, origin or str(path))
    if not os.path.lexists(path):
        raise Failure(f"{path}: there is no such file or folder", Exit.NO_BASELINE)
    base = _read([path], roots, named).baseline(None, origin or str(path))
    if not base.releases:
        raise Failure(f"{base.origin} describes no interface", Exit.NO_BASELINE)
    return base


def describes(file: Path) -> bool:
    """Whether a file is more than a library; what cannot be read may be."""
    try:
        return not _is_library(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return True


def describing(folder: Path, name: str) -> list[Path]:
    """The interface files below a folder that say they describe an interface of this name; a link to one is no other one."""
    said = re.compile(
        rf"""^interface:[ ]+["']?{re.escape(name)}["']?[ ]*(#.*)?\r?$""", re.MULTILINE
    )
    files = files_below(folder, _SUFFIXES)
    return [
        each
        for each in files
        if not each.is_symlink() and said.search(each.read_text(encoding="utf-8", errors="replace"))
    ]


def other_names_below(
    path: Path, known: Collection[str], roots: Sequence[str], named: Callable[[str], str] = str
) -> dict[str, Position]:
    """As `other_names`, of all files of a folder; none of a file, with which interfaces of any name are compared."""
    files = files_below(path, {*_SUFFIXES, ".json"}) if os.path.isdir(path) else []
    return other_names(files, known, roots, named)


def other_names(
    files: Sequence[Path], known: Collection[str], roots: Sequence[str], named: Callable[[str], str]
) -> dict[str, Position]:
    """The interfaces in several files that have none of the known names, and where their newest versions are; raises Failure."""
    return _read([each for each in files if not _says(each, known)], roots, named).places(known)


def _says(file: Path, known: Collection[str]) -> bool:
    """Whether a file says, without having to be understood, that it describes or releases an interface of a known name."""
    try:
        said = _NAME.findall(file.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError):
        return False
    return bool(said) and all(name in known for name in said)


def read_all(
    files: Sequence[Path],
    name: str,
    roots: Sequence[str],
    origin: str,
    named: Callable[[str], str],
) -> Baseline:
    """The releases of an interface in several files; raises Failure."""
    return _read(files, roots, named).baseline(name, origin)


def _read(files: Sequence[Path], roots: Sequence[str], named: Callable[[str], str]) -> _Read:
    read = _Read(roots, named)
    for file in files:
        read.add(file)
    return read


class _Read:
    """What was read so far."""

    def __init__(self, roots: Sequence[str], named: Callable[[str], str]) -> None:
        self._roots = roots
        self._named = named
        self._interfaces: list[Interface] = []
        self._rewritten: dict[str, Position] = {}
        self._sources: dict[str, str] = {}

    def add(self, file: Path) -> None:
        """Read a file; an imported one has no interface of its own."""
        if file.is_symlink() and not file.exists():
            text = f"{file} cannot be read: it is a link to nothing there"
            raise Failure(self._named(text), Exit.NO_BASELINE)
        if file.suffix == ".json":
            shown = self._named(file.as_posix())
            release = read_release(file, shown)
            self._interfaces.append(release.interface)
            if not release.intact:
                self._rewritten[shown] = Position(shown, 1, 1)
            return
        loaded = load(file, roots=self._roots)
        self._sources |= loaded.sources
        if loaded.interface is not None:
            self._interfaces.append(loaded.interface)
        elif not _is_library(loaded.sources.get(file.as_posix(), "interface:")):
            told = render(loaded.diagnostics, loaded.sources)
            click.echo(self._named(told), nl=False, err=True)
            text = f"{file} has mistakes; nothing was compared"
            raise Failure(self._named(text), Exit.NO_BASELINE)

    def baseline(self, name: str | None, origin: str) -> Baseline:
        """The releases of one interface; without a name, of whatever was read."""
        fitting = [each for each in self._interfaces if name in (None, each.name)]
        releases: dict[Version, Interface] = {}
        for each in fitting:
            if (other := releases.get(each.version)) is not None:
                both = self._named(f"{other.source} and {each.source}")
                text = f"{origin}: {both} are both {each.name} {each.version}"
                raise Failure(text, Exit.NO_BASELINE)
            releases[each.version] = each
        rewritten = {
            each.version: self._rewritten[each.source]
            for each in fitting
            if each.source in self._rewritten
        }
        return Baseline(releases, origin, rewritten=rewritten, sources=self._sources)

    def places(self, known: Collection[str]) -> dict[str, Position]:
        """Where the newest versions of the interfaces are that have none of the known names; a release has no lines."""
        newest = {each.name: each for each in sorted(self._interfaces, key=lambda one: one.version)}
        return {
            name: replace(each.position, file=self._named(each.source))
            if not each.source.endswith(".json")
            else Position(self._named(each.source), 1, 1)
            for name, each in sorted(newest.items())
            if name not in known
        }


def _is_library(text: str) -> bool:
    return _KEY.search(text) is None
