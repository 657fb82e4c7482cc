"""pyproject.toml -> `Project`: finds the file, and reads `[tool.rpcgen]` with all mistakes at once.

Whether a file is what it should be is not known here.
"""

from __future__ import annotations

import os
import re
from datetime import date, datetime
from pathlib import Path
from typing import Any

from rpcgen.cli._exit import Failure, reason
from rpcgen.cli._lint.names import unknown
from rpcgen.cli._project.settings import LintSettings, Project, Waiver
from rpcgen.cli._project.tables import Mistakes, Table, shown
from rpcgen.idl import Version, parse_version
from rpcgen.idl.lint.rule import CATEGORIES

FILE = "pyproject.toml"
LOCK = "rpcgen.lock"

_FINGERPRINT = re.compile(r"[0-9a-f]{8,64}")
_AT = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def project_here() -> Project | None:
    """The project that the current folder is in: the nearest file upwards that has a `[tool.rpcgen]`, if one has.

    A folder with a `.git` is the last one that is looked at.

    Raises:
        Failure: that file has mistakes; all of them. Or there is no current folder.
    """
    here = current_folder()
    for folder in (here, *here.parents):
        # Relative from here, so that messages name files as a user would.
        file = Path(os.path.relpath(folder, here)) / FILE
        project = read_project(file) if os.path.isfile(file) else None
        if project is not None:
            return project
        if os.path.lexists(folder / ".git"):
            return None
    return None


def current_folder() -> Path:
    """The folder that the command runs in; raises Failure where it was deleted meanwhile."""
    try:
        return Path.cwd()
    except FileNotFoundError as error:
        raise Failure("the current folder is not there any more") from error


def read_project(file: Path, *, whole: bool = True) -> Project | None:
    """What a pyproject.toml says to rpcgen; None if it has no `[tool.rpcgen]`.

    Args:
        file: where it is.
        whole: whether the folders that it names are beside it, as they are not where the file alone was written.

    Raises:
        Failure: it cannot be read, or has mistakes; all of them.
    """
    try:
        text = file.read_text(encoding="utf-8")
    except OSError as error:
        raise Failure(f"{file} cannot be read: {reason(error)}") from error
    except UnicodeDecodeError as error:
        raise Failure(f"{file} cannot be read: it is not UTF-8") from error
    # The file of a project that does not use rpcgen is none of our business, also if it is broken.
    if "rpcgen" not in text:
        return None
    mistakes = Mistakes()
    tool = Table("[tool]", _parsed(text, file).get("tool", {}), mistakes)
    table = tool.table("rpcgen")
    if table is None:
        return None
    project = _project(file, table)
    if whole:
        _look(project, table)
    if mistakes.texts:
        raise Failure("\n  ".join([f"{file}:", *mistakes.texts]))
    return project


def _parsed(text: str, file: Path) -> dict[str, Any]:
    # 10 ms that a command with arguments, outside of any project, need not spend.
    import tomllib

    try:
        return tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        message = str(error)
        found = _AT.search(message)
        place = f":{found[1]}:{found[2]}" if found is not None and found[1] else ""
        reason = _AT.sub("", message)
        raise Failure(
            f"{file}{place}: not readable as TOML: {reason[:1].lower()}{reason[1:]}"
        ) from error


def _project(file: Path, table: Table) -> Project:
    templates = _path(table, "templates")
    project = Project(
        file=file,
        patterns=_relative(table, "files", table.texts("files")),
        output=_folder(file, _path(table, "output") or "."),
        lock=_folder(file, _path(table, "lock") or LOCK),
        import_roots=tuple(
            _folder(file, name)
            for name in _relative(table, "import-roots", table.texts("import-roots"))
        ),
        templates=_folder(file, templates) if templates is not None else None,
        waivers=_waivers(table),
        lint=_lint(table.table("lint")),
    )
    table.end()
    return project


def _look(project: Project, table: Table) -> None:
    """Say which folders that are read from are none."""
    # A root may be gone: what a commit has is read with the same roots, and may need it.
    roots = [("import-roots", root) for root in project.import_roots if os.path.exists(root)]
    templates = [("templates", project.templates)] if project.templates is not None else []
    for key, folder in (*roots, *templates):
        if not os.path.isdir(folder):
            table.wrong(key, f"{os.path.relpath(folder, project.root)!r} is no folder")


def _folder(file: Path, name: str) -> Path:
    return Path(os.path.normpath(file.parent / name))


def _path(table: Table, key: str) -> str | None:
    text = table.text(key)
    return next(iter(_relative(table, key, (text,) if text is not None else ())), None)


def _relative(table: Table, key: str, names: tuple[str, ...]) -> tuple[str, ...]:
    """Paths that mean the same on every machine."""
    wrong = [name for name in names if os.path.isabs(name) or "\\" in name]
    for name in wrong:
        table.wrong(key, f"{name!r} is no relative path with forward slashes")
    return tuple(name for name in names if name not in wrong)


def _waivers(table: Table) -> tuple[Waiver, ...]:
    found: dict[str, Waiver] = {}
    for entry in table.tables("waivers"):
        waiver = _waiver(entry)
        if waiver is None:
            continue
        if waiver.fingerprint in found:
            entry.wrong("fingerprint", f"{waiver.fingerprint!r} is waived twice")
        found[waiver.fingerprint] = waiver
    return tuple(found.values())


def _waiver(table: Table) -> Waiver | None:
    fingerprint, reason = table.text("fingerprint"), table.text("reason")
    until = _until(table)
    for key in ("fingerprint", "reason", "until"):
        if not table.has(key):
            table.wrong(key, "missing; a waiver has a fingerprint, a reason and an end")
    table.end()
    if fingerprint is not None and not _FINGERPRINT.fullmatch(fingerprint):
        table.wrong(
            "fingerprint", f"found {fingerprint!r}, expected what `rpcgen check` prints: hex digits"
        )
        return None
    if fingerprint is None or reason is None or until is None:
        return None
    return Waiver(fingerprint, reason, until)


def _until(table: Table) -> date | Version | None:
    """The end of a waiver: a date, as TOML writes it or as text, or a version."""
    value = table.value("until")
    if value is None or (isinstance(value, date) and not isinstance(value, datetime)):
        return value
    if isinstance(value, str):
        if (version := parse_version(value)) is not None:
            return version
        try:
            return date.fromisoformat(value)
        except ValueError:
            pass
    table.wrong("until", f'found {shown(value)}, expected a date or a version, such as "6.5"')
    return None


def _lint(table: Table | None) -> LintSettings:
    if table is None:
        return LintSettings()
    lint = LintSettings(
        table.choice("category", CATEGORIES, LintSettings().category),
        _rules(table, "select"),
        _rules(table, "ignore"),
    )
    table.end()
    return lint


def _rules(table: Table, key: str) -> tuple[str, ...]:
    """Names of lint rules that there are."""
    names = table.texts(key)
    for problem in unknown(names):
        table.wrong(key, problem)
    return names
