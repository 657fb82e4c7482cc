"""What became of earlier attempts to connect to one endpoint, and when the next may be made. Pure."""

from __future__ import annotations

from collections import deque
from random import random
from typing import Final

from rpcgen.runtime.errors import RpcgenError

#: So many attempts are made at most in any second, whoever asks: a dead server must not be stormed when it returns.
ATTEMPTS_PER_SECOND: Final = 3

_FIRST_PAUSE: Final = 0.1


class History:
    """Attempts to connect to one endpoint.

    Attributes:
        error: how the last attempt, or the last connection, ended; None while neither has.
        gone: the matchmaker says that nobody will ever be there again.
    """

    __slots__ = ("_attempts", "_longest", "_pause", "error", "gone")

    def __init__(self, longest_pause: float) -> None:
        self.error: RpcgenError | None = None
        self.gone = False
        self._attempts: deque[float] = deque(maxlen=ATTEMPTS_PER_SECOND)
        self._longest = longest_pause
        self._pause = _FIRST_PAUSE

    def wait(self, now: float) -> float:
        """Seconds until an attempt may be made; 0 if it may at once."""
        if len(self._attempts) < ATTEMPTS_PER_SECOND:
            return 0.0
        return max(0.0, self._attempts[0] + 1.0 - now)

    def began(self, now: float) -> None:
        """An attempt is being made."""
        self._attempts.append(now)

    def succeeded(self) -> None:
        """The server answered."""
        self.error = None
        self._pause = _FIRST_PAUSE

    def failed(self, error: RpcgenError) -> float:
        """It failed, or the connection was lost; the seconds after which to try again without being asked."""
        self.error = error
        # Full jitter would allow no pause at all, which the rate above then turns into a fixed one.
        pause = self._pause * (0.5 + random() / 2)
        self._pause = min(self._pause * 2, self._longest)
        return pause
