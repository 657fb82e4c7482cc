"""Unquoted types inside `{...}` and `[...]`, where YAML gives their brackets and commas another meaning.

A parser gives up at the first of them. To find the others, and all other mistakes, too, the characters that stopped it
are masked and the text is read again; whoever takes its scalars puts them back.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import islice
from typing import Any

import yaml
from rpcgen.idl.diagnostics import LINE_BREAK
from rpcgen.idl.position import Position
from rpcgen.idl.report import Report
from rpcgen.idl.yamltext.syntax import clamped

_SPECIAL = ",[]{}"

#: The start of `list[`, `map[` or `Name[` just before the place where a parser gave up.
_NAME = re.compile(r"\b([A-Za-z][A-Za-z0-9_]*)$")

#: What may follow the last bracket of a type: `?`, a default, dates.
_REST = re.compile(
    r"[\w.?]*(?:[ ]*=[ ]*(?:\[[^\[\]{}]*\]|\{[^\[\]{}]*\}|[^\s,\[\]{}]+))?(?:[ ]+(?:since|until)[ ]+[\d.]+)*",
    re.ASCII,
)


@dataclass(frozen=True, slots=True)
class FlowType:
    """An unquoted type with brackets: its place in the text, its row and columns, and whether its brackets match."""

    start: int
    line: int
    column: int
    length: int
    closed: bool


class Masked:
    """A text of which some characters were made harmless; places in it are those of the original."""

    def __init__(self, text: str) -> None:
        self.text = text
        self._mask: dict[int, int] = {}
        self._restore: dict[int, int] = {}

    def mask(self, found: FlowType) -> bool:
        """Make YAML's characters in a type harmless; False if where it ends is unknown."""
        if not found.closed:
            return False
        if not self._mask:
            private = (chr(code) for code in range(0xE000, 0xF8FF) if chr(code) not in self.text)
            unused = "".join(islice(private, len(_SPECIAL)))
            if len(unused) < len(_SPECIAL):
                return False
            self._mask = str.maketrans(_SPECIAL, unused)
            self._restore = str.maketrans(unused, _SPECIAL)
        end = found.start + found.length
        middle = self.text[found.start : end].translate(self._mask)
        self.text = self.text[: found.start] + middle + self.text[end:]
        return True

    def restored(self, text: str) -> str:
        """Return what a part of the text was before."""
        return text.translate(self._restore) if self._restore else text


def flow_type(error: yaml.MarkedYAMLError, text: str) -> FlowType | None:
    """Return the type at which a parser gave up, if it was one."""
    mark: Any = error.problem_mark or error.context_mark
    rows = LINE_BREAK.split(text)
    line, column = clamped(mark, rows)
    row = rows[line]
    name = _NAME.search(row[:column])
    if name is None or row[column : column + 1] != "[":
        return None
    first = name.start(1)
    end, closed = _end(row, column)
    breaks = list(islice(LINE_BREAK.finditer(text), line))
    before = breaks[-1].end() if breaks else 0
    return FlowType(before + first, line + 1, first + 1, len(row[first:end].rstrip()), closed)


def report_flow_type(found: FlowType, masked: Masked, file: str, report: Report) -> None:
    """Report a type that has to be quoted."""
    written = masked.restored(masked.text[found.start : found.start + found.length])[:200]
    report.error(
        "yaml-flow-type",
        "a text with brackets inside {...} or [...] is not readable unquoted",
        Position(file, found.line, found.column, len(written)),
        hint=f'quote it ("{written}") or write block style, one entry a line',
    )


def _end(row: str, bracket: int) -> tuple[int, bool]:
    """Return where the text that opens a bracket there probably ends, such as `map[string, list[A]]?`."""
    depth, end = 0, bracket
    while end < len(row):
        depth += (row[end] == "[") - (row[end] == "]")
        end += 1
        if depth == 0:
            rest = _REST.match(row, end)
            return (rest.end() if rest is not None else end), True
    return end, False
