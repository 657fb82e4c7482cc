"""Mistakes in files that people write: all of them are told at once."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

#: So many are told: what is a file of another kind has hundreds of thousands, and nobody looks for those.
MOST: Final = 8


class Mistakes:
    """Some mistakes; as text they are one line."""

    __slots__ = ("_texts",)

    def __init__(self, texts: Iterable[str] = ()) -> None:
        self._texts = list(texts)

    def add(self, text: str) -> None:
        """One more, for people: where, and what."""
        self._texts.append(text)

    @property
    def enough(self) -> bool:
        """Whether whoever looks for more may give up: they are not told."""
        return len(self._texts) > MOST

    def __bool__(self) -> bool:
        return bool(self._texts)

    def __str__(self) -> str:
        return "; ".join((*self._texts[:MOST], "and more") if self.enough else self._texts)
