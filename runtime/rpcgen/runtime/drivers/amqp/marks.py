"""When to ask the broker how far it has come, on a channel whose messages it does not confirm one by one. Knows no channel.

The broker takes what comes by a channel in order, so when it answers a question that was asked between two messages, it
has all before. A question for many messages costs it next to nothing, where confirmations cost a fifth of its work. (The
question is `channel.flow`, which asks for what is so already.)
"""

from __future__ import annotations

from collections import deque
from math import inf
from typing import Final

#: Seconds from one mark to the next, unless so many messages come between, or one whose fate somebody waits for.
PERIOD: Final = 0.1
MOST: Final = 256


class Marks:
    """The marks of one channel, among messages that are numbered in order."""

    __slots__ = ("_asked", "_last", "_next", "_published", "_urgent")

    def __init__(self) -> None:
        self._published = 0
        #: The number before the last mark; those before all marks that are not answered.
        self._last = 0
        self._asked: deque[int] = deque()
        self._next = -inf
        self._urgent = False

    def published(self, number: int, *, urgent: bool) -> None:
        """A message was; `urgent` if somebody waits to hear of it."""
        self._published = number
        self._urgent |= urgent

    def wait(self, now: float) -> float:
        """Seconds until the next mark, or less than none if it is due; infinity if there is nothing to mark."""
        unmarked = self._published - self._last
        if unmarked <= 0:
            return inf
        return -inf if self._urgent or unmarked >= MOST else self._next - now

    def asked(self, now: float) -> None:
        """A mark was made behind all that was published."""
        self._last = self._published
        self._asked.append(self._last)
        self._next = now + PERIOD
        self._urgent = False

    def answered(self) -> int:
        """The broker has come to the oldest mark: the number of the last message before it; 0 if there is no mark."""
        return self._asked.popleft() if self._asked else 0
