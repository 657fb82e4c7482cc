"""The client's side for threads.

Many threads share one driver. Whichever thread waits first becomes the leader: it polls the driver and hands out what
arrives; the others sleep on a lock of their own. A leader whose own answer came passes the lead on. So a single caller
pays for no hop between threads, and many callers pay for one poll. Where many wait, a thread of the transport's own
leads for as long, so that the lead does not go round among them.
"""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self

from rpcgen.runtime.core.call import Call
from rpcgen.runtime.core.calls import Calls, cancellation, patience, spare, wait_until, wants_room
from rpcgen.runtime.core.envelope import Reply
from rpcgen.runtime.counters import ClientCounters
from rpcgen.runtime.errors import ConfigurationError, NotSent, RpcgenError
from rpcgen.runtime.ids import new_id
from rpcgen.runtime.peers import Found, Peer
from rpcgen.runtime.proxy import Fanout, Sent
from rpcgen.runtime.transport import find_driver

if TYPE_CHECKING:
    from rpcgen.runtime.outbox.outbox import Outbox
    from rpcgen.runtime.outbox.tally import OutboxStatus
    from rpcgen.runtime.transports import World

#: With so many calls waiting a thread of its own leads, and until there are only so few.
CROWD, FEW = 16, 4

#: Seconds that it waits for an arrival, and rounds with few calls after which it ends.
ROUND, ROUNDS = 0.05, 50


