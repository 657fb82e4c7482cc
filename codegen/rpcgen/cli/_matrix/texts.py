"""Texts of a wanted length that match a pattern. Knows the trees of regular expressions, and nothing of interfaces."""

from __future__ import annotations

import re
from typing import Any

from rpcgen.idl.regex import charset
from rpcgen.idl.regex.tree import constants as c
from rpcgen.idl.regex.tree import parse
from rpcgen.runtime.core.words import pattern_text

#: How often something that may be repeated is repeated, one attempt after the other.
_REPEATS = (0, 1, 2, 3, 4, 8, 16, 32)
#: The characters that are tried for a set, in this order.
_PREFERRED = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ_-.:/ "


class Unmakeable(Exception):
    """No value of the type was found."""


def text_like(pattern: str, low: int, high: int | None, number: int) -> str:
    """A text that a pattern finds itself in; texts of other numbers differ where they can.

    Raises:
        Unmakeable: none was found.
    """
    tree, flags = parse(pattern)
    for repeats in _REPEATS:
        for shift in (number, 0):
            text = _Writer(repeats, shift, flags).of(tree)
            for candidate in (text, text.ljust(low, "a")):
                fits = low <= len(candidate) and (high is None or len(candidate) <= high)
                if fits and re.search(pattern, candidate):
                    return candidate
    raise Unmakeable(f"found no text that matches {pattern_text(pattern)!r}")


class _Writer:
    """One attempt."""

    def __init__(self, repeats: int, number: int, flags: int) -> None:
        self._repeats = repeats
        self._number = number
        self._flags = flags

    def of(self, tree: Any) -> str:
        return "".join(self._piece(operation, value) for operation, value in tree)

    def _piece(self, operation: Any, value: Any) -> str:
        if operation is c.LITERAL:
            return chr(value)
        if operation in (c.IN, c.NOT_LITERAL, c.ANY):
            return self._member(operation, value)
        if operation is c.BRANCH:
            branches = value[1]
            return self.of(branches[self._number % len(branches)])
        if operation is c.SUBPATTERN:
            return self.of(value[-1])
        if operation in (c.MAX_REPEAT, c.MIN_REPEAT, c.POSSESSIVE_REPEAT):
            low, high, inner = value
            return "".join(self.of(inner) for _ in range(max(low, min(int(high), self._repeats))))
        if operation is c.ATOMIC_GROUP:
            return self.of(value)
        return ""  # an assertion

    def _member(self, operation: Any, value: Any) -> str:
        mask = self._mask(operation, value)
        found = [char for char in _PREFERRED if mask >> ord(char) & 1]
        found = found or [chr(code) for code in range(charset.ASCII_SIZE) if mask >> code & 1]
        if not found:
            raise Unmakeable("found no ASCII character of a set")
        self._number += 1
        return found[self._number % len(found)]

    def _mask(self, operation: Any, value: Any) -> int:
        if operation is c.ANY:
            return charset.any_character(self._flags)
        if operation is c.NOT_LITERAL:
            return charset.ALL & ~charset.literal(value)
        return charset.members(value, self._flags)
