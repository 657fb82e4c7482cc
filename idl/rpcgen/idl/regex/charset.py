"""Sets of characters as bit masks: one bit for each ASCII character, and one for all others together.

Taking all others together makes sets overlap that do not, never the reverse, which is the safe side for a proof that
two parts of a pattern cannot match the same text.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from rpcgen.idl.regex.tree import constants as c

ASCII_SIZE = 128
OTHERS = 1 << ASCII_SIZE
ALL = (1 << (ASCII_SIZE + 1)) - 1
_LETTERS = sum(1 << code for code in range(ASCII_SIZE) if chr(code).isalpha())
_NEWLINE = 1 << ord("\n")

_CATEGORIES: dict[Any, str] = {
    c.CATEGORY_DIGIT: r"\d",
    c.CATEGORY_NOT_DIGIT: r"\D",
    c.CATEGORY_SPACE: r"\s",
    c.CATEGORY_NOT_SPACE: r"\S",
    c.CATEGORY_WORD: r"\w",
    c.CATEGORY_NOT_WORD: r"\W",
}


@lru_cache(maxsize=16)
def _category(text: str) -> int:
    """Return the characters of a class such as `\\d`; each of them has members outside ASCII."""
    pattern = re.compile(text)
    return OTHERS | sum(1 << code for code in range(ASCII_SIZE) if pattern.match(chr(code)))


def literal(code: int) -> int:
    """Return the set of one character."""
    return 1 << code if code < ASCII_SIZE else OTHERS


def between(low: int, high: int) -> int:
    """Return the set of a range, both ends included."""
    mask = OTHERS if high >= ASCII_SIZE else 0
    top = min(high, ASCII_SIZE - 1)
    return mask | (((1 << (top + 1)) - 1) & ~((1 << low) - 1) if low <= top else 0)


def any_character(flags: int) -> int:
    """Return what `.` matches."""
    return ALL if flags & re.DOTALL else ALL & ~_NEWLINE


def folded(mask: int, flags: int) -> int:
    """Add the other case of each letter if case is ignored; a few characters outside ASCII fold into it."""
    if not flags & re.IGNORECASE:
        return mask
    swapped = 0
    for code in range(ASCII_SIZE):
        if mask >> code & 1:
            swapped |= 1 << ord(chr(code).swapcase())
    if mask & _LETTERS:
        swapped |= OTHERS
    if mask & OTHERS:
        swapped |= _LETTERS
    return mask | swapped


def members(items: list[tuple[Any, Any]], flags: int) -> int:
    """Return the set of `[...]`, given what Python's parser made of it."""
    mask, negated = 0, False
    for op, argument in items:
        if op is c.NEGATE:
            negated = True
        elif op is c.LITERAL:
            mask |= literal(argument)
        elif op is c.RANGE:
            mask |= between(*argument)
        else:
            mask |= _category(_CATEGORIES[argument])
    mask = folded(mask, flags)
    # The complement of some characters outside ASCII still has others there.
    return (ALL & ~mask) | OTHERS if negated else mask
