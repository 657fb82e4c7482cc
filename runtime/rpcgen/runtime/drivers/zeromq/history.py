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


class History:
    """Attempts to connect to one endpoint.

    Attributes:
        error: how the last attempt, or the last connection, ended; None while neither has.
        gone: the matchmaker says that nobody will ever be there again.
    """

    __slots__ = ("_counted", "_left", "_longest", "_pause", "error", "gone")

    def __init__(self, longest_pause: float) -> None:
        self.error: RpcgenError | None = None
        self.gone = False
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
        self._left = max(0.0, self._left - 1.0)

    def succeeded(self) -> None:
        """The server answered: it is not dead, so nothing of the past counts."""
        self.error = None
        self._left = float(BURST)
        self._pause = _FIRST_PAUSE

    def failed(self, error: RpcgenError) -> float:
        """It failed, or the connection was lost; the seconds after which to try again without being asked."""
        self.error = error
        # Half jitter: with a full one the pause could be next to nothing, again and again.
        pause = self._pause * (0.5 + random() / 2)
        self._pause = min(self._pause * 2, self._longest)
        return pause
