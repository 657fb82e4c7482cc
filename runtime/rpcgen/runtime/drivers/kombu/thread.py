"""A thread that has a connection: how it comes to have one, again and again, and how it ends."""

from __future__ import annotations

import logging
import random
import threading
from abc import abstractmethod
from collections.abc import Callable
from time import monotonic
from typing import Final

from rpcgen.runtime.core.repeats import Repeats, more
from rpcgen.runtime.drivers.kombu.carriers.carrier import Carrier
from rpcgen.runtime.drivers.kombu.line import Line, LineLost
from rpcgen.runtime.errors import AuthError, NotSent, RpcgenError

log = logging.getLogger("rpcgen.kombu")

#: Seconds before the second attempt to connect, twice as long before each further one; the first is made at once.
FIRST_PAUSE: Final = 0.1


class LineThread:
    """The thread of one line.

    Args:
        carrier: of what.
        role: what for, in names and logs.
        sender: whose letters leave by it.
        changed: called when `ready` or `trouble` may have changed, on any thread.
    """

    def __init__(
        self, carrier: Carrier, role: str, sender: str, changed: Callable[[], None]
    ) -> None:
        self.carrier = carrier
        self._role = role
        self._sender = sender
        self._changed = changed
        self._thread: threading.Thread | None = None
        self._lock = threading.Lock()
        self._repeats = Repeats()
        self._stop = threading.Event()
        self.ready = False
        self.trouble: RpcgenError | None = None

    def start(self) -> None:
        """Begin to connect. Idempotent, for any thread."""
        with self._lock:
            if self._thread is not None or self._stop.is_set():
                return
            name = f"rpcgen-kombu-{self._role}"
            self._thread = threading.Thread(target=self._run, name=name, daemon=True)
            self._thread.start()

    def join(self, patience: float) -> None:
        """Wait until it has ended; a library that does not come back keeps it, and its connection, a while longer."""
        with self._lock:
            self._stop.set()
            thread = self._thread
        if thread is not None and thread is not threading.current_thread():
            thread.join(patience)

    @abstractmethod
    def begun(self, line: Line) -> None:
        """There is a connection. May raise LineLost."""

    @abstractmethod
    def serve(self, line: Line) -> None:
        """Use it until we are to stop. May raise LineLost."""

    @abstractmethod
    def ended(self, error: RpcgenError | None) -> None:
        """There is no connection, again or still, and why; None if we have closed it."""

    def _run(self) -> None:
        pause = 0.0
        while not self._stop.wait(pause * random.uniform(0.5, 1.0)):
            pause = min(max(FIRST_PAUSE, pause * 2), self.carrier.options.reconnect_max)
            if self._live():
                pause = FIRST_PAUSE
        self.ended(None)
        self._changed()

    def _live(self) -> bool:
        """One connection, from its beginning to its end; False if there was none."""
        line: Line | None = None
        began = False
        error: RpcgenError | None = None
        try:
            line = Line(self.carrier, self._sender)
            self.begun(line)
            self.trouble = None
            began = self.ready = True
            self._changed()
            self.serve(line)
        except LineLost as lost:
            error = self._told(lost)
        except Exception as mistake:  # of ours: this thread must live on
            log.exception("%s: %s: unexpected", self._role, self.carrier.text)
            error = NotSent(f"{self.carrier.text}: {mistake!r}")
        finally:
            self.ready = False
            self.trouble = error
            if line is not None:
                line.close()
        if error is not None:
            self.ended(error)
            self._changed()
        return began

    def _told(self, lost: LineLost) -> RpcgenError:
        """Why there is no connection, which goes to the log now and then."""
        text = f"{self.carrier.text}: {lost}"
        held = self._repeats.worth(monotonic(), str(lost))
        level = logging.DEBUG if held is None else logging.WARNING
        log.log(level, "%s: %s%s", self._role, text, more(held or 0))
        return (AuthError if lost.refused else NotSent)(text)
