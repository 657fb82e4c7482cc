"""What lint found, for people and for other programs. Knows no rule."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from rpcgen.cli._formats.choice import Format
from rpcgen.cli._formats.entry import Group, of_diagnostic
from rpcgen.cli._lint.found import Found
from rpcgen.idl import Diagnostic, render


def shown(found: Found, format_: Format) -> str:
    """What goes to stdout."""
    return _FORMATS[format_](found)


def summary(found: Found, mended: int) -> str:
    """How much there is, on one line."""
    errors, warnings = found.count("error"), found.count("warning")
    told = [f"{errors} error{'s' * (errors != 1)}"] if errors else []
    told += [f"{warnings} warning{'s' * (warnings != 1)}"] if warnings else []
    told += [f"{mended} mended"] if mended else []
    if found.edits:
        told.append(f"{len(found.edits)} can be mended with --fix")
    return ", ".join(told) or "nothing found"


def _as_text(found: Found) -> str:
    return render(found.diagnostics, found.sources)


def _as_json(found: Found) -> str:
    import json

    whole = {
        "format": 1,
        "passed": not found.count("error"),
        "errors": found.count("error"),
        "warnings": found.count("warning"),
        "fixable": len(found.edits),
        "findings": [_finding(each) for each in found.diagnostics],
    }
    return json.dumps(whole, indent=1, ensure_ascii=False) + "\n"


def _finding(diagnostic: Diagnostic) -> dict[str, object]:
    at = diagnostic.position
    return {
        "rule": diagnostic.rule,
        "severity": diagnostic.severity,
        "file": at.file,
        "line": at.line,
        "column": at.column,
        "length": at.length,
        "message": diagnostic.message,
        "hint": diagnostic.hint,
        "related": [
            {"file": place.file, "line": place.line, "column": place.column, "label": label}
            for place, label in diagnostic.related
        ],
    }


def _groups(found: Found) -> list[Group]:
    """One for each file that was read."""
    return [
        Group(
            file,
            file,
            [of_diagnostic(each) for each in found.diagnostics if each.position.file == file],
        )
        for file in found.sources
    ]


def _as_sarif(found: Found) -> str:
    from rpcgen.cli._formats.sarif import as_sarif

    return as_sarif(_groups(found), "lint")


def _as_github(found: Found) -> str:
    from rpcgen.cli._formats.github import as_github

    return as_github(_groups(found))


def _as_junit(found: Found) -> str:
    from rpcgen.cli._formats.junit import as_junit

    return as_junit(_groups(found), "rpcgen lint")


_FORMATS: Mapping[Format, Callable[[Found], str]] = {
    "text": _as_text,
    "json": _as_json,
    "sarif": _as_sarif,
    "github": _as_github,
    "junit": _as_junit,
}
