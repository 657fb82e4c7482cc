"""What became of earlier attempts to connect to one endpoint, and when the next may be made. Pure."""

from __future__ import annotations

from random import random
from typing import Final

from rpcgen.runtime.errors import RpcgenError

#: Whoever asks, a dead endpoint is tried at most so many times in a row, and then so many times a second: less than 3
#: a second over any 10 seconds. A server must not be stormed when it returns, nor a caller wait long to find it.
BURST: Final = 4
RATE: Final = 2.5

_FIRST_PAUSE: Final = 0.1

#: Whoever wants all servers does not wait for one that did not answer an attempt that ended so many seconds ago, or that
#: has not answered the next one in so many seconds: such a server was not ready two seconds ago.
FRESH_FAILURE: Final = 1.0
SECOND_CHANCE: Final = 0.5


class History:
    """Attempts to connect to one endpoint.

    Attributes:
        error: how the last attempt, or the last connection, ended; None while neither has.
        gone: the matchmaker says that nobody will ever be there again.
    """

    __slots__ = ("_began", "_counted", "_failed", "_left", "_longest", "_pause", "error", "gone")

    def __init__(self, longest_pause: float) -> None:
        self.error: RpcgenError | None = None
        self.gone = False
        self._began = 0.0  # when the last attempt was made
        self._failed: float | None = None  # when it failed, unless it succeeded
        self._left = float(BURST)  # attempts that may be made at once
        self._counted = 0.0  # when they were counted last
        self._longest = longest_pause
        self._pause = _FIRST_PAUSE

    def wait(self, now: float) -> float:
        """Seconds until an attempt may be made; 0 if it may at once."""
        self._left = min(float(BURST), self._left + (now - self._counted) * RATE)
        self._counted = now
        return max(0.0, (1.0 - self._left) / RATE)

    def began(self, now: float) -> None:
        """An attempt is being made."""
        self.wait(now)
        self._began = now
        self._left = max(0.0, self._left - 1.0)

    def succeeded(self) -> None:
        """The server answered: it is not dead, so nothing of the past counts."""
        self.error = None
        self._failed = None
        self._left = float(BURST)
        self._pause = _FIRST_PAUSE

    def hopeless_from(self) -> float | None:
        """From when on nobody waits for an attempt that is under way because one failed before; None: it is the first."""
        return None if self._failed is None else self._began + SECOND_CHANCE

    def has_failed_since(self, then: float) -> bool:
        """Whether an attempt has failed that was begun since then, by whomever."""
        return self._failed is not None and then <= self._began <= self._failed

    def has_just_failed(self, now: float) -> bool:
        """Whether an attempt failed a moment ago."""
        return self._failed is not None and now - self._failed < FRESH_FAILURE

    def lost(self, error: RpcgenError) -> float:
        """The connection was lost; the seconds after which to try again without being asked."""
        self.error = error
        return self._next_pause()

    def failed(self, error: RpcgenError, now: float) -> float:
        """The attempt failed; the seconds after which to try again without being asked."""
        self.error = error
        self._failed = now
        return self._next_pause()

    def _next_pause(self) -> float:
        # Half jitter: with a full one the pause could be next to nothing, again and again.
        pause = self._pause * (0.5 + random() / 2)
        self._pause = min(self._pause * 2, self._longest)
        return pause
