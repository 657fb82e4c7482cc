"""What was published on one channel and not yet confirmed, by our own numbers. Knows no channel.

The broker numbers the messages of a channel from 1; so do we. A return names no number: what is published carries it
(`letters.py`), and a return comes before the confirmation of the same message.
"""

from __future__ import annotations

from typing import Generic, TypeVar

Item = TypeVar("Item")


class Ledger(Generic[Item]):
    """One channel's messages, in the order of their numbers."""

    __slots__ = ("_items", "_last")

    def __init__(self) -> None:
        self._last = 0
        self._items: dict[int, Item] = {}

    def __len__(self) -> int:
        return len(self._items)

    def enter(self, item: Item) -> int:
        """The number of a message that is published now."""
        self._last += 1
        self._items[self._last] = item
        return self._last

    def settled(self, number: int, *, multiple: bool) -> list[Item]:
        """The messages that a confirmation is about; none if they were settled before."""
        if not multiple:
            item = self._items.pop(number, None)
            return [] if item is None else [item]
        numbers: list[int] = []
        for first in self._items:
            if first > number:
                break
            numbers.append(first)
        return [self._items.pop(each) for each in numbers]

    def returned(self, number: int) -> Item | None:
        """The message that came back; its confirmation is then about nothing."""
        return self._items.pop(number, None)

    def rest(self) -> list[Item]:
        """All that is left, when the channel has ended."""
        items = list(self._items.values())
        self._items.clear()
        return items
