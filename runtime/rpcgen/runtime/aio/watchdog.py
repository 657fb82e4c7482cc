"""Says which handler blocks an event loop, while it does.

A handler that waits without `await` stops everything else that its loop serves, and no exception tells of it. The loop
cannot say so itself; a thread can, and it costs the loop nothing: servers say ten times a second that they are there.
There is one thread for all servers of a process, as long as there are any. Knows no requests.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
import threading
from time import monotonic
from types import CodeType, FrameType
from typing import TYPE_CHECKING, Final

from rpcgen.runtime.core.presence import Presence
from rpcgen.runtime.core.repeats import Repeats, more

if TYPE_CHECKING:
    from rpcgen.runtime.core.job import Job

log = logging.getLogger("rpcgen.server")

#: Seconds without a sign of life after which a loop is blocked; three times ZeroMQ's `heartbeat` is longer.
BLOCKED: Final = 2.0

#: Seconds between two looks.
PERIOD: Final = 0.5


class Watched:
    """One server's loop, which runs in the thread that makes this.

    Args:
        server: its name.
        presence: says when the loop last ran.
        runners: the functions that run handlers; each has a local variable `job`.
    """

    def __init__(self, server: str, presence: Presence, runners: frozenset[CodeType]) -> None:
        self.loop = asyncio.get_running_loop()
        self.server = server
        self.presence = presence
        self.runners = runners
        self.thread = threading.get_ident()
        #: When the loop had last run that we have told of.
        self.told = 0.0


class Watchdog:
    """Looks at loops in a thread of its own."""

    def __init__(self) -> None:
        self.begin_anew()

    def begin_anew(self) -> None:
        """Forget everything. A child of `fork` has neither the thread nor the loops, and perhaps a lock that is held."""
        self._watched: set[Watched] = set()
        self._change = threading.Condition()
        self._running = False
        self._repeats = Repeats()

    def watch(self, watched: Watched) -> None:
        """Begin to look at a loop."""
        with self._change:
            self._watched.add(watched)
            if not self._running:
                self._running = True
                threading.Thread(target=self._run, name="rpcgen-watchdog", daemon=True).start()

    def unwatch(self, watched: Watched) -> None:
        """Look at it no more."""
        with self._change:
            self._watched.discard(watched)
            if not self._watched:
                self._change.notify()

    def _run(self) -> None:
        looked = awake = monotonic()
        while True:
            with self._change:
                self._change.wait_for(lambda: not self._watched, PERIOD)
                if not self._watched:
                    self._running = False
                    return
                all_watched = list(self._watched)
            now = monotonic()
            if now > looked + 2 * PERIOD:  # we did not run either: nobody's handler is to blame
                awake = now
            looked = now
            for watched in all_watched:
                self._look(watched, awake, now)

    def _look(self, watched: Watched, awake: float, now: float) -> None:
        if watched.loop.is_closed():  # its server was never stopped
            self.unwatch(watched)
        last = watched.presence.last_here
        if (
            now < max(last, awake) + BLOCKED
            or last == watched.told
            or not watched.loop.is_running()
        ):
            return
        watched.told = last
        # There is no other way to see what another thread is doing.
        frame = sys._current_frames().get(watched.thread)  # pyright: ignore[reportPrivateUsage]
        who, where = _culprit(frame, watched.runners)
        held = self._repeats.worth(now, who)
        if held is not None:
            log.warning(
                "%s has blocked the event loop of %s for %.1f s, at %s: nothing else is served; expected `await`, or a "
                "plain `def` handler, which runs on a thread%s",
                who,
                ascii(watched.server),
                now - last,
                where,
                more(held),
            )


def _culprit(frame: FrameType | None, runners: frozenset[CodeType]) -> tuple[str, str]:
    """Which handler runs in a thread, or what else, and the place in it."""
    place = innermost = frame
    while frame is not None:
        if frame.f_code in runners:
            return _name(frame.f_locals["job"]), _where(place)
        if not frame.f_globals.get("__name__", "").startswith("rpcgen.runtime."):
            place = frame
        frame = frame.f_back
    return "something that is no handler", _where(innermost)


def _name(job: Job) -> str:
    namespace, method = job.request.namespace, job.request.method
    return method if namespace is None else f"{namespace}.{method}"


def _where(frame: FrameType | None) -> str:
    if frame is None:
        return "an unknown place"
    return f"{frame.f_code.co_filename}:{frame.f_lineno} ({frame.f_code.co_qualname})"


#: The one of this process.
WATCHDOG: Final = Watchdog()

os.register_at_fork(after_in_child=WATCHDOG.begin_anew)
