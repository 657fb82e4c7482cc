"""Environments that hold one library and what it requires, as those who use it have them.

A program that starts where this project is developed pays for what lies beside the library that it uses: files that are run at
each start, long listings, folders of sources in which to look. Nothing is fetched: what is installed here is copied, and of
this project, which is installed as a folder of sources, a wheel is built.
"""

from __future__ import annotations

import shutil
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator, Sequence
from functools import cache
from importlib import metadata
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.bench.fleet import ROOT
from tests.bench.programs import ProgramFailed, run

OURS = "rpcgen"


class Installed:
    """Environments below a directory, each made when it is first asked for."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.python = cache(self._python)

    def _python(self, *libraries: str) -> str:
        """The interpreter of an environment that holds these distributions, and all that they require.

        Raises:
            ProgramFailed: it could not be made.
        """
        environment = self._directory / "-".join(libraries or ("nothing",))
        paths = sysconfig.get_paths("venv", vars={"base": str(environment)})
        try:
            venv.create(environment, symlinks=True)
            for name in _closure(libraries):
                if name == OURS:
                    _unpack(self._wheel(), Path(paths["purelib"]))
                else:
                    _copy(name, Path(paths["purelib"]))
        except (metadata.PackageNotFoundError, OSError) as error:
            raise ProgramFailed(f"no environment for {', '.join(libraries)}: {error}") from error
        return str(Path(paths["scripts"]) / Path(sys.executable).name)

    def _wheel(self) -> Path:
        run(
            [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(self._directory)],
            cwd=ROOT,
        )
        [wheel] = self._directory.glob("*.whl")
        return wheel


def _closure(libraries: Sequence[str]) -> set[str]:
    """The names of distributions, and of all that they require here."""
    found: set[tuple[str, frozenset[str]]] = set()
    asked = [Requirement(name) for name in libraries]
    while asked:
        requirement = asked.pop()
        each = canonicalize_name(requirement.name), frozenset(requirement.extras)
        if each not in found:
            found.add(each)
            asked.extend(_required(*each))
    return {name for name, _ in found}


def _required(name: str, extras: frozenset[str]) -> Iterator[Requirement]:
    for text in metadata.requires(name) or ():
        required = Requirement(text)
        if required.marker is None or any(
            required.marker.evaluate({"extra": extra}) for extra in ("", *extras)
        ):
            yield required


def _copy(name: str, into: Path) -> None:
    for file in metadata.files(name) or ():
        source = Path(str(file.locate()))
        # No scripts; and no bytecode, which knows where it was: reading it would rename all that is in it.
        if file.parts[0] != ".." and file.suffix != ".pyc" and source.exists():
            target = into / file
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, target)


def _unpack(wheel: Path, into: Path) -> None:
    with zipfile.ZipFile(wheel) as packed:
        packed.extractall(into)
