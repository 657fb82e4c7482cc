"""The thread that owns a connection: connects, waits, beats, and connects again.

What is done on the connection is a `Duty`'s business; all of it happens on this thread, but for what an event loop can do
without waiting (`stint.py`). Others hand over work by leaving it with the duty and calling `ring`, which wakes the thread,
or the loop, once however often it is called.
"""

from __future__ import annotations

import logging
import os
import select
import threading
from collections.abc import Callable
from time import monotonic
from typing import TYPE_CHECKING, Final, Protocol

from rpcgen.runtime import descriptors
from rpcgen.runtime.core.repeats import Repeats, more
from rpcgen.runtime.drivers.amqp.broker import Broker
from rpcgen.runtime.drivers.amqp.hosts import Hosts
from rpcgen.runtime.drivers.amqp.lane import LaneClosed
from rpcgen.runtime.drivers.amqp.link import STARVED, Link, LinkLost, soon
from rpcgen.runtime.drivers.amqp.stint import Stint
from rpcgen.runtime.errors import AuthError, ConfigurationError, NotSent, RpcgenError
from rpcgen.runtime.farewell import Farewell

if TYPE_CHECKING:
    import asyncio

log = logging.getLogger("rpcgen.amqp")

#: Seconds: what the broker may take to declare all that a duty needs; to let us go; between two looks at the clock.
DECLARE: Final = 5.0
LEAVE: Final = 0.5
LOOK: Final = 0.1

#: The broker's codes for what trying again does not mend: we may not, or what is there is not as we describe it.
_REFUSED: Final = (403, 530)
_CLASHES: Final = (405, 406, 503)


class Duty(Protocol):
    """What a connection is for. Only whoever drives it calls these: the owner's thread, or a loop that it has lent it to.

    The loop calls `work` alone. There nothing may be waited for, so before asking the broker `work` has to see to it that
    all is as it was, and say `Link.expect_to_wait`: the thread then calls it again.
    """

    def begin(self, link: Link) -> None:
        """A connection is there: declare and consume. May raise LinkLost or LaneClosed."""
        ...

    def work(self, now: float) -> None:
        """Write what was handed over. May raise LinkLost or LaneClosed."""
        ...

    def due(self, now: float) -> float:
        """Seconds until `work` has something to do of its own accord."""
        ...

    def holds(self) -> bool:
        """Whether something was handed over that is not written, and can be."""
        ...

    def mend(self, closed: LaneClosed) -> None:
        """The broker closed a channel. May raise LinkLost or LaneClosed."""
        ...

    def end(self, error: RpcgenError) -> None:
        """There is no connection, again or still, and why."""
        ...

    def look(self, now: float) -> None:
        """While there is no connection: do what is due."""
        ...

    def leave(self, farewell: Farewell) -> None:
        """The last thing before we close the connection on purpose. May raise LinkLost or LaneClosed."""
        ...

    def gone(self) -> None:
        """There will be no connection any more: whatever is left stays."""
        ...


