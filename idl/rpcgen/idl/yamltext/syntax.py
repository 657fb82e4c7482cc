"""What a YAML parser could not read, in words and at places that are the same for both parsers.

libyaml and PyYAML's own parser say the same things differently and point a little beside each other; an error must
not depend on which of them is installed.
"""

from __future__ import annotations

import re
from typing import Any

import yaml
from rpcgen.idl.diagnostics import LINE_BREAK
from rpcgen.idl.position import Position
from rpcgen.idl.report import Report


def report_syntax_error(error: yaml.MarkedYAMLError, text: str, file: str, report: Report) -> None:
    """Report a parser's error."""
    problem = error.problem or ""
    mark: Any = error.problem_mark or error.context_mark
    if _ESCAPE.search(problem):
        # The two point to different characters of the escape; the start of the text will do.
        mark = error.context_mark or mark
    if error.context_mark is not None and _UNENDED.search(problem):
        # Where the text ends says nothing; where the quote begins does.
        mark = error.context_mark
    rows = LINE_BREAK.split(text)
    conflict = next((number for number, row in enumerate(rows, 1) if _CONFLICT.match(row)), None)
    if conflict is not None:
        message, hint = (
            "a merge conflict is left in the file",
            "keep what is right of the two sides",
        )
        report.error("yaml-syntax", message, Position(file, conflict, 1, 7), hint=hint)
        return
    line, column = clamped(mark, rows)
    at = Position(file, line + 1, column + 1)
    row = rows[line]
    if "\t" in row[: column + 1] and not row[:column].strip():
        problem = "found a tab character"
    report.error("yaml-syntax", syntax_message(problem), at, hint=_syntax_hint(row, column))


def clamped(mark: Any, rows: list[str]) -> tuple[int, int]:
    """Return the line and column of a mark; one behind the end goes to the end of the last line with something."""
    line, column = (mark.line, mark.column) if mark is not None else (0, 0)
    if line >= len(rows) or not "".join(rows[line:])[column:].strip():
        line = min(line, len(rows) - 1)
        while line > 0 and not rows[line].strip():
            line -= 1
        column = len(rows[line].rstrip())
    return line, column


_ESCAPE = re.compile("escape|hexadecimal|hexdecimal|surrogate|Unicode character")


#: What git writes where two sides changed the same lines.
_CONFLICT = re.compile("<{7} ")
_UNENDED = re.compile("unexpected end of stream|document indicator|document separator")

#: What libyaml and PyYAML's own parser say, and what we say.
_MESSAGES = (
    (re.compile(r"document start"), "found text after the end of the document"),
    (re.compile(r"(did not find )?expected ',' or '\}'"), 'expected "," or "}"'),
    (re.compile(r"(did not find )?expected ',' or '\]'"), 'expected "," or "]"'),
    (re.compile(r"mapping values are not allowed"), 'found ": " where no value can start'),
    (re.compile(r"could not find expected ':'"), 'expected ":" after a key'),
    (re.compile(r"cannot start any token"), "found a character that cannot start anything here"),
    (
        re.compile(r"(did not find expected|expected the) node content"),
        "expected a text, a list or a map",
    ),
    (
        re.compile(r"(did not find expected <block end>|expected <block end>|block end)"),
        "found a line that does not fit the indentation",
    ),
    (
        re.compile(r"did not find expected key|expected .*<block mapping"),
        "found a line that does not fit the indentation",
    ),
    (
        re.compile(r"did not find expected '-' indicator"),
        "found a line that does not fit the indentation",
    ),
    (
        re.compile(r"unexpected end of stream|unexpected end"),
        "the quoted text that begins here never ends",
    ),
    (
        re.compile(r"document indicator|document separator"),
        "a document marker stands inside the quoted text that begins here",
    ),
    (
        re.compile(r"(block )?sequence entries are not allowed"),
        'found "- " where no list can start',
    ),
    (re.compile(r"mapping keys are not allowed"), 'found "? " where no key can start'),
    (re.compile(r"undefined alias|found undefined"), "found an alias that stands for nothing"),
    (
        re.compile(
            r"unknown escape|escape sequence|hexdecimal|hexadecimal|Unicode character escape"
        ),
        "found an unknown escape in a double-quoted text",
    ),
    (re.compile(r"tag|anchor"), "found a tag or an anchor that is not readable"),
    (re.compile(r"tab character"), "found a tab where blanks are needed"),
)


def syntax_message(problem: str) -> str:
    """Say what a parser says."""
    for pattern, message in _MESSAGES:
        if pattern.search(problem):
            return message
    return "this is not readable as YAML"


def _syntax_hint(row: str, column: int) -> str:
    if "\t" in row[: column + 1]:
        return "indent with blanks, not with tabs"
    character = row[column : column + 1]
    if character and character in "@`%":
        return f'quote a text that starts with "{character}"'
    if character == ":":
        return 'quote a text that holds ": "'
    return ""
