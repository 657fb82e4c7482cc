"""MAJOR.MINOR versions, compared as numbers: 5.10 is newer than 5.9."""

from __future__ import annotations

import re
from typing import NamedTuple

#: No leading zeros, ASCII digits, each part below 2**31 so that it fits every wire.
_TEXT = re.compile(r"(0|[1-9][0-9]{0,9})(?:\.(0|[1-9][0-9]{0,9}))?", re.ASCII)
_LIMIT = 2**31


class Version(NamedTuple):
    """A version of an interface; a tuple, so that comparing and hashing cost nothing."""

    major: int
    minor: int

    def __str__(self) -> str:
        return f"{self.major}.{self.minor}"


def parse_version(text: str, *, bare_major: bool = False) -> Version | None:
    """Read "6.5"; with `bare_major` also "6", which means 6.0. None if the text is no version."""
    match = _TEXT.fullmatch(text)
    if match is None or (match[2] is None and not bare_major):
        return None
    major, minor = int(match[1]), int(match[2] or 0)
    if major >= _LIMIT or minor >= _LIMIT:
        return None
    return Version(major, minor)
