"""The client's side for threads. The rules that make it safe are in `__init__.py`."""

from __future__ import annotations

import math
import threading
from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Final, TypeVar

from rpcgen.runtime import exits, forks
from rpcgen.runtime.drivers import keeps_nothing
from rpcgen.runtime.drivers.zeromq.blocking.mail import Mail
from rpcgen.runtime.drivers.zeromq.engine import LINGER, Engine
from rpcgen.runtime.drivers.zeromq.link import Link
from rpcgen.runtime.drivers.zeromq.options import ZmqOptions
from rpcgen.runtime.drivers.zeromq.search import Search
from rpcgen.runtime.drivers.zeromq.waiting import SWEEP, Waiter
from rpcgen.runtime.errors import ConfigurationError, NotSent
from rpcgen.runtime.peers import Arrival, Peer
from rpcgen.runtime.target import Target

if TYPE_CHECKING:
    from rpcgen.runtime.drivers.zeromq.matchmaker import Matchmaker
    from rpcgen.runtime.outgoing import Outgoing

T = TypeVar("T")
Ready = list[tuple[int, int]]

#: Sockets that are busy are not asked about the others at every poll, but every so many polls.
_TURNS: Final = 16

#: Seconds that `close` waits for a thread that is in `poll` or `route`; the bell has woken it.
_PATIENCE: Final = 0.4

#: With so many calls under way at a server, threads leave sending to the one that polls.
_CROWD: Final = 8

#: Seconds after which frames for which there was no room are tried again.
_RETRY: Final = 0.005

_CLOSED: Final = "this client is closed"


