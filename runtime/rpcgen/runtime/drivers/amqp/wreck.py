"""What became of the messages that a channel had not confirmed when the broker closed it. Knows no channel.

The broker takes the messages of a channel in order, closes it at the first that it refuses, and reads none after that.
It says why, but not at which.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, Protocol

from msgspec import Struct

_SIZE: Final = re.compile(r"message size (\d+) is larger")
_EXCHANGE: Final = re.compile(r"exchange '([^']*)'")


class Published(Protocol):
    """What is known of a message."""

    @property
    def exchange(self) -> str: ...
    @property
    def frame(self) -> bytes: ...


class Wreck(Struct, frozen=True):
    """Messages by what became of them, as places in their order.

    Attributes:
        taken: the broker went past all before this one.
        refused: this one it has not taken, and none after it; those between may have been taken.
        oversize: it was too large.
    """

    taken: int
    refused: int
    oversize: bool = False


def examine(sent: Sequence[Published], reason: str) -> Wreck:
    """Which of the messages that were sent, at least one, was refused for a reason in the broker's words."""
    if (size := _SIZE.search(reason)) is not None:
        large = [at for at, item in enumerate(sent) if len(item.frame) == int(size[1])]
        if large:  # a limit is one for all, so it was the first
            return Wreck(large[0], large[0], oversize=True)
    if (exchange := _EXCHANGE.search(reason)) is not None:
        there = [at for at, item in enumerate(sent) if item.exchange == exchange[1]]
        if there:  # it may have been there for the first of them
            return Wreck(there[0], there[-1])
    return Wreck(0, len(sent) - 1)
