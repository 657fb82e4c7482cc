"""Case folders: `cases/<name>/input.yaml` (and what it imports) with what has to come of it.

A case with `expected.err` is refused, or accepted with warnings, in exactly those words; one with `expected.json`
means exactly that. `python -m tests.idl.regen` writes both anew.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path

from rpcgen.idl import Loaded, load, render
from rpcgen.idl.canonical import fingerprint
from rpcgen.idl.contract import contract

HERE = Path(__file__).parent
CASES = HERE / "cases"
PREAMBLE = 'rpcgen: 1\ninterface: demo.api\nversion: "1.4"\n'

_FILE = re.compile(r"^# file: (\S+)$", re.M)


@dataclass(frozen=True)
class Outcome:
    """What came of a case: the rendered diagnostics, and what the interface means."""

    errors: str
    meaning: str


def case_folders() -> list[Path]:
    """Return all cases."""
    return sorted(folder for folder in CASES.iterdir() if (folder / "input.yaml").exists())


def run_case(folder: Path) -> Outcome:
    """Load a case; names of files are relative to its folder."""
    loaded = load(folder / "input.yaml")
    errors = render(loaded.diagnostics, loaded.sources).replace(f"{folder.as_posix()}/", "")
    return Outcome(errors, meaning_of(loaded))


def meaning_of(loaded: Loaded) -> str:
    """Return what an interface says, as text that can be compared; nothing if it was refused."""
    interface = loaded.interface
    if interface is None:
        return ""
    meaning = {"fingerprint": fingerprint(interface).hex(), "contract": contract(interface)}
    return json.dumps(meaning, indent=1, ensure_ascii=False) + "\n"


def write_example(block: str, folder: Path) -> Path:
    """Write an example of a page as files; short ones get a head. Return the interface file."""
    parts = _FILE.split(block)
    files = {"input.yaml": parts[0], **dict(zip(parts[1::2], parts[2::2], strict=True))}
    if not re.match(r"\s*(rpcgen:|# only)", files["input.yaml"]):
        files["input.yaml"] = PREAMBLE + files["input.yaml"].lstrip("\n")
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text.lstrip("\n"), encoding="utf-8")
    return folder / "input.yaml"
