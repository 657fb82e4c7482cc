"""Regular expressions made of others. Works on texts alone: that those can be read, and are quick, is known before."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: What stands before the expression, and holds for all of it.
_BEFORE = re.compile(r"(?:\(\?[aimsux]+\))+")
#: Escapes, sets, comments, flags, names of groups, and the end: what has a meaning of its own, or hides what has.
_PARTS = re.compile(
    r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?#[^)]*\)|\(\?(?P<flags>[aimsux-]+)[:)]|\(\?P<\w+>|\$",
    re.DOTALL,
)
#: The same with the comments that flag x allows.
_PARTS_X = re.compile(f"{_PARTS.pattern}|#[^\n]*", re.DOTALL)


def exact(pattern: str) -> str:
    """The same where `$` stands for the end of the text alone; Python lets a line break follow.

    With flag m it stands for the ends of lines, and stays.
    """
    flags = _flags(pattern)
    return pattern if "m" in flags else _replaced(pattern, flags, "$", r"\Z")


def all_of(patterns: Iterable[str]) -> str:
    """One expression that is found wherever each of some is. Two that are alike are one.

    Each is searched for from the start, so it takes the time of all of them, one after the other.
    """
    different = list(dict.fromkeys(patterns))
    if len(different) == 1:
        return different[0]
    *ahead, last = (f"(?s:.*?){_group(each)}" for each in different)
    return "\\A" + "".join(f"(?={each})" for each in ahead) + last


def _group(pattern: str) -> str:
    """An expression as part of another: with its own flags, and without names, which another part may have, too."""
    before = _BEFORE.match(pattern)
    flags = "".join(sorted(set(before[0]) & set("aimsx"))) if before else ""
    rest = pattern[before.end() :] if before else pattern
    end = "\n" if "x" in flags else ""  # its last line may be a comment
    return f"(?{flags}:{_replaced(rest, flags + _flags(rest), '(?P<', '(')}{end})"


def _flags(pattern: str) -> str:
    """The flags of a pattern and of its parts."""
    return "".join(part["flags"] or "" for part in _PARTS.finditer(pattern))


def _replaced(pattern: str, flags: str, begins: str, by: str) -> str:
    """A pattern with something else in place of the parts that begin in some way."""
    parts = _PARTS_X if "x" in flags else _PARTS
    return parts.sub(lambda part: by if part[0].startswith(begins) else part[0], pattern)
