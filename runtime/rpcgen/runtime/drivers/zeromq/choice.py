"""Choosing one of several servers. Knows nothing of connections: whoever may be chosen is in a pool."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from random import random
from time import monotonic
from typing import Final, Generic, TypeVar

from rpcgen.runtime.drivers.zeromq.matchmakers import Topic
from rpcgen.runtime.peers import Peer
from rpcgen.runtime.target import Target


class Serving(Peer):
    """A server that said who it is.

    Attributes:
        server, serves: its name and its topics; set before it is in a pool, and not changed while it is.
    """

    __slots__ = ("server", "serves")

    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.server: str | None = None
        self.serves: frozenset[Topic] = frozenset()


P = TypeVar("P", bound=Serving)
Members = tuple[P, ...]

#: Servers that are looked at for one that is not overloaded: all of a small fleet, and few of a large one.
_LOOKED: Final = 16


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
            chosen = self._pick(members)
            return _instead_of(chosen, members) if chosen.spared_until else chosen
        return members[0] if members else None

    def add(self, member: P) -> None:
        """Let a server be chosen. Does nothing if it is there."""
        if member not in self.members:
            self.members = (*self.members, member)

    def remove(self, member: P) -> None:
        """Choose it no more. Does nothing if it is not there."""
        self.members = tuple(each for each in self.members if each is not member)


def _instead_of(chosen: P, members: Members[P]) -> P:
    """One that is not to be spared, of the chosen server and some others; the chosen one if there is none.

    A server that refuses at once has few calls outstanding, so without this it would be chosen most.
    """
    now, size = monotonic(), len(members)
    start = int(random() * size)
    for each in (chosen, *(members[(start + n) % size] for n in range(min(size, _LOOKED)))):
        if each.spared_until <= now:
            each.spared_until = 0.0
            return each
    return chosen


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


class Pools(Generic[P]):
    """A pool for each topic, and for each server of a topic."""

    def __init__(self, choice: str) -> None:
        self._choice = choice
        self._pools: dict[tuple[str, str, str | None], Pool[P]] = {}

    def choose(self, target: Target) -> P | None:
        """A server of the target, None if there is none. One lookup: this runs for every call."""
        pool = self._pools.get((target.exchange, target.topic, target.server))
        return pool.choose() if pool is not None else None

    def add(self, member: P) -> None:
        """Let a server be chosen for all that it serves."""
        for key in _keys(member):
            pool = self._pools.get(key)
            if pool is None:
                pool = self._pools[key] = Pool(self._choice)
            pool.add(member)

    def remove(self, member: P) -> None:
        """Choose it no more."""
        for key in _keys(member):
            pool = self._pools.get(key)
            if pool is not None:
                pool.remove(member)
                if not pool.members:
                    del self._pools[key]

    def rest(self, member: P) -> bool:
        """Remove it where there are others; True if there are. `add` ends the rest."""
        crowded = [
            pool
            for key in _keys(member)
            if (pool := self._pools.get(key)) and len(pool.members) > 1 and member in pool.members
        ]
        for pool in crowded:
            pool.remove(member)
        return bool(crowded)

    def clear(self) -> None:
        """Choose nobody any more."""
        self._pools.clear()


def _keys(member: Serving) -> Iterator[tuple[str, str, str | None]]:
    for exchange, topic in member.serves:
        yield exchange, topic, None
        yield exchange, topic, member.server