class BlockingClient:
    """A `ClientDriver`."""

    def __init__(self, matchmaker: Matchmaker, options: ZmqOptions) -> None:
        self._born = forks.generation()
        self._waiter = Waiter(bells=2)
        # The first rings for the leader, the second for a thread that pumps.
        self._bell, self._pump_bell = self._waiter.bells
        try:
            self._engine = Engine(matchmaker, options, self._watch, self._unwatch)
        except ConfigurationError:
            self._waiter.close()
            raise
        self.counters = self._engine.counters
        self._lock = threading.Lock()
        self._changed = threading.Condition(self._lock)
        self._watched: dict[int, tuple[Link, bool]] = {}
        self._unsure: dict[Link, None] = {}
        self._mail: Mail[Link] = Mail(self._bell, self._send_now, options.hwm, Link.takes_bundles)
        self._turns = 0
        self._leading = False  # a thread waits in `poll`
        self._seekers: set[Search] = set()  # those of threads in `route` and `fanout`
        # The one whose thread waits for sockets, because nobody is in `poll`.
        self._pumping: Search | None = None
        self._woken = False
        self._closed = False
        exits.remember(self)

    # --- choosing and sending -------------------------------------------------------------------------------------

    def peer(self, target: Target) -> Peer | None:
        """See `ClientDriver.peer`."""
        forks.check(self._born)
        engine = self._engine
        if monotonic() >= engine.fresh_until:
            self._refresh()
        return engine.choose(target)

    def _refresh(self) -> None:
        """Hear of what came while nobody polled, so that a server that has left is not chosen."""
        with self._lock:
            if self._closed:
                return
            if not self._leading and not self._pumping:
                self._ask_unsure()
                self._serve(self._waiter.wait(0))
            now = monotonic()
            self._engine.tick(now)
            self._engine.refresh(now)
            self._hand_over()

    def send(self, peer: Peer, frame: bytes, message: Outgoing | None = None) -> None:
        """See `ClientDriver.send`."""
        forks.check(self._born)
        assert isinstance(peer, Link)
        if (
            self._mail.staying
            and not self._closed
            and peer.outstanding > _CROWD
            and peer.state != "lost"
            and peer not in self._mail.full
        ):
            self._engine.check_size(frame)
            if not self._mail.leave(peer, frame, message):
                with self._lock:
                    self._flush()
            return
        self._send_at_once(peer, frame)

    def post(self, peer: Peer, frame: bytes, message: Outgoing, timeout: float) -> None:
        """See `ClientDriver.post`: nobody would be told of what is left to others, so it is not."""
        forks.check(self._born)
        assert isinstance(peer, Link)
        if message.kept:
            raise keeps_nothing()
        self._send_at_once(peer, frame)

    def _send_at_once(self, peer: Link, frame: bytes) -> None:
        with self._lock:
            if self._closed:
                raise NotSent(_CLOSED)
            if self._mail.lies:  # what was left before comes first
                self._flush()
                if peer in self._mail.full:
                    raise self._engine.no_room(peer)
            try:
                self._engine.send(peer, frame)
            finally:
                if not (self._leading or self._pumping):
                    self._unsure[peer] = None
                else:
                    if peer.readable():
                        self._receive(peer)
                    if self._engine.inbox or self._seekers:
                        self._hand_over()

    def _flush(self) -> None:
        if self._closed:
            return
        for link in list(self._mail.full):
            self._engine.observe(link)  # what a broken connection did not take must not leave on it
        self._mail.flush()
        if self._engine.inbox:
            self._hand_over()

    def _send_now(self, link: Link, message: bytes, count: int) -> bool:
        """Hand over what was left; False if there is no room."""
        self._unsure[link] = None
        return self._engine.send_late(link, message, count)

    # --- receiving ------------------------------------------------------------------------------------------------

    def poll(self, timeout: float | None, *, staying: bool = False) -> list[Arrival]:
        """See `ClientDriver.poll`."""
        forks.check(self._born)
        self._mail.staying = staying
        deadline = math.inf if timeout is None else monotonic() + timeout
        lock = self._lock
        while True:
            ready: Ready = []
            try:
                with lock:
                    wait = self._before_waiting(deadline)
                    if self._engine.inbox or self._woken or self._closed:
                        self._woken = False
                        return self._engine.take()
                    self._leading = self._mail.waiting = True
                if self._mail.lies and not self._mail.stuck:  # left since we looked
                    wait = 0
                ready = self._waiter.wait(wait)
            finally:  # whatever a signal handler raises, and wherever
                if self._leading:
                    self._leading = self._mail.waiting = False
                    with lock:
                        self._after_waiting(ready)
            if self._engine.inbox:
                with lock:
                    return self._engine.take()
            if (wait == 0 or not ready) and monotonic() >= deadline:
                return []
            if not ready and wait:
                self._sweep()

    def _before_waiting(self, deadline: float) -> float:
        """Send what was left to us, and ask the sockets of which we are not sure; how long to wait then."""
        engine, unsure = self._engine, self._unsure
        if self._mail.lies:
            self._flush()
            if self._mail.stuck:
                deadline = min(deadline, monotonic() + _RETRY)
        if unsure:
            self._ask_unsure()
            if self._seekers:
                self._hand_over()
        if engine.inbox:
            self._turns += 1
            if self._turns >= _TURNS:
                self._turns = 0
                self._serve(self._waiter.wait(0))
            return 0
        if unsure:
            return 0
        now = monotonic()
        return max(0.0, min(deadline, engine.timers.due, now + SWEEP) - now)

    def _sweep(self) -> None:
        """Trust no descriptor for longer than SWEEP: ask every socket once."""
        with self._lock:
            if self._closed:
                return
            links = {link for link, _ in self._watched.values()}
            self._unsure.update(dict.fromkeys(links))
            for link in links:
                self._engine.observe(link)

    def _ask_unsure(self) -> None:
        for link in list(self._unsure):
            if not link.readable() or self._engine.receive(link, again=True):
                self._unsure.pop(link, None)

    def _after_waiting(self, ready: Ready) -> None:
        if self._closed:
            self._changed.notify_all()
            return
        self._serve(ready)
        if self._engine.timers.due != math.inf:
            self._engine.tick(monotonic())
        if self._seekers:
            self._hand_over()

    def _serve(self, ready: Ready) -> None:
        """Act on descriptors that are readable."""
        for fd, _ in ready:
            watched = self._watched.get(fd)
            if watched is None:
                self._silence(fd)
                continue
            link, is_monitor = watched
            if is_monitor:
                self._unsure[link] = None  # the engine may send
                self._engine.observe(link)
            else:
                self._receive(link)

    def _silence(self, fd: int) -> None:
        if fd == self._bell.fd and not self._leading:
            self._bell.silence()
        elif fd == self._pump_bell.fd and not self._pumping:
            self._pump_bell.silence()

    def _receive(self, link: Link) -> None:
        if not self._engine.receive(link):
            self._unsure[link] = None

    def wake(self) -> None:
        """See `ClientDriver.wake`."""
        self._woken = True
        if not self._closed:
            self._bell.ring()

    def _watch(self, link: Link) -> None:
        self._watched[link.fd] = (link, False)
        self._watched[link.monitor.fd] = (link, True)
        self._waiter.add(link.fd)
        self._waiter.add(link.monitor.fd)

    def _unwatch(self, link: Link) -> Sequence[Outgoing]:
        for fd in (link.fd, link.monitor.fd):
            del self._watched[fd]
            self._waiter.discard(fd)
        self._unsure.pop(link, None)
        return self._mail.strand(link)

    # --- searching ------------------------------------------------------------------------------------------------

    def route(self, target: Target, timeout: float) -> Peer:
        """See `ClientDriver.route`."""
        search = Search(self._engine, target)
        found = self._seek(search, search.peer, timeout)
        if found is None:
            raise search.overdue(timeout)
        return found

    def fanout(self, target: Target, timeout: float) -> tuple[Sequence[Peer], Sequence[str]]:
        """See `ClientDriver.fanout`."""
        search = Search(self._engine, target)
        found = self._seek(search, search.everyone, timeout)
        return search.everyone_so_far() if found is None else found

    def _seek(self, search: Search, step: Callable[[], T | None], timeout: float) -> T | None:
        """Repeat a step until it finds something; None if the time is over."""
        forks.check(self._born)
        deadline = monotonic() + timeout
        try:
            while True:
                with self._lock:
                    self._seekers.add(search)
                    if self._closed:
                        raise NotSent(_CLOSED)
                    found = step()
                    if found is not None:
                        return found
                    wait = min(deadline, search.due) - monotonic()
                    if wait <= 0 and monotonic() >= deadline:
                        return None
                    pump_for = self._await_change(max(0.0, wait), search)
                if pump_for is not None:
                    self._pump(pump_for)
        finally:  # whatever a signal handler raises, and wherever
            if self._pumping is search:
                self._pumping = None
            with self._lock:
                self._seekers.discard(search)
                self._hand_over()

    def _await_change(self, wait: float, search: Search) -> float | None:
        """Wait, without the lock, for the leader to change something; without a leader, how long to do its work."""
        if self._leading or self._pumping:
            # Whoever waits for the sockets does not know of timers that we have set since.
            self._changed.wait(max(0.0, min(wait, self._engine.timers.due - monotonic())))
            self._engine.tick(monotonic())
            if self._engine.inbox:
                self._hand_over()
            return None
        news = self._engine.news
        longest = self._before_waiting(monotonic() + wait)
        if self._engine.news != news:
            return None
        self._pumping = search
        return longest

    def _pump(self, longest: float) -> None:
        """Wait for the sockets, as nobody is in `poll`."""
        ready: Ready = []
        try:
            ready = self._waiter.wait(longest)
        finally:
            self._pumping = None
            with self._lock:
                self._after_waiting(ready)

    def _hand_over(self) -> None:
        """Wake whoever waits for what this thread has received, or has to pump in its place."""
        if self._leading and self._engine.inbox:
            self._bell.ring()
        if self._pumping:
            self._pump_bell.ring()
        if self._seekers or self._closed:
            self._changed.notify_all()

    # --- closing --------------------------------------------------------------------------------------------------

    def cancel(self, peer: Peer, frame: bytes) -> None:
        """See `ClientDriver.cancel`."""
        self.send(peer, frame)

    def close(self) -> None:
        """See `ClientDriver.close`."""
        self.leave(LINGER)

    def leave(self, longest: float) -> None:
        """See `Leaver.leave`."""
        if forks.is_child(self._born):
            return  # it is the parent's
        with self._lock:
            if self._closed:
                return
            self._flush()
            self._closed = True
            self._bell.ring()
            self._hand_over()
            self._changed.wait_for(lambda: not (self._leading or self._pumping), _PATIENCE)
            self._engine.close(min(LINGER, longest))
        self._engine.end()
        self._waiter.close()
