"""Case folders of lint: `cases/<rule>/input.yaml` (and what it imports) with what its rule finds there.

`expected.txt` is what is told; `fixed.yaml`, if the rule can mend something, what `--fix` makes of the file. A first
line `# rules: a b` runs those rules, too. `python -m tests.idl.lint.regen` writes both anew.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from rpcgen.idl import Loaded, load, loads, render
from rpcgen.idl.lint.rule import Rule, rule
from rpcgen.idl.lint.run import Linted, lint, mended

HERE = Path(__file__).parent
CASES = HERE / "cases"

_RULES = re.compile(r"# rules: (.*)")


@dataclass(frozen=True)
class Outcome:
    """What came of a case."""

    told: str
    fixed: str


def case_folders() -> list[Path]:
    """Return all cases."""
    return sorted(folder for folder in CASES.iterdir() if (folder / "input.yaml").exists())


def rules_of(folder: Path) -> list[Rule]:
    """Return the rule that a case is for, first, and those that it asks for."""
    first = (folder / "input.yaml").read_text(encoding="utf-8").partition("\n")[0]
    match = _RULES.fullmatch(first)
    return [rule(id_) for id_ in (folder.name, *(match[1].split() if match else ()))]


def run_case(folder: Path) -> Outcome:
    """Lint a case; names of files are relative to its folder."""
    loaded = load(folder / "input.yaml")
    linted = linted_of(loaded, rules_of(folder))
    told = render(linted.diagnostics, loaded.sources).replace(f"{folder.as_posix()}/", "")
    texts = mended(loaded.sources, linted.edits)
    return Outcome(told, texts.get((folder / "input.yaml").as_posix(), ""))


def linted_of(loaded: Loaded, rules: list[Rule]) -> Linted:
    """Lint what was loaded without a mistake."""
    assert loaded.interface is not None, render(loaded.diagnostics, loaded.sources)
    return lint(loaded.interface, loaded.sources, rules)


def lint_text(text: str, *ids: str) -> Linted:
    """Lint a text by some rules."""
    return linted_of(loads(text), [rule(id_) for id_ in ids])
