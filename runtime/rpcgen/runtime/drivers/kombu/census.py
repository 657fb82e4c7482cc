"""Who could answer a question to all servers, and who has. Does no I/O and knows no clock: `now` is an argument.

kombu can tell which queues get what is told to all, but not whether anybody reads them.
"""

from __future__ import annotations

from math import inf
from typing import Final

from msgspec import Struct
from rpcgen.runtime.drivers.kombu.directory import ASKED, SILENCE

#: Seconds, and questions, that somebody has not answered, after which nobody waits for it any more.
DOUBTFUL: Final = 1.0
MISSED: Final = 2


class _Member(Struct):
    """One who could answer.

    Attributes:
        heard: when it was heard last, or else seen for the first time.
        missed: questions since then.
        known: it was heard at all.
    """

    heard: float
    missed: int = 0
    known: bool = False


class Census:
    """Those that are asked, by their tokens. Not for several threads at once.

    Attributes:
        asked: when all were asked last.
    """

    def __init__(self) -> None:
        self.asked = -inf
        self._bound: dict[str, _Member] = {}

    def counted(self, bound: set[str], now: float) -> list[str]:
        """All were asked, and these could hear it; those of them that are dead."""
        self.asked = now
        members = self._bound
        self._bound = {token: members.get(token) or _Member(now) for token in sorted(bound)}
        dead: list[str] = []
        for token, member in self._bound.items():
            member.missed += 1
            if member.missed > ASKED and now - member.heard > SILENCE:
                dead.append(token)
        return dead

    def heard(self, token: str, now: float) -> None:
        """One has answered."""
        member = self._bound.setdefault(token, _Member(now))
        member.heard, member.missed, member.known = now, 0, True

    def left(self, token: str) -> None:
        """One will not answer any more."""
        self._bound.pop(token, None)

    def complete(self, since: float) -> bool:
        """Whether all were asked since, and nobody is to be waited for."""
        return self.asked >= since and all(
            self._is_doubtful(member) or (member.known and member.heard >= since)
            for member in self._bound.values()
        )

    def _is_doubtful(self, member: _Member) -> bool:
        return member.missed > MISSED and self.asked - member.heard > DOUBTFUL
