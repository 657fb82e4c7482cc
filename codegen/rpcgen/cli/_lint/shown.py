"""What lint found, for people and for other programs. Knows no rule."""

from __future__ import annotations

from rpcgen.cli._formats.choice import Format
from rpcgen.cli._formats.entry import Group
from rpcgen.cli._formats.findings import as_findings, group_of
from rpcgen.cli._lint.found import Found
from rpcgen.idl import Diagnostic, render


def shown(found: Found, format_: Format) -> str:
    """What goes to stdout."""
    match format_:
        case "text":
            return _as_text(found)
        case "json":
            return _as_json(found)
        case _:
            return as_findings(_groups(found), format_, "lint")


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
    return [group_of(file, found.diagnostics) for file in found.sources]
