"""What is wrong with a file, as values, and how it reads on a terminal.

A mistake of the user is never an exception: it is a `Diagnostic`, and all of a file's come back together. Rendering
is pure: it is given the texts and touches no file. Nothing here knows what any rule means (that is `rules/`).
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from rpcgen.idl.position import Position

Severity = Literal["error", "warning"]

#: The line breaks of YAML 1.1, which both parsers count.
LINE_BREAK = re.compile("\r\n|[\r\n\x85\u2028\u2029]")

#: Characters of a source line that are shown; a longer line is cut to a window round the caret.
_WINDOW = 120


@dataclass(frozen=True, slots=True)
class Diagnostic:
    """One mistake (or, as a warning, one doubt) and where it is.

    `related` are other places that matter, each with a label such as "first defined here".
    """

    rule: str
    message: str
    position: Position
    severity: Severity = "error"
    hint: str = ""
    related: tuple[tuple[Position, str], ...] = ()


def render(diagnostics: Iterable[Diagnostic], sources: Mapping[str, str]) -> str:
    """Show diagnostics as text, each with its source line and a caret; empty if there are none.

    Args:
        diagnostics: what to show, in this order.
        sources: the text of each file, by the name that positions use; a file that is missing shows no line.
    """
    lines = {file: LINE_BREAK.split(text) for file, text in sources.items()}
    blocks: list[str] = []
    for diagnostic in diagnostics:
        at = diagnostic.position
        block = [printable(f"{at}: {diagnostic.severity}[{diagnostic.rule}]: {diagnostic.message}")]
        block += excerpt(lines.get(at.file, []), at)
        if diagnostic.hint:
            block.append(f"  hint: {printable(diagnostic.hint)}")
        block += ["  " + printable(f"{place}: {label}") for place, label in diagnostic.related]
        blocks.append("\n".join(block) + "\n")
    return "\n".join(blocks)


def excerpt(lines: list[str], at: Position) -> list[str]:
    """Show the line of a place and a caret below it; nothing if there is no such line."""
    if not 1 <= at.line <= len(lines):
        return []
    line = lines[at.line - 1]
    column = min(at.column - 1, len(line))
    start = max(0, column - _WINDOW // 2) if len(line) > _WINDOW else 0
    shown = line[start : start + _WINDOW]
    before = shown[: column - start]
    covered = shown[column - start : column - start + at.length]
    padding = "".join(
        "\t" if character == "\t" else " " * _width(character) for character in before
    )
    caret = "^" * max(1, sum(_width(character) for character in covered))
    return [f"  {printable(shown)}", f"  {padding}{caret}"]


def _width(character: str) -> int:
    """Return how many columns of a terminal the character takes after `printable`."""
    if character == "\t":
        return 1
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def printable(text: str) -> str:
    """Replace what could move a terminal's cursor or reorder its text: controls, bidi marks, lone surrogates."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(
        character
        if character == "\t" or unicodedata.category(character) not in _UNSHOWN
        else "\ufffd"
        for character in text
    )


#: Control, format (bidi, zero width), surrogate and line-separating characters. A replacement is one column wide.
_UNSHOWN = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
