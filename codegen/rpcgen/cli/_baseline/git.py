"""Interface files as they are in a commit: `git:REF[:PATH]`. Knows no git."""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Collection, Iterator, Sequence
from pathlib import Path

from rpcgen.cli._baseline.baseline import Baseline
from rpcgen.cli._baseline.commit import Commit, opened
from rpcgen.cli._baseline.files import (
    describes,
    describing,
    given,
    other_names,
    other_names_below,
    read_all,
)
from rpcgen.cli._exit import Exit, Failure
from rpcgen.cli._project.read import read_project
from rpcgen.cli._project.settings import Project, matching
from rpcgen.idl import Position

PREFIX = "git:"
_SUFFIXES = (".yaml", ".yml", ".json")


def committed(against: str, interface: str, file: str, roots: Sequence[str]) -> Baseline:
    """What a commit has of an interface.

    Args:
        against: `git:REF`, for the same file, or `git:REF:PATH`, for a file or folder; PATH begins at the top.
        interface: its name.
        file: where it is now.
        roots: folders that it may import from.

    Raises:
        Failure: there is no git, no such commit, or no such PATH.
    """
    ref, path = _asked(against)
    with opened(ref, Path(file).resolve().parent) as commit:
        wanted = path or commit.path(file)
        origin = commit.named(f"{commit.folder}/{wanted}")
        then = _written(commit, wanted, must=bool(path))
        there = commit.roots(roots)
        if path or (os.path.lexists(then) and not then.is_dir() and describes(then)):
            return given(then, interface, there, origin, commit.named)
        # It may have been at another place then.
        files = describing(commit.folder, interface)
        found = [each.relative_to(commit.folder).as_posix() for each in files]
        origin = f"{PREFIX}{commit.ref}:{' '.join(found) or wanted}"
        return read_all(files, interface, there, origin, commit.named)


def committed_others(
    against: str, known: Collection[str], project: Project, roots: Sequence[str]
) -> dict[str, Position]:
    """The interfaces of a commit that have none of the known names, and where it has them.

    Without PATH, they are those of the files that the project names, now or by what its own file said then.

    Raises:
        Failure: as for `committed`, or one of these files cannot be read.
    """
    ref, path = _asked(against)
    with opened(ref, project.root.resolve()) as commit:
        if path:
            then = _written(commit, path, must=True)
            return other_names_below(then, known, commit.roots(roots), commit.named)
        files = _files(commit, project)
        return other_names(files, known, commit.roots(roots), commit.named)


def _asked(against: str) -> tuple[str, str]:
    """REF and PATH."""
    ref, _, path = against.removeprefix(PREFIX).partition(":")
    if not ref or ref == "tag=" or ref.startswith("-"):
        raise Failure(f"--against {against}: expected git:REF or git:REF:PATH")
    return ref, posixpath.normpath(path) if path else ""


def _written(commit: Commit, wanted: str, *, must: bool) -> Path:
    """Where a file or folder of a commit is, once all that may matter is written: interface files, what they import, and releases."""
    names = commit.write(lambda name: name.endswith(_SUFFIXES) or name == wanted)
    inside = (name for name in names if wanted == "." or f"{name}/".startswith(f"{wanted}/"))
    if must and not any(inside):
        raise Failure(f"{commit.ref} has no file or folder {wanted!r}", Exit.NO_BASELINE)
    return commit.folder / wanted


def _files(commit: Commit, project: Project) -> list[Path]:
    """The files of a commit that a project names; a link to nothing is one, too, so that it is told."""
    said = commit.folder / commit.path(project.file)
    patterns = dict.fromkeys((*project.patterns, *_patterns(commit, said)))
    ends = tuple(end for each in patterns for end in re.findall(r"[^*?\[\]/]*$", each)[:1])
    commit.write(lambda name: name.endswith((*_SUFFIXES, *ends)))
    matched = (each for pattern in patterns for each in matching(said.parent, pattern))
    found = dict.fromkeys(Path(os.path.normpath(each)) for each in matched)
    return [each for each in found if each.is_relative_to(commit.folder) and not each.is_dir()]


def _patterns(commit: Commit, said: Path) -> Iterator[str]:
    """Yield what the project's file said then of which files are interface files."""
    commit.write(lambda name: commit.folder / name == said)
    if not said.is_file():
        return
    try:
        project = read_project(said, whole=False)
    except Failure as failure:
        raise Failure(commit.named(failure.message), Exit.NO_BASELINE) from failure
    yield from project.patterns if project is not None else ()
