"""A thread that repeats a step: after the pause that the step asked for, or sooner when somebody pokes it.

It is a daemon and waits nowhere for long, so a process can end at any time. Knows nothing of what it does.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

log = logging.getLogger("rpcgen.zeromq")

#: Seconds between two steps at least.
_GAP: Final = 0.02

#: Seconds that `stop` waits for the step that is under way.
_PATIENCE: Final = 0.4

#: Seconds after a step that raised.
_AFTER_MISTAKE: Final = 1.0

#: Seconds between two lines of one source.
SILENCE: Final = 10.0

#: When a line of a source may be logged again: a process may have many clients and servers of one redis.
_silent_until: dict[str, float] = {}


def warn(source: str, text: str) -> None:
    """Log a warning, unless one of the same source was logged a short while ago."""
    now = time.monotonic()
    if now >= _silent_until.get(source, 0.0):
        _silent_until[source] = now + SILENCE
        log.warning("%s: %s", source, text)


class Worker:
    """Repeats a step until it is stopped; then `end`."""

    def __init__(self, name: str, step: Callable[[], float], end: Callable[[], None]) -> None:
        self.stopping = False
        self._step = step
        self._end = end
        self._lock = threading.Lock()
        self._bell = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)
        self._started = False

    def start(self) -> None:
        """Begin, if that has not been done."""
        if not self._started:
            with self._lock:
                if not self._started and not self.stopping:
                    self._started = True
                    self._thread.start()

    def poke(self) -> None:
        """Make the next step now, or as soon as this one is done."""
        self._bell.set()

    def stop(self) -> None:
        """Make one last step, and end; waits for it a short while. Idempotent."""
        with self._lock:
            self.stopping = True
        self._bell.set()
        if self._started:
            self._thread.join(_PATIENCE)

    def _attempt(self) -> float:
        try:
            return self._step()
        except Exception as error:  # a mistake of ours, which must not end the renewals
            warn(self._thread.name, f"unexpected {type(error).__name__}: {error}")
            return _AFTER_MISTAKE

    def _run(self) -> None:
        try:
            while True:
                is_last = self.stopping
                self._bell.clear()
                pause = self._attempt()
                if is_last:
                    break
                time.sleep(_GAP)
                self._bell.wait(pause)
        finally:
            self._end()
