"""Releases that are interface files, or what `rpcgen release` wrote: one file, or a folder of them."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import click
from rpcgen.cli._baseline.baseline import Baseline
from rpcgen.cli._baseline.folder import read_release
from rpcgen.cli._exit import Exit, Failure
from rpcgen.idl import Interface, Position, Version, load, render

_SUFFIXES = {".yaml", ".yml"}


def given(path: Path, name: str, roots: Sequence[str], origin: str = "") -> Baseline:
    """The releases of an interface in a file or folder; of a folder, what describes other interfaces is left out.

    Raises:
        Failure: there is nothing, or something cannot be read.
    """
    if path.is_dir():
        files = sorted(each for each in path.rglob("*") if each.suffix in {*_SUFFIXES, ".json"})
        return _read(files, roots).baseline(name, origin or str(path))
    if not path.is_file():
        raise Failure(f"{path}: there is no such file or folder", Exit.NO_BASELINE)
    base = _read([path], roots).baseline(None, origin or str(path))
    if not base.releases:
        raise Failure(f"{base.origin} describes no interface", Exit.NO_BASELINE)
    return base


def describes(file: Path) -> bool:
    """Whether a file is more than a library; what cannot be read may be."""
    try:
        return not _is_library(file.read_text(encoding="utf-8"))
    except UnicodeDecodeError:
        return True


def describing(folder: Path, name: str) -> list[Path]:
    """The interface files below a folder that say they describe an interface of this name."""
    said = re.compile(
        rf"""^interface:[ ]+["']?{re.escape(name)}["']?[ ]*(#.*)?\r?$""", re.MULTILINE
    )
    files = sorted(each for each in folder.rglob("*") if each.suffix in _SUFFIXES)
    return [
        each for each in files if said.search(each.read_text(encoding="utf-8", errors="replace"))
    ]


def read_all(files: Sequence[Path], name: str, roots: Sequence[str], origin: str) -> Baseline:
    """The releases of an interface in several files; raises Failure."""
    return _read(files, roots).baseline(name, origin)


def _read(files: Sequence[Path], roots: Sequence[str]) -> _Read:
    read = _Read(roots)
    for file in files:
        read.add(file)
    return read


class _Read:
    """What was read so far."""

    def __init__(self, roots: Sequence[str]) -> None:
        self._roots = roots
        self._interfaces: list[Interface] = []
        self._rewritten: dict[str, Position] = {}
        self._sources: dict[str, str] = {}

    def add(self, file: Path) -> None:
        """Read a file; an imported one has no interface of its own."""
        if file.suffix == ".json":
            release = read_release(file, file.as_posix())
            self._interfaces.append(release.interface)
            if not release.intact:
                self._rewritten[file.as_posix()] = Position(file.as_posix(), 1, 1)
            return
        loaded = load(file, roots=self._roots)
        self._sources |= loaded.sources
        if loaded.interface is not None:
            self._interfaces.append(loaded.interface)
        elif not _is_library(loaded.sources.get(file.as_posix(), "interface:")):
            click.echo(render(loaded.diagnostics, loaded.sources), nl=False, err=True)
            raise Failure(f"{file} has mistakes; nothing was compared", Exit.NO_BASELINE)

    def baseline(self, name: str | None, origin: str) -> Baseline:
        """The releases of one interface; without a name, of whatever was read."""
        fitting = [each for each in self._interfaces if name in (None, each.name)]
        releases: dict[Version, Interface] = {}
        for each in fitting:
            if (other := releases.get(each.version)) is not None:
                raise Failure(
                    f"{origin}: {other.source} and {each.source} are both {each.name} {each.version}",
                    Exit.NO_BASELINE,
                )
            releases[each.version] = each
        rewritten = {
            each.version: self._rewritten[each.source]
            for each in fitting
            if each.source in self._rewritten
        }
        return Baseline(releases, origin, rewritten=rewritten, sources=self._sources)


def _is_library(text: str) -> bool:
    lines: Iterable[str] = text.splitlines()
    return not any(line.startswith("interface:") for line in lines)