class Owner:
    """One thread and its connection.

    Args:
        broker: whom to connect.
        role: what for, in names and logs.
        duty: what for.
    """

    def __init__(self, broker: Broker, role: str, duty: Duty) -> None:
        self._broker = broker
        self._role = role
        self._duty = duty
        self._hosts = Hosts(broker.hosts, broker.options.reconnect_max)
        self._repeats = Repeats()
        #: Who drives the connection where nothing has to be waited for; None: the thread.
        self.loop: asyncio.AbstractEventLoop | None = None
        self._stint: Stint | None = None
        self._lends = True
        self._thread: threading.Thread | None = None
        self._bell, self._ear = -1, -1
        self._rung = False
        self._stopping = False
        self._farewell = Farewell(0.0, 0.0, 0.0)
        self._lock = threading.Lock()

    def start(self) -> None:
        """Begin to connect. Idempotent, for any thread.

        Raises:
            ConfigurationError: this process may open no more files.
        """
        with self._lock:
            if self._thread is not None or self._stopping:
                return
            try:
                self._ear, self._bell = os.pipe2(os.O_NONBLOCK | os.O_CLOEXEC)
            except OSError as error:
                raise ConfigurationError(descriptors.complaint()) from error
            name = f"rpcgen-amqp-{self._role}"
            self._thread = threading.Thread(target=self._run, name=name, daemon=True)
            self._thread.start()

    def ring(self) -> None:
        """See to it that what was handed over is done: by the loop if it drives, else by the thread."""
        stint = self._stint
        if stint is None or not stint.ring():
            self._wake()

    def _wake(self) -> None:
        """Wake the thread, if it has not been woken since it last looked."""
        if not self._rung:
            self._rung = True
            with self._lock:
                if self._bell >= 0:
                    os.write(self._bell, b"!")

    def stop(self, patience: float, longest: float = 0.0) -> None:
        """End, after at most `patience` seconds for what was handed over to leave. Idempotent.

        Args:
            patience: seconds, of which the broker has half to let us go.
            longest: seconds that it may take instead, while what was handed over goes on leaving.
        """
        half = patience / 2
        with self._lock:
            thread = self._thread
            farewell = self._farewell = Farewell(monotonic(), half, max(half, longest))
            self._stopping = True
        if thread is None or thread is threading.current_thread():
            return
        self._rung = False
        self._wake()
        while thread.is_alive() and (left := farewell.by + half - monotonic()) > 0.0:
            thread.join(left)

    # --- the thread -----------------------------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            while not (self._stopping or self._is_forsaken):
                link = self._connect()
                if link is not None:
                    self._serve(link)
        finally:
            self._duty.gone()
            with self._lock:
                os.close(self._ear)
                os.close(self._bell)
                self._bell = -1

    @property
    def _is_forsaken(self) -> bool:
        """Whether the loop that we serve was closed without stopping us: what we took from others, nobody would handle."""
        return self.loop is not None and self.loop.is_closed()

    def _connect(self) -> Link | None:
        host, pause = self._hosts.next(monotonic())
        self._idle(monotonic() + pause)
        if self._stopping:
            return None
        link: Link | None = None
        try:
            link = Link(self._broker, host, self._role, soon(self._broker.options.connect_timeout))
            link.answer_by(soon(DECLARE))
            self._duty.begin(link)
        except (LinkLost, LaneClosed) as error:
            told, code = str(error), error.code
        except Exception as error:  # as in `_serve`
            log.exception("%s: %s: unexpected", self._role, self._broker.text)
            told, code = repr(error), 0
        else:
            self._hosts.worked(host)
            return link
        if link is not None:
            link.hang_up()
        self._hosts.failed(host, monotonic())
        self._tell(f"{self._broker.text}: {host}: {told}", code)
        return None

    def _idle(self, until: float) -> None:
        """Wait without a connection."""
        while not self._stopping and (left := until - monotonic()) > 0.0:
            poll = select.poll()
            poll.register(self._ear, select.POLLIN)
            poll.poll(min(left, LOOK) * 1000)
            self._hear()
            self._duty.look(monotonic())

    def _hear(self) -> None:
        try:
            os.read(self._ear, 64)
        except BlockingIOError:
            return
        self._rung = False

    def _tell(self, text: str, code: int) -> None:
        """Say why there is no connection: to the duty always, to the log now and then."""
        # What this process lacks is other news than that the broker went away, and does not wait its turn behind that.
        self._warn("descriptors" if code == STARVED else "connection", text)
        self._duty.end(as_error(text, code))

    def _warn(self, kind: str, text: str) -> None:
        held = self._repeats.worth(monotonic(), kind)
        level = logging.DEBUG if held is None else logging.WARNING
        log.log(level, "%s: %s%s", self._role, text, more(held or 0))

    def _serve(self, link: Link) -> None:
        try:
            self._turns(link)
        except LinkLost as error:
            link.hang_up()
            self._tell(f"{self._broker.text}: {link.host}: {error}", error.code)
            return
        except Exception as error:  # a mistake of ours, or of a callback: this thread must live on
            link.hang_up()
            log.exception("%s: %s: unexpected", self._role, self._broker.text)
            self._tell(f"{self._broker.text}: {link.host}: {error!r}", 0)
            return
        self._duty.gone()
        link.close(soon(LEAVE))

    def _turns(self, link: Link) -> None:
        self._lends = self.loop is not None and not self.loop.is_closed()
        duty, line = self._duty, link.line
        poll = select.poll()
        poll.register(self._ear, select.POLLIN)
        while True:
            self._mending(link, duty.work)
            link.flush()
            now = monotonic()
            if self._is_forsaken and not self._stopping:
                self._farewell, self._stopping = Farewell(now, LEAVE, LEAVE), True
            holds = duty.holds()
            if self._stopping and not (
                (holds or line.waiting) and self._farewell.goes_on(now, line.gone)
            ):
                break
            if self.loop is not None and self._lends and not self._stopping:
                self._mending(link, lambda now: self._lend(link))
                continue
            wait = min(link.beat(now), max(0.0, duty.due(now)), LOOK if self._stopping else 1.0)
            poll.register(line.sock or -1, select.POLLIN | (select.POLLOUT if line.waiting else 0))
            poll.poll(0 if line.more or (holds and not line.waiting) else wait * 1000)
            self._hear()
            self._mending(link, lambda now: link.receive())
        link.answer_by(soon(LEAVE))
        self._mending(link, lambda now: duty.leave(self._farewell))

    def _lend(self, link: Link) -> None:
        """Let the loop drive until it cannot. Raises why, if it has failed."""
        assert self.loop is not None
        stint = self._stint = Stint(self.loop, link, self._duty, self._wake)
        poll = select.poll()
        poll.register(self._ear, select.POLLIN)
        stint.begin()
        try:
            while not (stint.over or self._stopping):
                due = self._duty.due(monotonic())
                # What is due by now was rung for: the loop has not run since.
                wait = min(stint.beat(monotonic()), due if due > 0.0 else LOOK, 1.0)
                poll.poll(wait * 1000)
                self._hear()
                stint.ring()
        finally:
            self._stint = None
            stint.take_back()
            self._lends = stint.begun and not self.loop.is_closed()
        if stint.error is not None:
            raise stint.error

    def _mending(self, link: Link, act: Callable[[float], object]) -> None:
        """Act; a channel that the broker closes meanwhile costs no more than itself."""
        link.answer_by(soon(DECLARE))
        try:
            act(monotonic())
        except LaneClosed as closed:
            self._warn("channel", f"{self._broker.text}: a channel was closed: {closed}")
            link.answer_by(soon(DECLARE))  # a loop may have driven it for long
            try:
                self._duty.mend(closed)
            except LaneClosed as again:
                raise LinkLost(str(again), again.code) from again


def as_error(text: str, code: int) -> RpcgenError:
    """What the broker's refusal with one of its codes means."""
    if code in _REFUSED:
        return AuthError(text)
    if code in _CLASHES:
        return ConfigurationError(text)
    return NotSent(text)
