"""Whether a server was away, and whose requests may be older than they look since then (PROTOCOL.md 3.1, 3.5).

A request says how much time it had when it left, and its server counts from when it reads it, which is right as long as
the server reads. One that was stopped, or whose loop was blocked, finds requests that lay there for as long as it was
away at most, and that their callers have given up. It cannot tell them from what was sent a moment ago; but their
callers can. So it refuses, with proof that nothing ran, what may be over, and whoever still waits sends it again: that
was sent after we were back, and so is all that follows it on the same connection.

Knows no clock and no sockets: the shells say when the server is there.
"""

from __future__ import annotations

from math import inf

from rpcgen.runtime.core.envelope import CALL, Request
from rpcgen.runtime.deliveries import Caller, Delivery
from rpcgen.runtime.errors import Expired, Stale

#: Seconds without a sign of life after which a server was away.
AWAY = 0.5

#: Seconds after which nothing comes any more that was sent while it was away. TCP repeats what a host did not take after
#: ever longer pauses: for as long again as the host was away, and at most for so long.
LONGEST = 120.0

#: Refused requests that are remembered; who sends more is refused again.
MOST = 65_536


class Presence:
    """When one server was there. Used under the shell's lock, if it has threads.

    Attributes:
        last_here: when it last said so (monotonic seconds).
        sure_until: requests that are read before are as old as they look.
    """

    __slots__ = ("_asked", "_doubt_until", "_fresh", "_left", "last_here", "sure_until")

    def __init__(self) -> None:
        self.sure_until = inf
        self.last_here = inf
        self._left = 0.0
        self._doubt_until = 0.0
        # By id alone: nobody else knows it, and a broker delivers every message as from another caller.
        self._asked: set[bytes] = set()
        self._fresh: set[Caller] = set()

    def here(self, now: float) -> None:
        """The server reads what comes; to be said several times in AWAY seconds."""
        if now > self.last_here + AWAY:
            self.away(self.last_here, now)
        self.last_here = now
        if now >= self._doubt_until:
            self.sure_until = now + AWAY
            self._asked.clear()
            self._fresh.clear()

    def away(self, left: float, now: float) -> None:
        """The server did not read from `left` until now."""
        if now >= self._doubt_until:
            self._left = left
        self._doubt_until = max(self._doubt_until, now + min(now - left, LONGEST))
        self.sure_until = -inf
        self._asked.clear()
        self._fresh.clear()

    def check(self, caller: Caller, request: Request, now: float) -> None:
        """Look closer at a request that is read after `sure_until`.

        Raises:
            Stale: its time may be over; its caller knows.
            Expired: the same, and nobody can be asked, nor does a broker hold it, which would know its age.
        """
        self.here(now)
        age, remaining = now - self._left, request.remaining
        if now >= self._doubt_until or remaining is None or not remaining < age:
            return
        held = isinstance(caller, Delivery)
        if request.how != CALL:
            if held:
                return
            raise Expired(f"{request.method}: {_why(age)}, and nobody waits who could be asked")
        if caller in self._fresh:
            return
        if request.id in self._asked:
            if not held:
                self._fresh.add(caller)
            return
        if len(self._asked) < MOST:
            self._asked.add(request.id)
        raise Stale(
            f"{request.method}: {_why(age)}; who still waits may send it again", retry_after=0.0
        )


def _why(age: float) -> str:
    return f"the server was away, and the request may be {age:.1f} s old, which is more than it had"
