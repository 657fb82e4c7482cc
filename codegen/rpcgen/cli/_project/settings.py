"""What a project file says, as values. Knows no TOML.

Paths are absolute or begin with the project's folder as it was found, so they can be opened from where the command runs.
"""

from __future__ import annotations

import glob
import os
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from rpcgen.cli._exit import Failure
from rpcgen.idl import Version
from rpcgen.idl.lint.rule import Category


@dataclass(frozen=True, slots=True)
class Waiver:
    """A finding that somebody accepts, and why.

    Attributes:
        fingerprint: of the finding, as `rpcgen check` prints it.
        reason: why it is accepted; never empty.
        until: the first day, or the first version of the interface, without it.
    """

    fingerprint: str
    reason: str
    until: date | Version


@dataclass(frozen=True, slots=True)
class LintSettings:
    """Which lint rules run: those of a category and those before it, with some more and some less."""

    category: Category = "standard"
    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Project:
    """One `[tool.rpcgen]`.

    Attributes:
        file: the pyproject.toml.
        patterns: which files are interface files, relative to the project's folder; empty if it does not say.
        output: where packages are written.
        lock: the folder of what was released.
        import_roots: folders that interface files may import from, besides their own.
        templates: the folder of the project's own templates.
        waivers: findings of `rpcgen check` that are accepted.
        lint: which lint rules run.
    """

    file: Path
    patterns: tuple[str, ...]
    output: Path
    lock: Path
    import_roots: tuple[Path, ...] = ()
    templates: Path | None = None
    waivers: tuple[Waiver, ...] = ()
    lint: LintSettings = LintSettings()

    @property
    def root(self) -> Path:
        """The project's folder."""
        return self.file.parent

    def files(self) -> tuple[str, ...]:
        """The files that match, by pattern and then by name, each once.

        Raises:
            Failure: a pattern matches no file; probably it is misspelt.
        """
        found: dict[str, None] = {}
        unmatched: list[str] = []
        for pattern in self.patterns:
            paths = [path for path in matching(self.root, pattern) if path.is_file()]
            if not paths:
                unmatched.append(f"[tool.rpcgen] files: {pattern!r} matches no file")
            found |= dict.fromkeys(os.path.normpath(path) for path in paths)
        if unmatched:
            raise Failure("\n  ".join([f"{self.file}:", *unmatched]))
        return tuple(found)


def matching(root: Path, pattern: str) -> list[Path]:
    """What a pattern of `files` matches in a project's folder, sorted; folders and links to nothing, too."""
    return [root / name for name in sorted(glob.glob(pattern, root_dir=root, recursive=True))]
