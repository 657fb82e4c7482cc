"""The short form of a member, `list[string]? = [] since 6.2`, taken to pieces.

Knows where the pieces end, not what they mean.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_TAIL = re.compile(r"(?:\s+since\s+(?P<since>\S+))?(?:\s+until\s+(?P<until>\S+))?\s*")
_DATE_WORD = re.compile(r"\s(?:since|until)(?:\s|$)")
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"|' + r"'(?:[^']|'')*'")


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a short form and where it starts."""

    text: str
    offset: int


@dataclass(frozen=True, slots=True)
class ShortForm:
    """The pieces; `rest` is what could not be understood."""

    head: Piece
    default: Piece | None = None
    since: Piece | None = None
    until: Piece | None = None
    rest: Piece | None = None


def split_dated(text: str) -> ShortForm:
    """Split `NAME since X until Y`, where an equals sign is part of the name."""
    return split_short_form(text, default=False)


def split_short_form(text: str, *, default: bool = True) -> ShortForm:
    """Split `TYPE = VALUE since X until Y`; the last three are optional."""
    equals = text.find("=") if default else -1
    dates = _DATE_WORD.search(text)
    if equals < 0 or (dates is not None and dates.start() < equals):
        head_end = dates.start() if dates is not None else len(text)
        value, tail_start = None, head_end
    else:
        head_end = equals
        start = equals + 1 + len(text[equals + 1 :]) - len(text[equals + 1 :].lstrip())
        tail_start = _value_end(text, start)
        value = Piece(text[start:tail_start].rstrip(), start)
    head = Piece(text[:head_end].rstrip(), 0)
    tail = _TAIL.match(text, tail_start)
    if tail is None or tail.end() != len(text):
        rest_start = tail.end() if tail is not None else tail_start
        rest = text[rest_start:]
        offset = rest_start + len(rest) - len(rest.lstrip())
        return ShortForm(head, value, rest=Piece(rest.strip(), offset))
    since, until = (
        Piece(tail[name], tail.start(name)) if tail[name] is not None else None
        for name in ("since", "until")
    )
    return ShortForm(head, value, since, until)


def _value_end(text: str, start: int) -> int:
    """Find the end of a default: a quoted text, something in balanced brackets, or bare words."""
    if (quoted := _QUOTED.match(text, start)) is not None:
        return quoted.end()
    if text[start : start + 1] in {"[", "{"}:
        return _brackets_end(text, start)
    dates = _DATE_WORD.search(text, start - 1)
    return dates.start() if dates is not None else len(text)


def _brackets_end(text: str, start: int) -> int:
    depth, offset = 0, start
    while offset < len(text):
        character = text[offset]
        if character in "\"'" and (quoted := _QUOTED.match(text, offset)) is not None:
            offset = quoted.end()
            continue
        depth += (character in "[{") - (character in "]}")
        offset += 1
        if depth == 0:
            break
    return offset
