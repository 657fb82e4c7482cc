"""Requests that wait: callers take turns, so that one who asks for much makes the others wait no longer.

Knows nothing of what runs, nor how many may wait.
"""

from __future__ import annotations

from collections import deque

from rpcgen.runtime.core.job import Job
from rpcgen.runtime.deliveries import Caller


class Turns:
    """A line for each caller. The order of a caller's requests is kept.

    Attributes:
        length: how many wait.
    """

    __slots__ = ("_lines", "length")

    def __init__(self) -> None:
        #: In the order of their turns.
        self._lines: dict[Caller, deque[Job]] = {}
        self.length = 0

    def add(self, job: Job) -> None:
        """Let a request wait behind those of its caller."""
        line = self._lines.get(job.caller)
        if line is None:
            line = self._lines[job.caller] = deque()
        line.append(job)
        self.length += 1

    def next(self) -> Job:
        """Take the first request of the caller whose turn it is."""
        caller, line = next(iter(self._lines.items()))
        job = line.popleft()
        self.length -= 1
        del self._lines[caller]
        if line:
            self._lines[caller] = line  # behind all others
        return job

    def of(self, caller: Caller) -> int:
        """How many requests of a caller wait."""
        return len(self._lines.get(caller, ()))

    def give_way(self, caller: Caller) -> Job | None:
        """Take the last request of the longest line, for one of a caller that has less than its share.

        None if the caller has as much.
        """
        own = self._lines.get(caller, ())
        others = len(self._lines) + (caller not in self._lines)
        if len(own) >= self.length // others:
            return None
        line = max(self._lines.values(), key=len)
        if len(line) <= len(own) + 1 or line[-1].kept:
            return None
        self.length -= 1
        return line.pop()

    def remove(self, job: Job) -> bool:
        """Let a request wait no more; False if it did not."""
        line = self._lines.get(job.caller)
        if line is None or job not in line:
            return False
        line.remove(job)
        self.length -= 1
        if not line:
            del self._lines[job.caller]
        return True

    def clear(self) -> None:
        """Forget all."""
        self._lines.clear()
        self.length = 0
