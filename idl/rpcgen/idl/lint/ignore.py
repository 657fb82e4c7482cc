"""`# rpcgen: ignore[rule-id] reason`: findings that a file itself accepts. Knows no rule by name.

A comment behind something holds for its line; one that has its line alone holds for the next line with anything else.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rpcgen.idl.diagnostics import LINE_BREAK
from rpcgen.idl.position import Position
from rpcgen.idl.yamltext.comments import Comment, comments_of

_IGNORE = re.compile(r"#+\s*rpcgen:\s*ignore\b\s*(?:\[([^\]]*)\])?(.*)")


@dataclass(frozen=True, slots=True)
class Ignore:
    """One rule that one comment names.

    Attributes:
        rule: its id, as written; empty if the comment names none.
        line: the line of which findings are accepted.
        reason: why; empty if the comment does not say.
        position: where the comment is.
        alone: whether the comment has its line for itself, and names no other rule.
    """

    rule: str
    line: int
    reason: str
    position: Position
    alone: bool


def ignores_of(sources: Mapping[str, str]) -> Iterator[Ignore]:
    """Yield what the comments of some texts accept."""
    for file, text in sources.items():
        # A parser for its comments is the dearest part of linting a file.
        if "ignore" not in text:
            continue
        rows = LINE_BREAK.split(text)
        for comment in comments_of(text):
            match = _IGNORE.match(comment.text)
            if match is not None:
                rules = [rule.strip() for rule in (match[1] or "").split(",")]
                at = Position(file, comment.line, comment.column, len(comment.text))
                line = _line(comment, rows)
                for rule in rules:
                    alone = len(rules) == 1
                    yield Ignore(rule, line, match[2].strip(" \t:-"), at, alone)


def _line(comment: Comment, rows: list[str]) -> int:
    if not comment.alone:
        return comment.line
    below = enumerate(rows[comment.line :], start=comment.line + 1)
    return next((n for n, row in below if row.strip() and row.strip()[0] != "#"), comment.line)
