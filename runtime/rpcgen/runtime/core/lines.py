"""Requests that are handled one after the other: those that have the same `ordering_key` stand in a line.

The first of a line runs, or waits for a handler as others do; those behind it wait here, in the order in which they came.
Knows nothing of handlers, nor how many may wait.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Hashable

from rpcgen.runtime.core.job import Job


class Lines:
    """All lines of a server; `len` is how many requests are not the first of theirs."""

    __slots__ = ("_behind", "_length")

    def __init__(self) -> None:
        #: For each line, those behind the first; a line that is empty, but for the first, is there.
        self._behind: dict[Hashable, deque[Job]] = {}
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def occupied(self, job: Job) -> bool:
        """Whether a request would have to wait for another."""
        return job.line is not None and job.line in self._behind

    def enter(self, job: Job) -> bool:
        """Let a request into its line, if it has one; False if it is not the first there."""
        if job.line is None:
            return True
        behind = self._behind.get(job.line)
        if behind is None:
            self._behind[job.line] = deque()
            return True
        behind.append(job)
        self._length += 1
        return False

    def leave(self, job: Job) -> Job | None:
        """The first of a line has gone: the one that is the first now, if any."""
        behind = self._behind.get(job.line) if job.line is not None else None
        if behind is None:  # let go of before
            return None
        if not behind:
            del self._behind[job.line]
            return None
        self._length -= 1
        return behind.popleft()

    def last(self) -> Job | None:
        """The last request of the longest line; None if nobody waits behind another."""
        longest = max(self._behind.values(), key=len, default=None)
        return longest[-1] if longest else None

    def behind(self, job: Job) -> int:
        """How many requests are behind the first of the line of this one."""
        return len(self._behind[job.line])

    def remove(self, job: Job) -> bool:
        """Let a request wait no more; False if it is not behind another."""
        behind = self._behind.get(job.line) if job.line is not None else None
        if behind is None or job not in behind:
            return False
        behind.remove(job)
        self._length -= 1
        return True

    def clear(self) -> None:
        """Forget all."""
        self._behind.clear()
        self._length = 0
