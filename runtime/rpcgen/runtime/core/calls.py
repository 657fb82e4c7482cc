"""The calls of one client side that wait for an answer: who waits, for whom, and until when. And the numbers of its fanouts."""

from __future__ import annotations

from collections.abc import Callable
from itertools import count
from typing import TYPE_CHECKING

from rpcgen.runtime.core.call import Call, Place
from rpcgen.runtime.core.codec import DECODE_ERRORS
from rpcgen.runtime.core.envelope import Beat, Refusal
from rpcgen.runtime.counters import ClientCounters
from rpcgen.runtime.errors import (
    AuthError,
    ConnectionLost,
    DeadlineExceeded,
    Draining,
    NotSent,
    Overloaded,
    RpcgenError,
    Stale,
    TooLarge,
    Undeliverable,
)
from rpcgen.runtime.peers import ANYBODY, News, Peer, Stranded, Undelivered
from rpcgen.runtime.target import Target

if TYPE_CHECKING:
    from rpcgen.runtime.core.retries import Retries
    from rpcgen.runtime.core.wires.wire import Wire

#: A call that a server took no notice of, or refused because it drains or was away, is sent again; so often at most.
MAX_MOVES = 3

_MOVING = {Draining.code, Stale.code}

#: Seconds for which a server that is overloaded is spared, if it does not say for how long, and at most.
SPARED, SPARED_MOST = 0.1, 2.0

#: Seconds that finding and connecting a server may take for a message that has no deadline.
CAST_TIMEOUT = 5.0

#: A series of fanouts has no more than this; the next one has another id.
LONGEST = 2**31 - 1


class Series:
    """The numbers that fanouts carry, so that a server can tell how many it has missed (PROTOCOL.md 3.1).

    One series for each topic. Safe for threads.
    """

    __slots__ = ("_new_id", "_series")

    def __init__(self, new_id: Callable[[], bytes]) -> None:
        self._new_id = new_id
        self._series: dict[tuple[str, str], tuple[bytes, count[int]]] = {}

    def next(self, target: Target) -> Place:
        """The place of the next fanout to a target."""
        key = (target.exchange, target.topic)
        series = self._series.get(key)
        if series is None:
            series = self._series.setdefault(key, (self._new_id(), count(1)))
        number = next(series[1])
        if number >= LONGEST:
            self._series.pop(key, None)
        return series[0], min(number, LONGEST)


