"""The comments of a YAML text, which a parser throws away. Knows nothing of what they say."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from rpcgen.idl.diagnostics import LINE_BREAK
from rpcgen.idl.yamltext.compose import PARSERS
from yaml.events import Event, ScalarEvent


@dataclass(frozen=True, slots=True)
class Comment:
    """One comment: its line and column, which count from 1, its text from `#` on, and whether it has its line alone."""

    line: int
    column: int
    text: str
    alone: bool


def events_of(text: str, parser: str | None = None) -> Iterator[Event]:
    """Yield the parser's events of a text that is known to be readable."""
    source = PARSERS[parser or ("c" if "c" in PARSERS else "pure")](text)
    while (event := source.get_event()) is not None:
        yield event


def comments_of(text: str, events: Iterable[Event] | None = None) -> list[Comment]:
    """Return the comments of a readable text, in order.

    Args:
        text: the text, without a byte order mark.
        events: the parser's events of it, if the caller has them already.
    """
    rows = LINE_BREAK.split(text)
    starts, ends = _quoted(events_of(text) if events is None else events)
    found: list[Comment] = []
    for number, row in enumerate(rows):
        column = row.find("#")
        while column >= 0:
            place = (number, column)
            before = bisect_right(starts, place) - 1
            inside = before >= 0 and place < ends[before]
            if not inside and (column == 0 or row[column - 1] in " \t"):
                comment = row[column:].rstrip()
                found.append(Comment(number + 1, column + 1, comment, not row[:column].strip()))
                break
            column = row.find("#", column + 1)
    return found


_Place = tuple[int, int]


def _quoted(events: Iterable[Event]) -> tuple[list[_Place], list[_Place]]:
    """Return where quoted and block texts start and end: a `#` in them is a part of the text."""
    starts: list[_Place] = []
    ends: list[_Place] = []
    for event in events:
        if isinstance(event, ScalarEvent) and event.style:
            start: Any = event.start_mark
            end: Any = event.end_mark
            # What follows the `|` of a block text on its line may be a comment.
            first = (start.line, start.column) if event.style in "'\"" else (start.line + 1, 0)
            starts.append(first)
            ends.append((end.line, end.column))
    return starts, ends