class Transport:
    """An opened URL, for blocking clients; any number of clients and threads may share it.

    After using it: you must call `close()`, or use it as a context manager.

    Raises:
        ConfigurationError: the URL cannot be used.
    """

    world: ClassVar[World] = "blocking"

    def __init__(self, url: str) -> None:
        opened = self._opened = find_driver(url)
        self._url = opened.url
        self.wire = opened.wire
        self.counters = ClientCounters()
        self._outbox = opened.open_outbox()
        try:
            self._driver = opened.driver.connect(opened.url)
        except BaseException:
            if self._outbox is not None:
                self._outbox.close()
            raise
        self.counters.include(self._driver.counters)
        self._calls = Calls(new_id, self.counters, self.wire)
        # Guards the table of calls and the choice of the next leader; never held while waiting.
        self._lock = threading.Lock()
        # Whoever holds this leads. It knows its thread, so what a signal handler raises cannot leave it held.
        self._lead = threading.RLock()
        self._is_led = False  # true only while it is held
        self._has_leader = False
        self._pid = os.getpid()
        self._closed = False

    # --- used by clients ------------------------------------------------------------------------------------------

    def call(self, call: Call) -> None:
        """Send a call and wait until it is answered; then `call.answer` is set.

        Raises:
            NotSent: nobody took it.
        """
        while True:
            unsent: NotSent | None = None
            try:
                self._attempt(call)
            except NotSent as error:
                unsent = error
            if unsent is None and isinstance(call.answer, Reply):
                return  # nearly always
            other = None
            if wants_room(call, unsent):
                spare(call, time.monotonic())
                other = self._driver.peer(call.target)
            with self._lock:
                pause = self._calls.again(call, unsent, time.monotonic(), other)
            if pause is None:
                if unsent is not None and call.doubt is None:
                    raise unsent
                return
            if pause:
                time.sleep(pause)

    def _attempt(self, call: Call) -> None:
        peer = call.peer or self._route(call)
        call.waiter = threading.Lock()
        call.waiter.acquire()
        try:
            with self._lock:
                frame = self._calls.open(call, peer, time.monotonic())
            self._driver.send(peer, frame, call)
            self._wait(call)
        except BaseException as error:
            self._give_up(call, error)
            raise

    def cast(self, call: Call) -> Sent:
        """Send a cast; raises NotSent if it reached nobody."""
        if self._outbox is not None and call.kept:
            return self._keep(call, self._outbox)
        if call.target.fanout:
            peers, unreachable = self._fanout(call)
            fanout = Fanout(call, self._calls.cast(call, None, time.monotonic()), unreachable)
            for each in peers:
                with fanout.to(each):
                    left = patience(call, time.monotonic())
                    self._driver.post(each, fanout.frame, call, left)
            return fanout.sent()
        while True:
            peer = self._route(call)
            now = time.monotonic()
            frame = self._calls.cast(call, peer, now)
            try:
                self._driver.post(peer, frame, call, patience(call, now))
            except NotSent as unsent:
                if not self._calls.moves(call, unsent):
                    raise
            else:
                return Sent(call.id, (peer.name,))

    def _keep(self, call: Call, outbox: Outbox) -> Sent:
        """Leave a cast to the outbox."""
        from rpcgen.runtime.blocking.sending import wait_until_settled  # the driver has brought it

        self._check_usable()
        now = time.monotonic()
        frame = self._calls.cast(call, None, now)
        wait_until_settled(
            lambda settled: outbox.keep(call, call.target, frame, settled),
            patience(call, now),
            outbox.name,
        )
        return Sent(call.id, (outbox.name,))

    def outbox_status(self) -> OutboxStatus | None:
        """What there is in the outbox; None if the URL asks for none."""
        return None if self._outbox is None else self._outbox.status()

    def discover(self, timeout: float) -> list[Found]:
        """The servers that can be found now; waits at most `timeout` seconds."""
        self._check_usable()
        return self._opened.driver.discover(self._opened.url, timeout)

    def check_events(self) -> None:
        """Raise ConfigurationError unless events can be published."""
        self._opened.events()

    # --- routing --------------------------------------------------------------------------------------------------

    def _route(self, call: Call) -> Peer:
        self._check_usable()
        return self._driver.peer(call.target) or self._driver.route(
            call.target, patience(call, time.monotonic())
        )

    def _fanout(self, call: Call) -> tuple[Sequence[Peer], Sequence[str]]:
        self._check_usable()
        return self._driver.fanout(call.target, patience(call, time.monotonic()))

    def _check_usable(self) -> None:
        if self._closed:
            raise ConfigurationError("this client is closed")
        if self._pid != os.getpid():
            raise ConfigurationError(
                "this client was made before a fork; make one in the child process"
            )

    # --- waiting --------------------------------------------------------------------------------------------------

    def _wait(self, call: Call) -> None:
        if len(self._calls.pending) > CROWD and not self._has_leader:
            self._start_leader()
        try:
            while call.answer is None:
                if self._lead.acquire(blocking=False):
                    self._is_led = True
                    self._follow_driver(call)
                    self._is_led = False
                    self._lead.release()
                else:
                    self._sleep(call)
        except BaseException:
            # A signal handler may raise between any two steps, so we do not know where we are. The lock does.
            with suppress(RuntimeError):  # it is not ours
                self._lead.release()
                self._is_led = False
            raise
        finally:
            self._pass_lead()

    def _follow_driver(self, call: Call) -> None:
        """Lead: deliver what arrives until our own call is answered or overdue."""
        while call.answer is None:
            now = time.monotonic()
            self._end_if_overdue(call, now)
            if call.answer is not None:
                return
            if self._closed:  # and `close` did not see this call, so it was sent after
                self._end_all()
                return
            until = wait_until(call)
            self._deliver(None if until is None else max(0.0, until - now), call)

    def _deliver(self, timeout: float | None, own: Call | None, *, staying: bool = False) -> bool:
        """Poll once, and wake whoever was answered but for ourselves; False if nothing came."""
        arrivals = self._driver.poll(timeout, staying=staying)
        now = time.monotonic()
        for peer, arrival in arrivals:
            with self._lock:  # not for all at once: others want to send
                answered = self._calls.receive(peer, arrival, now)
            for call in answered:
                if call is not own:
                    _wake(call)
        return bool(arrivals)

    def _start_leader(self) -> None:
        with self._lock:
            if self._has_leader or self._closed:
                return
            self._has_leader = True
        threading.Thread(target=self._lead_crowd, name="rpcgen-leader", daemon=True).start()

    def _lead_crowd(self) -> None:
        """Lead as long as many wait. Deadlines are seen to by those who wait."""
        try:
            with self._lead:
                self._is_led = True
                rounds = ROUNDS
                while rounds and not self._closed:
                    came = self._deliver(ROUND, None, staying=True)
                    few = len(self._calls.pending) <= FEW
                    rounds = ROUNDS if not few else rounds - 1 if came else 0
                self._deliver(0.0, None)
        finally:
            self._has_leader = self._is_led = False
            self._pass_lead()

    def _sleep(self, call: Call) -> None:
        """Follow: sleep until the leader has our answer, or makes us the leader, or it is time to look."""
        until = wait_until(call)
        if until is None:
            call.waiter.acquire()
        else:
            call.waiter.acquire(timeout=max(0.0, until - time.monotonic()))
        if call.answer is None:
            self._end_if_overdue(call, time.monotonic())

    def _end_if_overdue(self, call: Call, now: float) -> None:
        error = self._calls.overdue(call, now)
        if error is not None:
            with self._lock:
                if call.answer is None:
                    self._calls.expire(call, error)
            self._tell_cancelled(call)

    def _pass_lead(self) -> None:
        """Whoever stops waiting makes sure that somebody leads: if nobody does, wake one that still waits.

        The one that is woken either leads, or stops waiting and comes here in turn, so the lead is never lost.
        """
        if self._is_led:
            return
        with self._lock:
            for other in self._calls.pending.values():
                if _wake(other):
                    return

    def _give_up(self, call: Call, error: BaseException) -> None:
        """The caller leaves without an answer (an exception in its thread, or a failed send)."""
        with self._lock:
            was_pending = self._calls.close(call)
        if was_pending:
            if not isinstance(error, RpcgenError):  # what a signal raised
                self.counters.cancelled += 1
            self._tell_cancelled(call)
        self._pass_lead()  # not before: ours was among those that wait

    def _tell_cancelled(self, call: Call) -> None:
        told = cancellation(call)
        if told is not None:
            with suppress(NotSent):  # nobody is there to be told
                self._driver.cancel(*told)

    # --- life -----------------------------------------------------------------------------------------------------

    def close(self) -> None:
        """Close all connections; calls that still wait end as ConnectionLost. Idempotent.

        Casts and events that were taken leave first: for as long as some do, a second at most, and a quarter of one while
        none does. What is left then is lost, counted as `counters.dropped`, and said in one record of the log. The end of
        the interpreter does the same for who was not closed. All takes two seconds at most.
        """
        if self._closed:
            return
        self._closed = True
        if self._pid != os.getpid():
            return  # what we hold belongs to our parent
        if self._outbox is not None:
            self._outbox.stop()
        self._end_all()
        self._driver.wake()
        with self._lead:  # the leader, if there is one, is out of the driver now
            self._driver.close()
        self._end_all()  # those that were sent since, and went to sleep because we had the lead
        if self._outbox is not None:
            self._outbox.close()

    def _end_all(self) -> None:
        with self._lock:
            for call in self._calls.end_all():
                _wake(call)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Transport {self._url}>"


def _wake(call: Call) -> bool:
    """Let a sleeping call's thread run; False if it was woken before and has not slept since."""
    lock: Any = call.waiter
    if lock is None or not lock.locked():
        return False
    try:
        lock.release()
    except RuntimeError:  # two threads woke it at once
        return False
    return True
