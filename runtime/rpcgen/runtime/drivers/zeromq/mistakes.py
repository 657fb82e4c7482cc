"""Mistakes in files that people write: all of them are told at once."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

#: So many are told, and the rest is counted: what is a file of another kind has thousands.
MOST: Final = 8


def told(mistakes: Sequence[str]) -> str:
    """Mistakes in one line."""
    more = len(mistakes) - MOST
    return "; ".join(mistakes[:MOST]) + (f"; and {more} more" if more > 0 else "")
