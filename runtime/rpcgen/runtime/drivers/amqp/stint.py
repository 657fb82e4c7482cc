"""A connection that an event loop drives for as long as nothing has to be waited for. Knows no duty's business.

The owner's thread lends its connection. From then on frames are read and written in the loop: nothing crosses threads,
and what is handed over in one pass of the loop leaves by one write. The thread keeps the heartbeats, so that a loop that
is kept from running costs no connection; and it has the connection back when something must be asked of the broker,
when something has failed, or when it wants to.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Final

from rpcgen.runtime.drivers.amqp.link import Link, WouldWait

if TYPE_CHECKING:
    import asyncio

    from rpcgen.runtime.drivers.amqp.owner import Duty

#: What leaves at once even if more is to be handed over in the same pass of the loop, so that the others begin meanwhile.
BUNDLE: Final = 32


class Stint:
    """One time for which a connection is lent.

    Args:
        loop: who drives.
        link: what.
        duty: does what is to be done.
        ended: called when it is over of its own accord, on the loop's thread.

    Attributes:
        over: the loop does not touch the connection any more. Set with `_lock` held, as is all that touches it.
        error: why, if there is a reason.
        begun: whether the loop could begin.
    """

    def __init__(
        self, loop: asyncio.AbstractEventLoop, link: Link, duty: Duty, ended: Callable[[], None]
    ) -> None:
        self._loop, self._link, self._duty, self._ended = loop, link, duty, ended
        self._lock = threading.Lock()
        self._loops_thread = 0
        self._rung = False
        self._waiting = 0
        self._driving = False
        self._writing = False
        #: Its own descriptor, so that the loop never watches one that the thread has closed, and the system given away.
        self._watched: int | None = None
        self.over = False
        self.begun = False
        self.error: Exception | None = None

    # --- the owner's thread -----------------------------------------------------------------------------------------

    def begin(self) -> None:
        """Let the loop begin."""
        self._tell(self._begin)

    def beat(self, now: float) -> float:
        """As `Link.beat`; reads what has come if the loop has not done so for long."""
        with self._lock:
            if self.over:
                return 0.0
            line = self._link.line
            if now - line.heard > 1.0:
                self._link.receive()
            wait = self._link.beat(monotonic())
            self._link.flush()
            return wait

    def take_back(self) -> None:
        """The thread drives again."""
        with self._lock:
            self.over = True
        self._tell(self._leave)

    def _tell(self, act: Callable[[], None]) -> None:
        try:
            self._loop.call_soon_threadsafe(act)
        except RuntimeError:  # it is closed, and watches nothing
            self.over = True
            self._close()

    # --- any thread -------------------------------------------------------------------------------------------------

    def ring(self) -> bool:
        """Have the loop do what was handed over, once for all of it; False if the stint is over."""
        if self.over:
            return False
        here = threading.get_ident() == self._loops_thread
        if self._rung:
            self._waiting += 1
            if here and self._waiting >= BUNDLE and not self._driving:
                self._work()
            return True
        self._rung = True
        schedule = self._loop.call_soon if here else self._loop.call_soon_threadsafe
        try:
            schedule(self._work)
        except RuntimeError:  # closed
            self.over = True
            self._ended()
        return True

    # --- the loop's thread ------------------------------------------------------------------------------------------

    def _begin(self) -> None:
        self._loops_thread = threading.get_ident()
        self._drive(self._do_begin)

    def _do_begin(self) -> None:
        sock = self._link.line.sock
        assert sock is not None
        try:
            self._watched = os.dup(sock.fileno())
        except OSError:  # no descriptor is free
            self._fail(WouldWait())
            return
        self.begun = True
        self._loop.add_reader(self._watched, self._read)
        self._do_work()

    def _work(self) -> None:
        self._rung = False
        self._waiting = 0
        self._drive(self._do_work)

    def _do_work(self) -> None:
        self._duty.work(monotonic())
        self._link.flush()

    def _read(self) -> None:
        self._drive(self._link.receive)

    def _write(self) -> None:
        self._drive(self._do_work)

    def _drive(self, act: Callable[[], object]) -> None:
        with self._lock:
            if not self.over:
                self._link.may_wait, self._driving = False, True
                try:
                    act()
                except Exception as error:
                    self._fail(error)
                finally:
                    self._link.may_wait, self._driving = True, False
        if self.over:
            self._leave()
        else:
            self._watch()

    def _fail(self, error: Exception) -> None:
        """The thread deals with it."""
        self.over = True
        if not isinstance(error, WouldWait):
            self.error = error
        self._ended()

    def _watch(self) -> None:
        line, watched = self._link.line, self._watched
        if watched is None:
            return
        if line.waiting != self._writing:
            self._writing = line.waiting
            if self._writing:
                self._loop.add_writer(watched, self._write)
            else:
                self._loop.remove_writer(watched)
        if line.more:
            self._loop.call_soon(self._read)

    def _leave(self) -> None:
        if self._watched is not None:
            self._loop.remove_reader(self._watched)
            self._loop.remove_writer(self._watched)
            self._close()

    def _close(self) -> None:
        watched, self._watched = self._watched, None
        if watched is not None:
            os.close(watched)
