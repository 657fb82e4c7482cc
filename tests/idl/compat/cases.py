"""Case folders: `cases/<name>/old.yaml` and `new.yaml` (and what they import), with what is found in `expected.txt`.

`python -m tests.idl.compat.regen` writes that anew. Adding a case needs no code.
"""

from __future__ import annotations

from pathlib import Path

from rpcgen.idl import Interface, load, loads, render
from rpcgen.idl.compat import Comparison, Finding, compare

CASES = Path(__file__).parent / "cases"


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


def interface_of(body: str, version: str) -> Interface:
    """Return the interface of a text that lacks its head."""
    head = "" if body.startswith("interface:") else "interface: demo.api\n"
    loaded = loads(f'rpcgen: 1\n{head}version: "{version}"\n{body}')
    assert loaded.interface is not None, render(loaded.diagnostics, loaded.sources)
    return loaded.interface


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
