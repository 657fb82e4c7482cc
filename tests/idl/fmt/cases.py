"""Case folders of fmt: `cases/<name>/input.yaml` and the `expected.yaml` that it becomes.

`python -m tests.idl.fmt.regen` writes what is expected anew.
"""

from __future__ import annotations

import random
from collections import Counter
from pathlib import Path

from rpcgen.idl import Loaded, loads
from rpcgen.idl.fmt.format import formatted
from rpcgen.idl.yamltext.comments import comments_of

from tests.idl.cases import meaning_of

HERE = Path(__file__).parent
CASES = HERE / "cases"


def case_folders() -> list[Path]:
    """Return all cases."""
    return sorted(folder for folder in CASES.iterdir() if (folder / "input.yaml").exists())


def run_case(folder: Path) -> str:
    """Format a case."""
    text = (folder / "input.yaml").read_bytes().decode("utf-8")
    result = formatted(text, "input.yaml")
    assert result.text is not None, result.diagnostics
    return result.text


def check(text: str) -> str:
    """Format a text, and hold what comes of it against every promise; say what kind of text it was."""
    once = formatted(text)
    if once.text is None:
        assert once.diagnostics
        return "refused"
    assert formatted(once.text).text == once.text
    before, after = loads(text), loads(once.text)
    if any(found.rule == "yaml-flow-type" for found in before.diagnostics):
        return "mended"
    assert comments(text) == comments(once.text)
    assert meaning_of(before) == meaning_of(after)
    assert mistakes(before) == mistakes(after)
    return "means something" if before.interface is not None else "has mistakes"


def comments(text: str) -> list[str]:
    """Return the comments of a readable text, wherever they are."""
    return sorted(comment.text for comment in comments_of(text.removeprefix("\ufeff")))


def mistakes(loaded: Loaded) -> Counter[str]:
    """Return what is said of a file, but for what quotes mend."""
    return Counter(found.rule for found in loaded.diagnostics if found.rule != "version-not-string")


def sprinkled(text: str, chance: random.Random) -> str:
    """Return a text with comments and blank lines here and there, also inside of brackets."""
    lines = text.split("\n")
    for number in range(chance.randint(0, 6)):
        place = chance.randrange(len(lines))
        line = lines[place]
        kind = chance.randrange(4)
        if kind == 0:
            lines.insert(place, " " * chance.choice([0, 1, 2, 4, 6, 8]) + f"# c{number}")
        elif kind == 1:
            lines[place] = f"{line}  # c{number}"
        elif kind == 2:
            lines.insert(place, "")
        else:
            column = chance.randrange(len(line) + 1)
            if line[max(0, column - 1) : column] in {"{", "[", ","}:
                lines[place] = f"{line[:column]} # c{number}\n      {line[column:]}"
    return "\n".join(lines)
