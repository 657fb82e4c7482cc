"""Files -> checked interfaces. The only module of the compiler's front that touches the disk.

Opens regular files only, never more than the limit, and imports only from beneath the roots, symbolic links resolved.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections import deque
from collections.abc import Mapping as MappingOf
from collections.abc import Sequence as SequenceOf
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType

from rpcgen.idl.diagnostics import Diagnostic
from rpcgen.idl.grammar import FILE, LIBRARY
from rpcgen.idl.model import Interface
from rpcgen.idl.position import Position
from rpcgen.idl.read.interface import read_interface
from rpcgen.idl.read.scope import items_at
from rpcgen.idl.report import Report
from rpcgen.idl.structure import check_structure
from rpcgen.idl.yamltext.compose import compose
from rpcgen.idl.yamltext.limits import MAX_BYTES, Budget
from rpcgen.idl.yamltext.nodes import Mapping, Text

MAX_IMPORTS = 1_000
#: How often files may be named; each is looked up, however often it comes.
MAX_MENTIONS = 10_000


@dataclass(frozen=True, slots=True)
class Loaded:
    """What came of a file. `interface` is None if and only if some diagnostic is an error.

    `sources` are the texts of all files that were read, by the names that positions use. `draft` is what could be read of
    a file, refused or not; of a refused one it is good for finding more mistakes only, and names in it may lead nowhere.
    """

    interface: Interface | None
    diagnostics: tuple[Diagnostic, ...]
    sources: MappingOf[str, str] = field(default_factory=dict[str, str])
    draft: Interface | None = None


def load(
    path: str | os.PathLike[str],
    *,
    roots: SequenceOf[str | os.PathLike[str]] = (),
    texts: MappingOf[str, str] = MappingProxyType({}),
) -> Loaded:
    """Read an interface file and what it imports.

    Args:
        path: the interface file.
        roots: directories from which it may import, besides its own.
        texts: what to read in place of files, by where they really are (`os.path.realpath`).
    """
    given = os.fspath(path).replace(os.sep, "/")
    loading = _Loading(given, [Path(path).parent, *(Path(root) for root in roots)], texts)
    return loading.finish(loading.read(Path(path), given, Position(given, 1, 1)))


def loads(text: str, file: str = "<text>") -> Loaded:
    """Read an interface from text; it can import nothing."""
    loading = _Loading(file, [], {})
    return loading.finish(text)


@dataclass(frozen=True, slots=True)
class _Import:
    """A file on its way in: where it is, what positions call it, and which files led to it."""

    path: Path
    shown: str
    at: Position
    chain: tuple[str, ...]


class _Loading:
    """One run; collects texts, trees and mistakes."""

    def __init__(self, file: str, roots: list[Path], texts: MappingOf[str, str]) -> None:
        self._file = file
        self._texts = texts
        self._report = Report()
        self._roots = [Path(os.path.realpath(root)) for root in roots]
        self._absent = [root.as_posix() for root in roots if not os.path.isdir(root)]
        self._sources: dict[str, str] = {}
        self._budget = Budget()
        self._mentions = 0

    def read(self, path: Path, shown: str, at: Position) -> str | None:
        """Return the text of a file; None after a reported mistake.

        Args:
            path, shown: where it is, and what positions call it.
            at: who wants it.
        """
        if self._texts and (text := self._texts.get(os.path.realpath(path))) is not None:
            return text
        try:
            data = _read_regular(path)
        except _Unreadable as error:
            self._report.error(error.rule, f"{error}", at, hint=error.hint)
            return None
        except (OSError, ValueError) as error:
            reason = (
                os.strerror(error.errno).lower()
                if isinstance(error, OSError) and error.errno
                else str(error)
            )
            self._report.error("file-unreadable", f"the file cannot be read: {reason}", at)
            return None
        try:
            return data.decode("utf-8")
        except UnicodeDecodeError as error:
            marked = data[:2] in {b"\xff\xfe", b"\xfe\xff"}
            found = "it starts like UTF-16" if marked else f"byte {error.start} is not"
            message = f"the file is not UTF-8: {found}"
            place = _place(shown, data[: error.start].decode("utf-8"))
            related = [(at, "imported here")] if at.file != shown else []
            self._report.error(
                "file-not-utf8", message, place, hint="save it as UTF-8", related=related
            )
            return None

    def finish(self, text: str | None) -> Loaded:
        """Parse, import, check."""
        draft = None
        tree = self._parse(text, self._file) if text is not None else None
        if tree is not None:
            check_structure(tree, FILE, self._report)
            libraries = self._import_all(tree)
            draft = read_interface(tree, libraries, self._file, self._report)
        diagnostics = self._report.diagnostics(self._sources)
        interface = None if self._report.failed else draft
        return Loaded(interface, diagnostics, MappingProxyType(self._sources), draft)

    def _parse(self, text: str, file: str) -> Mapping | None:
        self._sources[file] = text.removeprefix("\ufeff")
        # The size of one file is bounded in bytes when it is read; together they keep to the same limit.
        self._budget.bytes -= len(text)
        if self._budget.bytes < 0:
            message = f"the interface and what it imports are larger than {MAX_BYTES} bytes"
            self._report.error("file-too-large", message, Position(file, 1, 1))
            return None
        tree = compose(text, file, self._report, budget=self._budget)
        if tree is None or isinstance(tree, Mapping):
            return tree
        self._report.error(
            "wrong-kind",
            "expected a map with the keys of an interface",
            tree.at,
            hint="start with: rpcgen: 1",
        )
        return None

    def _import_all(self, tree: Mapping) -> dict[str, Mapping]:
        """Read all imports, nearest first, each file once; without recursion, so any chain may be as long as it likes."""
        main = os.path.realpath(self._file)
        trees: dict[str, Mapping] = {}
        seen = {main: self._file}
        waiting = deque(self._imports_of(tree, Path(self._file), (main,)))
        while waiting:
            wanted = waiting.popleft()
            real = os.path.realpath(wanted.path)
            if real in wanted.chain:
                self._report_cycle(wanted, real, seen)
                continue
            if real in seen:
                continue
            if len(seen) > MAX_IMPORTS:
                message = f"more than {MAX_IMPORTS} files are imported"
                self._report.error("import-too-many", message, wanted.at)
                break
            seen[real] = wanted.shown
            library = self._library(wanted)
            if library is not None:
                trees[wanted.shown] = library
                waiting += self._imports_of(library, wanted.path, (*wanted.chain, real))
        return trees

    def _library(self, wanted: _Import) -> Mapping | None:
        text = self.read(wanted.path, wanted.shown, wanted.at)
        tree = self._parse(text, wanted.shown) if text is not None else None
        if tree is None:
            return None
        if (key := tree.entries.get("interface")) is not None:
            self._report.error(
                "import-interface",
                "an imported file holds types and errors, and this one is an interface",
                key.key.at,
                hint="move what is shared to a file of its own",
                related=[(wanted.at, "imported here")],
            )
            return None
        check_structure(tree, LIBRARY, self._report)
        return tree

    def _imports_of(self, tree: Mapping, path: Path, chain: tuple[str, ...]) -> list[_Import]:
        found: list[_Import] = []
        for item in items_at(tree, "imports"):
            if not isinstance(item, Text) or item.missing:
                continue
            self._mentions += 1
            if self._mentions > MAX_MENTIONS:
                message = f"files are named more than {MAX_MENTIONS} times"
                self._report.error("import-too-many", message, item.at)
                break
            target = self._resolve(item, path)
            if target is not None:
                found.append(_Import(target, self._shown(target), item.at, chain))
        return found

    def _resolve(self, item: Text, importer: Path) -> Path | None:
        """Find the file that an import names, beneath one of the roots."""
        name = item.value
        problem = _import_problem(name)
        if not problem and not self._roots:
            problem = "a text without a file cannot import"
        if problem:
            self._report.error(
                "import-path", problem, item.at, hint="write a relative path, such as common.yaml"
            )
            return None
        directories = [importer.parent, *self._roots]
        for directory in directories:
            candidate = directory / name
            if not os.path.lexists(candidate):
                continue
            real = Path(os.path.realpath(candidate))
            if any(real.is_relative_to(root) for root in self._roots):
                return candidate
            self._report.error(
                "import-path",
                f'"{name[:200]}" is outside the directories that may be imported from',
                item.at,
                hint="keep it beneath the interface file's directory, or name a root",
            )
            return None
        # A root that is gone is no mistake where everything is found; a commit that is read with it may have it.
        absent = ", ".join(f'"{root[:200]}"' for root in self._absent)
        hint = f"there is no folder {absent} to import from" if absent else ""
        self._report.error("import-missing", f'there is no file "{name[:200]}"', item.at, hint=hint)
        return None

    def _shown(self, path: Path) -> str:
        return os.path.normpath(path).replace(os.sep, "/")

    def _report_cycle(self, wanted: _Import, real: str, seen: MappingOf[str, str]) -> None:
        chain = wanted.chain[wanted.chain.index(real) :]
        names = [seen[file] for file in chain] + [seen[real]]
        self._report.error(
            "import-cycle", f"files import each other: {' -> '.join(names)}", wanted.at
        )


def _place(file: str, before: str) -> Position:
    """The place behind the beginning of a text."""
    lines = re.split("\r\n|\r|\n", before.removeprefix("\ufeff"))
    return Position(file, len(lines), len(lines[-1]) + 1)


def _import_problem(name: str) -> str:
    if not name:
        return "an import path is empty"
    if "://" in name:
        return "an import is a file, and this is a URL"
    if "\\" in name or "\0" in name:
        return "an import path has forward slashes only"
    if name.startswith("/") or os.path.isabs(name):
        return "an import path is relative"
    if ".." in name.split("/"):
        return 'an import path has no ".."'
    if len(name) > 1024:
        return "an import path has at most 1024 characters"
    return ""


class _Unreadable(Exception):
    def __init__(self, rule: str, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.rule = rule
        self.hint = hint


def _read_regular(path: Path) -> bytes:
    """Read a regular file within the limit. Opened without blocking first, so that a FIFO cannot hold us."""
    flags = os.O_RDONLY | getattr(os, "O_NONBLOCK", 0) | getattr(os, "O_CLOEXEC", 0)
    try:
        descriptor = os.open(path, flags)
    except OSError as error:
        if error.errno in {errno.ENOENT, errno.ENOTDIR}:
            raise _Unreadable("file-unreadable", "there is no such file") from None
        raise
    mode = os.fstat(descriptor).st_mode
    if not stat.S_ISREG(mode):
        os.close(descriptor)
        kind = "a directory" if stat.S_ISDIR(mode) else "not a regular file"
        raise _Unreadable("file-not-regular", f"this is {kind}")
    with open(descriptor, "rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise _Unreadable(
            "file-too-large", f"the file is larger than {MAX_BYTES} bytes", "split it with imports"
        )
    return data
