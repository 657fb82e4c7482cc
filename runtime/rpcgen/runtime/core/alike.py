"""Keys that may hash alike: how many of them a reader bears in one message.

A map of Python's looks at the keys whose hashes are like that of a new one. Texts and bytes are hashed with a secret; how
numbers, arrays and times are hashed is known to all, so whoever chooses them well makes a map take time by the square of
its length. So before maps are made of a message, such keys are counted here, where none are made. What the keys are, and
whether they are chosen well, is not asked: honest ones are as many.
"""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

from rpcgen.runtime.core.codec import JSON, MSGPACK
from rpcgen.runtime.core.pairs import read_pairs
from rpcgen.runtime.errors import BadArguments

#: Keys of one map that may hash alike. At worst such a map takes 0.1 s, and some messages have a reader make it three times.
MOST: Final = 16_384
#: Entries that a map may have whatever its keys are: no message holds as many such maps as would take long.
FEW: Final = 15

#: Digits, and a sign, of a whole number of 64 bits.
_DIGITS: Final = 20


class _Count:
    """What is left of the squares of the numbers of such keys: many maps may cost as much as one."""

    __slots__ = ("_left",)

    def __init__(self) -> None:
        self._left = MOST * MOST

    def add(self, keys: int) -> None:
        self._left -= keys * keys
        if self._left < 0:
            raise BadArguments(
                f"its maps have more keys that are no text than a reader bears: {MOST:,} in one map, in several less"
            )


def refuse_alike(data: bytes) -> None:
    """Raise BadArguments if maps of a value in MessagePack might take too long; one of DECODE_ERRORS if it is none."""
    count = _Count()

    def take(pairs: list[tuple[object, Any]]) -> None:
        if len(pairs) <= FEW:
            return
        kinds = Counter(type(key) for key, _ in pairs)
        if tuple in kinds:
            raise BadArguments("a map with arrays as keys, expected text")
        count.add(len(pairs) - kinds[bytes])

    read_pairs(data, MSGPACK, take, raw=True)


def refuse_numbers(data: bytes) -> bool:
    """The same of JSON in which a map may be one with whole numbers as keys; and whether one has more than 64 bits."""
    count = _Count()
    huge = False

    def take(pairs: list[tuple[str, Any]]) -> None:
        nonlocal huge
        if len(pairs) <= FEW:
            return
        numbers = [key for key, _ in pairs if key.removeprefix("-").isdecimal()]
        count.add(len(numbers))
        huge = huge or any(len(number) > _DIGITS for number in numbers)

    read_pairs(data, JSON, take)
    return huge
