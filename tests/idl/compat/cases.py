"""Case folders, each with what is found in `expected.txt`; `python -m tests.idl.compat.regen` writes that anew.

`cases/<name>` has `old.yaml` and `new.yaml` (and what they import), which are compared. `histories/<name>` has
`released/*.yaml` and `new.yaml`, whose version is judged. Adding a case needs no code.
"""

from __future__ import annotations

import re
from pathlib import Path

from rpcgen.idl import Interface, load, loads, render
from rpcgen.idl.compat import Check, Comparison, Finding, check, compare

CASES = Path(__file__).parent / "cases"
HISTORIES = Path(__file__).parent / "histories"

_VERSION = re.compile(r'version: "(\S+)"\n')


def case_folders() -> list[Path]:
    """Return all cases."""
    return sorted(folder for folder in CASES.iterdir() if (folder / "new.yaml").exists())


def run_case(folder: Path) -> Comparison:
    """Compare the two files of a case."""
    return compare(interface_at(folder / "old.yaml"), interface_at(folder / "new.yaml"))


def interface_at(path: Path) -> Interface:
    """Load a file that has no mistakes."""
    loaded = load(path)
    assert loaded.interface is not None, render(loaded.diagnostics, loaded.sources)
    return loaded.interface


def interface_of(body: str, version: str = "") -> Interface:
    """Return the interface of a text that lacks its head; `version` is that of one that does not say it itself."""
    said = _VERSION.match(body)
    body = body[said.end() :] if said else body
    head = "" if body.startswith("interface:") else "interface: demo.api\n"
    loaded = loads(f'rpcgen: 1\n{head}version: "{said[1] if said else version}"\n{body}')
    assert loaded.interface is not None, render(loaded.diagnostics, loaded.sources)
    return loaded.interface


def history_folders() -> list[Path]:
    """Return all histories."""
    return sorted(folder for folder in HISTORIES.iterdir() if (folder / "new.yaml").exists())


def run_history(folder: Path) -> Check:
    """Judge the version of a history's newest file."""
    releases = [interface_at(path) for path in folder.glob("released/*.yaml")]
    return check(
        interface_at(folder / "new.yaml"), {release.version: release for release in releases}
    )


def text_of_check(checked: Check, folder: Path) -> str:
    """Write down what the check says."""
    said, last = checked.interface.version, checked.last
    verdict = "failed" if checked.failed else "passed"
    lines = [f"{last} -> {said}: {checked.verdict}, needs {checked.required}, {verdict}"]
    for finding in checked.findings:
        kind = (
            "error"
            if checked.is_error(finding)
            else "warning"
            if checked.is_warning(finding)
            else "note"
        )
        lines.append(f"{kind} {_lines(finding, folder)}")
    return "\n\n".join(lines) + "\n"


def text_of(comparison: Comparison, folder: Path | None = None) -> str:
    """Write down what was found."""
    lines = [f"{comparison.old} -> {comparison.new}: {comparison.verdict}"]
    lines += [_lines(finding, folder) for finding in comparison.findings]
    return "\n\n".join(lines) + "\n"


def _lines(finding: Finding, folder: Path | None) -> str:
    place = str(finding.place)
    if folder is not None:
        place = place.replace(f"{folder.as_posix()}/", "")
    verdict = finding.severity or f"wire {finding.wire}, source {finding.source}"
    lines = [f"{place}: {finding.rule}: {verdict}", f"  {finding.path}: {finding.message}"]
    lines += [f"  instead: {finding.instead}"] if finding.instead else []
    lines += [f"  unseen: {finding.unseen}"] if finding.unseen else []
    lines += [f"  doubt: {finding.doubt}"] if finding.doubt else []
    return "\n".join(lines)
