"""A server's side, the same for both worlds: which queues there are, and the answers to what came by them.

Two connections: `Intake` takes requests, a `Publisher` sends answers. What comes is told on the intake's thread; the
faces for the two worlds (`blocking.py`, `aio.py`) bring it to the server.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Final

import msgspec
from rpcgen.runtime import forks
from rpcgen.runtime.core.repeats import Repeats, more
from rpcgen.runtime.deliveries import Caller
from rpcgen.runtime.drivers.amqp import letters
from rpcgen.runtime.drivers.amqp.broker import Broker
from rpcgen.runtime.drivers.amqp.intake import Intake
from rpcgen.runtime.drivers.amqp.junk import Junk
from rpcgen.runtime.drivers.amqp.manner import DressedAnswer, Manner, manner_of
from rpcgen.runtime.drivers.amqp.message import Properties
from rpcgen.runtime.drivers.amqp.publisher import Publisher
from rpcgen.runtime.drivers.amqp.queues import KeptQueue
from rpcgen.runtime.drivers.amqp.requests import Berth, Request
from rpcgen.runtime.drivers.amqp.track import Parcel
from rpcgen.runtime.errors import AuthError, ConfigurationError, NotSent, RpcgenError, TooLarge
from rpcgen.runtime.room import Room
from rpcgen.runtime.target import Target

if TYPE_CHECKING:
    import asyncio

log = logging.getLogger("rpcgen.amqp")

#: Seconds: what starting waits for the broker; for which a queue of answers that was not there is not written to again.
START: Final = 5.0
REMEMBER: Final = 60.0

#: Attempts at a message that is kept, before it is put aside; and seconds before the second, which double each time.
MAX_ATTEMPTS: Final = 5
PAUSE: Final = 0.2

#: Seconds before one is published again that the broker did not take. A queue that somebody deleted is there by then.
REPEAT: Final = 5.0

#: Seconds before an answer is tried again whose queue was not there.
ANSWER_PAUSE: Final = 0.5

#: Queues of answers that are remembered not to be there.
MAX_DEAD: Final = 10_000


class Desk:
    """A server's two connections.

    Args:
        broker: whom to connect.
        targets: the topics that are served.
        server: as whom.
        room: how much it takes.
        arrived: gets each request, on any thread.
        unsent: called for each answer that could not be handed over after all, on any thread.
        manner: of what it consumes; None: as servers of the URL's wire do.
    """

    def __init__(
        self,
        broker: Broker,
        targets: Sequence[Target],
        server: str,
        room: Room,
        arrived: Callable[[tuple[Caller, bytes]], object],
        unsent: Callable[[], None],
        manner: Manner | None = None,
    ) -> None:
        if not targets:
            raise ConfigurationError("a listener needs at least one target")
        self._broker = broker
        self._born = forks.generation()
        self._manner = manner = manner or manner_of(broker)
        topics = sorted({(target.exchange, target.topic) for target in targets})
        self._here = msgspec.msgpack.encode([server, topics])
        queues = manner.queues(topics, server, room)
        self._arrived = arrived
        take, ask = self._arrival, self._tell_who
        self.counters = counters = {"unreachable": 0, "again": 0, "dead": 0}
        self._publisher = Publisher(broker, "answers", lambda: None, bundles=manner.bundles)
        junk = Junk(self._publisher, room.concurrency + room.queue, counters).put
        self._intake = Intake(broker, manner, queues, room, take, ask, self._again, junk, counters)
        self._unsent = unsent
        self._dead: dict[str, float] = {}
        self._repeats = Repeats()
        self._closed = False

    def drive_by(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have a loop drive both connections where it can; before anything begins."""
        self._intake.owner.loop = self._publisher.owner.loop = loop

    def start(self) -> None:
        """Begin to connect."""
        self._publisher.owner.start()
        self._intake.owner.start()

    def wait(self) -> None:
        """Wait until requests are taken, or a few seconds if the broker does not answer.

        Raises:
            ConfigurationError: what is on the broker does not fit, or it does not let us in.
        """
        self._intake.begun.wait(START)
        trouble = self._intake.trouble
        if isinstance(trouble, AuthError | ConfigurationError):
            self.close()
            raise (
                trouble
                if isinstance(trouble, ConfigurationError)
                else ConfigurationError(str(trouble))
            )
        if not self._intake.begun.is_set():
            log.warning("%s does not answer; trying again in the background", self._broker.text)

    def send(self, caller: Caller, frame: bytes) -> bool:
        """See `Listener.send`."""
        forks.check(self._born)
        assert isinstance(caller, Request)
        dressed = self._manner.answer(frame, caller.label, together=caller.together)
        body = dressed[0]
        limit = self._broker.options.max_message
        if len(body) > limit:
            raise TooLarge(f"the answer has {len(body)} bytes, and max_message is {limit}")
        return self._publish(caller.reply_to, dressed, counts=True)

    def _publish(self, queue: str, dressed: DressedAnswer, *, counts: bool) -> bool:
        if self._closed or not self._manner.may_answer(queue) or self._is_dead(queue):
            return False
        tries = self._manner.answer_tries

        def settled(error: RpcgenError | None) -> None:
            nonlocal tries
            tries -= 1
            if _gone(error) and tries and not self._closed:
                self._publisher.put_later(parcel, monotonic() + ANSWER_PAUSE)
            elif error is not None:
                self._failed(queue, error)
                if counts:
                    self._unsent()

        body, properties, shared = dressed
        parcel = Parcel("", queue, body, properties, settled, again=True, shared=shared)
        try:
            self._publisher.put(parcel)
        except NotSent:
            return False
        return True

    def _arrival(self, request: tuple[Caller, bytes]) -> None:
        """Whoever asks has a queue for the answer, whatever became of the last."""
        caller = request[0]
        if self._dead and isinstance(caller, Request):
            self._dead.pop(caller.reply_to, None)
        self._arrived(request)

    def _failed(self, queue: str, error: RpcgenError) -> None:
        if _gone(error):
            self.counters["unreachable"] += 1
            if len(self._dead) >= MAX_DEAD:
                self._dead.clear()
            self._dead[queue] = monotonic() + REMEMBER

    def _is_dead(self, queue: str) -> bool:
        until = self._dead.get(queue)
        if until is None:
            return False
        if monotonic() < until:
            return True
        self._dead.pop(queue, None)
        return False

    def _tell_who(self, queue: str) -> None:
        self._publish(queue, (self._here, letters.here, None), counts=False)

    # --- what is kept -----------------------------------------------------------------------------------------------

    def _again(
        self, request: Request, berth: Berth, queue: KeptQueue, reason: str, hopeless: bool
    ) -> None:
        """Publish it anew, with what was learned, and acknowledge it when the broker has that."""
        kept = request.travels.failed(reason)
        dead = hopeless or kept.attempt > MAX_ATTEMPTS
        where = queue.dead if dead else queue.name
        if dead:
            self.counters["dead"] += 1
            log.error("put into %s at attempt %d: %s", where, request.attempt, ascii(reason[:500]))
        else:
            self.counters["again"] += 1
        message = request.message
        message_id = letters.id_of(message)

        def properties(number: int) -> Properties:
            remaining = None if dead else request.left()
            return letters.keep(
                number, message_id, request.reply_to, request.label, kept, remaining
            )

        def settled(error: RpcgenError | None) -> None:
            if error is None:
                berth.settle(message.tag)
                return
            berth.stays(message.tag)
            # The broker has the first copy, and gives it to somebody.
            if berth.over or self._closed:
                return
            # It does not while we hold that, and it takes the place of another.
            now = monotonic()
            held = self._repeats.worth(now, where)
            if held is not None:
                log.error("%s: %s; trying again in %d s%s", where, error, REPEAT, more(held))
            self._publisher.put_later(parcel, now + REPEAT)

        parcel = Parcel("", where, message.body, properties, settled, again=True, confirmed=True)
        pause = 0.0 if dead or message.redelivered else PAUSE * 2 ** (request.attempt - 1)
        self._publisher.put_later(parcel, monotonic() + pause)

    def withdraw(self) -> None:
        """See `Listener.withdraw`."""
        forks.check(self._born)
        self._intake.withdraw()

    def close(self) -> None:
        """See `Listener.close`."""
        if self._closed or forks.is_child(self._born):
            return
        self._closed = True
        self._publisher.owner.stop(0.6)
        self._intake.owner.stop(0.4)


def _gone(error: RpcgenError | None) -> bool:
    """Whether an answer came back because its queue is not there."""
    return isinstance(error, NotSent) and not isinstance(error, TooLarge)
