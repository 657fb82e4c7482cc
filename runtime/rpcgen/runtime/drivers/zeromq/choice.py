"""Choosing one of several servers. Knows nothing of connections: whoever may be chosen is in the pool."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from random import random
from typing import Final, Generic, TypeVar

from rpcgen.runtime.driver import Peer

P = TypeVar("P", bound=Peer)
Members = tuple[P, ...]


class Pool(Generic[P]):
    """The servers that can take a request of one topic.

    `members` is replaced, never changed, so `choose` may run in one thread while another adds or removes; that makes
    a change of membership O(n) and a choice O(1).
    """

    __slots__ = ("_pick", "members")

    def __init__(self, choice: str) -> None:
        self.members: Members[P] = ()
        self._pick: Callable[[Members[P]], P] = CHOICES[choice]()

    def choose(self) -> P | None:
        """One of the members, None if there is none."""
        members = self.members
        if len(members) > 1:
            return self._pick(members)
        return members[0] if members else None

    def add(self, member: P) -> None:
        """Let a server be chosen. Does nothing if it is there."""
        if member not in self.members:
            self.members = (*self.members, member)

    def remove(self, member: P) -> None:
        """Choose it no more. Does nothing if it is not there."""
        self.members = tuple(each for each in self.members if each is not member)


def _least() -> Callable[[Members[P]], P]:
    """Of two random servers the one with fewer outstanding calls: nearly as even as looking at all of them."""

    def pick(members: Members[P]) -> P:
        size = len(members)
        first = int(random() * size)
        second = int(random() * (size - 1))
        if second >= first:
            second += 1
        one, other = members[first], members[second]
        return one if one.outstanding <= other.outstanding else other

    return pick


def _round_robin() -> Callable[[Members[P]], P]:
    """One after the other."""
    turns = count(
        int(random() * 1024)
    )  # clients that start together do not all begin with the same server

    def pick(members: Members[P]) -> P:
        return members[next(turns) % len(members)]

    return pick


#: The values of the option `choice`.
CHOICES: Final = {"least": _least, "round_robin": _round_robin}