class Calls:
    """The table of pending calls. Nothing here waits or wakes: the shell does, for the calls that are returned."""

    __slots__ = ("_new_id", "_retries", "_series", "_wire", "counters", "pending")

    def __init__(self, new_id: Callable[[], bytes], counters: ClientCounters, wire: Wire) -> None:
        self._new_id = new_id
        self._wire = wire
        self.counters = counters
        self.pending: dict[bytes, Call] = {}
        self._retries: Retries | None = None
        self._series = Series(new_id)

    def open(self, call: Call, peer: Peer, now: float) -> bytes:
        """Enter a call that is about to be sent to `peer`; its frame. You must `close` it whatever happens."""
        if not call.id:  # all attempts at one call share its id
            call.id = self._new_id()
            if call.plan.method.idempotent:
                self._budget().count(now)
        frame = call.frame(now)  # may raise, so before anything is entered
        call.peer = peer
        call.heard = now
        call.answer = call.part = None
        peer.outstanding += 1
        self.pending[call.id] = call
        self.counters.calls += 1
        return frame

    def cast(self, call: Call, peer: Peer | None, now: float) -> bytes:
        """The frame of a cast, which nobody waits for, and that is about to be sent to `peer`, or to several."""
        if not call.id:
            new_id = self._new_id
            call.id = new_id()
            if call.target.fanout:
                call.place = self._series.next(call.target)
            self.counters.casts += 1
        call.peer = peer
        return call.frame(now)

    def close(self, call: Call) -> bool:
        """Forget a call; False if it was closed before."""
        if self.pending.pop(call.id, None) is None:
            return False
        if call.peer is not None:
            call.peer.outstanding -= 1
        return True

    def receive(self, peer: Peer, arrival: News, now: float) -> list[Call]:
        """Take what a driver delivered; the calls that it answers, closed, with `answer` set."""
        if isinstance(arrival, RpcgenError):
            return self.lose(peer, arrival)
        if isinstance(arrival, Undelivered):
            return self._undelivered(peer, arrival)
        try:
            read = self._wire.read_answer(arrival)
        except DECODE_ERRORS:
            self.counters.unreadable += 1
            return []
        call = self.pending.get(read.id)
        if call is None or peer not in (call.peer, ANYBODY):
            # Late, or forged: an answer counts only from the server that was asked.
            self.counters.late += 1
            return []
        answer = self._wire.understand(call, read)
        if isinstance(answer, Beat):
            call.heard = now
            return []
        call.answer = answer
        self.close(call)
        if isinstance(answer, Refusal):
            self.counters.rejected += 1
            if answer.code == Overloaded.code:
                spare(call, now)
        else:
            self.counters.replies += 1
        return [call]

    def _undelivered(self, peer: Peer, arrival: Undelivered) -> list[Call]:
        call = self.pending.get(arrival.id)
        if call is None or call.peer is not peer:
            return []
        call.answer = arrival.error
        self.close(call)
        if not isinstance(arrival.error, NotSent):
            self.counters.lost += 1
        return [call]

    def lose(self, peer: Peer, error: RpcgenError) -> list[Call]:
        """The calls that `peer` had when it went away, each ended by `error`."""
        lost = [call for call in self.pending.values() if call.peer is peer]
        for call in lost:
            call.answer = error
            self.close(call)
        self.counters.lost += len(lost)
        return lost

    def end_all(self) -> list[Call]:
        """The client is being closed: the calls that still wait, which may have been run."""
        ended = list(self.pending.values())
        for call in ended:
            call.answer = ConnectionLost(
                f"{call.method}: the client was closed while the call was under way"
            )
            self.close(call)
        return ended

    def overdue(self, call: Call, now: float) -> RpcgenError | None:
        """Why a call has to end now although nothing came, or None."""
        if call.deadline is not None and now >= call.deadline:
            return DeadlineExceeded(f"{call.method}: no answer from {_name(call)} in time")
        silent_at = call.silent_at
        if silent_at is not None and now >= silent_at:
            return ConnectionLost(
                f"{call.method}: {_name(call)} has been silent for {call.plan.silence:g} s"
            )
        return None

    def expire(self, call: Call, error: RpcgenError) -> None:
        """End a call that is overdue."""
        call.answer = error
        if self.close(call):
            if isinstance(error, DeadlineExceeded):
                self.counters.expired += 1
            else:
                self.counters.lost += 1

    def sweep(self, now: float) -> list[Call]:
        """End all calls that are overdue."""
        ended: list[Call] = []
        for call in list(self.pending.values()):
            error = self.overdue(call, now)
            if error is not None:
                self.expire(call, error)
                ended.append(call)
        return ended

    def again(
        self, call: Call, unsent: NotSent | None, now: float, other: Peer | None
    ) -> float | None:
        """Seconds after which a call is to be sent again instead of ending; None: it ends, if `call.doubt` is set with its answer.

        Else `call.peer` is set if it is to go to a certain server.

        Args:
            call: one that was answered, or that could not be sent.
            unsent: why it could not; None if it was answered.
            now: monotonic seconds.
            other: whom the driver would choose now, if the call `wants_room`.
        """
        if self._moves(call, unsent):
            self._count_move(call)
            # Only the server that was away knows that it has asked for this call again.
            call.peer = call.peer if unsent is None and _refusal(call) == Stale.code else None
            return 0.0
        if other is not None and other is not call.peer and other.spared_until <= now:
            self._count_move(call)
            call.moves += 1
            call.peer = other
            return 0.0
        if not call.plan.method.idempotent:
            return None
        pause = self._budget().pause(call, unsent or call.answer, now)
        if pause is not None:
            self.counters.retried += 1
            call.peer = None
        return pause

    def _budget(self) -> Retries:
        """What keeps retries rare, of all calls since the first that may be retried."""
        if self._retries is None:
            from rpcgen.runtime.core.retries import Retries

            self._retries = Retries()
        return self._retries

    def moves(self, cast: Call, unsent: NotSent) -> bool:
        """Whether a cast that could not be sent is to be sent to another server."""
        moves = self._moves(cast, unsent)
        if moves:
            self._count_move(cast)
        return moves

    def _count_move(self, call: Call) -> None:
        call.attempt += 1
        self.counters.moved += 1

    def _moves(self, call: Call, unsent: NotSent | None) -> bool:
        """Whether nobody ran a call for a reason that is one server's alone: another may take it, at once."""
        if call.attempt >= MAX_MOVES:
            return False
        if unsent is not None:
            return call.peer is not None and not isinstance(
                unsent, (AuthError, TooLarge, Undeliverable)
            )
        return _refusal(call) in _MOVING or isinstance(call.answer, (Draining, Stranded))


def patience(call: Call, now: float) -> float:
    """Seconds that finding and connecting a server, and handing over the message, may take."""
    if call.deadline is None:
        return CAST_TIMEOUT
    return call.deadline - now if call.deadline > now else 0.0


def wait_until(call: Call) -> float | None:
    """When a call has to be looked at again if nothing comes (monotonic seconds); None: never."""
    silent_at = call.silent_at
    if call.deadline is None or (silent_at is not None and silent_at < call.deadline):
        return silent_at
    return call.deadline


def cancellation(call: Call) -> tuple[Peer, bytes] | None:
    """Who is to be told that nobody waits any more, and the frame that says it; None if nobody can be."""
    frame = call.plan.wire.write_cancel(call.id)
    return None if call.peer is None or frame is None else (call.peer, frame)


def wants_room(call: Call, unsent: NotSent | None) -> bool:
    """Whether a server had no room for a call, and another one may have some."""
    return (
        unsent is None
        and _refusal(call) == Overloaded.code
        and call.moves < MAX_MOVES - 1
        and call.target.server is None
    )


def spare(call: Call, now: float) -> None:
    """Have the server that had no room for a call left alone from now on, as long as it asked for.

    To be said once more before another one is chosen: its answer may be so old by then that it would be chosen again.
    """
    if not isinstance(call.answer, Refusal) or call.peer is None:
        return
    asked = call.answer.retry_after
    pause = asked if asked is not None and asked >= 0.0 else SPARED  # nor NaN
    call.peer.spared_until = max(call.peer.spared_until, now + min(pause, SPARED_MOST))


def _refusal(call: Call) -> str | None:
    """The code of the refusal that answered a call."""
    return call.answer.code if isinstance(call.answer, Refusal) else None


def _name(call: Call) -> str:
    return call.peer.name if call.peer is not None else str(call.target)
