"""Regular expressions made of others. Works on texts alone: that those can be read, and are quick, is known before."""

from __future__ import annotations

import re
from collections.abc import Iterable

#: What stands before the expression, and holds for all of it.
_FLAGS = re.compile(r"(?:\(\?[aimsux]+\))+")
#: What has a meaning of its own, and what only looks like it: escapes and sets.
_PARTS = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]|\(\?P<\w+>", re.DOTALL)


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
    before = _FLAGS.match(pattern)
    flags = "".join(sorted(set(before[0]) & set("aimsx"))) if before else ""
    rest = pattern[before.end() :] if before else pattern
    end = "\n" if "x" in flags else ""  # its last line may be a comment
    return f"(?{flags}:{_PARTS.sub(_unnamed, rest)}{end})"


def _unnamed(part: re.Match[str]) -> str:
    return "(" if part[0].startswith("(?P<") else part[0]
