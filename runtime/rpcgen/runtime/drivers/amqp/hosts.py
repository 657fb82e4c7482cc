"""Which host of several to try next, and when. Knows no socket and no clock: `now` is an argument, in monotonic seconds.

The order is random, so that the clients of a broker that restarts do not all come to the same host; each host has a
pause of its own, which doubles with each failure and is shortened at random by up to all of it (full jitter).
"""

from __future__ import annotations

import random as randomness
from collections.abc import Callable, Sequence

from rpcgen.runtime.url import Host

FIRST_PAUSE = 0.1


class Hosts:
    """The hosts of one connection.

    Args:
        hosts: in any order, at least one.
        longest: of all pauses, in seconds.
        random: a number from 0.0 to 1.0 at each call.
    """

    __slots__ = ("_due", "_failures", "_longest", "_order", "_random")

    def __init__(
        self,
        hosts: Sequence[Host],
        longest: float,
        random: Callable[[], float] = randomness.random,
    ) -> None:
        self._order = sorted(hosts, key=lambda host: random())
        self._longest = longest
        self._random = random
        self._failures: dict[Host, int] = {}
        self._due: dict[Host, float] = {}

    def next(self, now: float) -> tuple[Host, float]:
        """The host to try next, and the seconds to wait before."""
        host = min(self._order, key=lambda each: self._due.get(each, 0.0))
        return host, max(0.0, self._due.get(host, now) - now)

    def failed(self, host: Host, now: float) -> None:
        """It could not be connected to."""
        failures = self._failures[host] = self._failures.get(host, 0) + 1
        longest = min(self._longest, FIRST_PAUSE * 2.0 ** min(failures - 1, 16))
        # Not none at all: a host that refuses at once would be asked without end.
        self._due[host] = now + max(FIRST_PAUSE / 4, self._random() * longest)

    def worked(self, host: Host) -> None:
        """It has let us in."""
        self._failures.pop(host, None)
        self._due.pop(host, None)
