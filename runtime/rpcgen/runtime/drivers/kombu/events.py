"""Events: a group of subscribers has one queue, which stays, and whoever publishes looks who is bound (PROTOCOL.md 8.8).

What a group gets is delivered at most once: a message is in one queue, and is handed out once.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from time import monotonic
from typing import Final

from rpcgen.runtime import forks
from rpcgen.runtime.deliveries import Caller
from rpcgen.runtime.drivers.kombu import letters
from rpcgen.runtime.drivers.kombu.carriers.carrier import Carrier
from rpcgen.runtime.drivers.kombu.carriers.facts import LACKS
from rpcgen.runtime.drivers.kombu.letters import Letter
from rpcgen.runtime.drivers.kombu.line import Line
from rpcgen.runtime.drivers.kombu.names import Names, new_token
from rpcgen.runtime.drivers.kombu.thread import LineThread
from rpcgen.runtime.errors import AuthError, ConfigurationError, RpcgenError
from rpcgen.runtime.outgoing import Outgoing
from rpcgen.runtime.peers import Peer
from rpcgen.runtime.subscription import Heard, Subscription, Taken

log = logging.getLogger("rpcgen.kombu")

#: Seconds: what starting waits for the transport; between two looks whether we are to stop; for the last event to come.
START: Final = 5.0
LOOK: Final = 0.1
LAST: Final = 0.8


class EventPlace(Peer):
    """Where an event is published.

    Attributes:
        key: by which groups are bound.
    """

    __slots__ = ("key",)

    def __init__(self, name: str, key: str) -> None:
        super().__init__(name)
        self.key = key


def refuse(carrier: Carrier, event: str, *, kept: bool, dated: bool) -> None:
    """Raise ConfigurationError for what an interface promises of an event, and this transport cannot."""
    for asked, what in ((kept, "at_least_once"), (dated, "ttl")):
        if asked:
            raise ConfigurationError(
                f"kombu+{carrier.name} cannot deliver {event} with {_WORDS[what]}: {LACKS[what]}; use amqp://"
            )


_WORDS: Final = {"at_least_once": "delivery: at_least_once (at least once)", "ttl": "a ttl"}


def refuse_message(carrier: Carrier, place: EventPlace, message: Outgoing) -> None:
    """The same, of one that is about to be published."""
    refuse(carrier, place.name, kept=message.kept, dated=message.worthless is not None)


class EventDesk(LineThread):
    """A program that subscribes: a thread that takes as many events as can be run. A `Desk`.

    Args:
        carrier: over what.
        subscription: what it hears.
        arrived: gets each event, on its thread.

    Raises:
        ConfigurationError: the transport cannot do what is asked of it.
    """

    def __init__(
        self,
        carrier: Carrier,
        subscription: Subscription,
        arrived: Callable[[tuple[Caller, bytes]], object],
    ) -> None:
        for heard in subscription.events:
            refuse(carrier, str(heard.target), kept=heard.kept, dated=heard.dated)
        if subscription.group is None:
            raise ConfigurationError(
                f"kombu+{carrier.name} has no subscribers without a group: {LACKS['no group']}; name a group, or use amqp://"
            )
        self._names = names = Names(carrier.prefix)
        #: Nobody else reads or writes it: what comes here ends the wait for an event.
        self._own = names.member(new_token())
        super().__init__(carrier, "events", self._own, self._see_trouble)
        self._queues: dict[str, list[Heard]] = {}
        for heard in subscription.events:
            queue = names.group(heard.target, heard.interface, subscription.group)
            self._queues.setdefault(queue, []).append(heard)
        self._arrived = arrived
        self._born = forks.generation()
        self._room = threading.Semaphore(subscription.concurrency)
        #: Room for one event was made, and it has not come; the transport may have taken it from its queue.
        self._awaited = False
        self._asked = False
        self._subscribed = threading.Event()
        self.counters = {"foreign": 0}

    def _see_trouble(self) -> None:
        """Waiting is no use when we are not let in."""
        if isinstance(self.trouble, AuthError):
            self._subscribed.set()

    def wait(self) -> None:
        """Wait until events are kept for us, or a few seconds if the transport does not answer.

        Raises:
            ConfigurationError: it does not let us in.
        """
        subscribed = self._subscribed.wait(START)
        if isinstance(self.trouble, AuthError):
            self.close()
            raise ConfigurationError(str(self.trouble))
        if not subscribed:
            log.warning("%s does not answer; trying again in the background", self.carrier.text)

    # --- the thread -------------------------------------------------------------------------------------------------

    def begun(self, line: Line) -> None:
        """See `LineThread.begun`."""
        exchange = self._names.events()
        for queue, found in self._queues.items():
            line.subscribe(queue, exchange, [self._names.event(each.target) for each in found])
            line.take(queue, self._came)
        line.take(self._own, self._came)
        self._asked = False
        self._subscribed.set()

    def serve(self, line: Line) -> None:
        """See `LineThread.serve`."""
        while not self._stop.is_set():
            if self._awaited or self._room.acquire(timeout=LOOK):
                self._awaited = True
                self._asked = not line.drain(LOOK)
        self._end(line)

    def _end(self, line: Line) -> None:
        """Take what the transport may have taken for us already: nobody else would get it."""
        until = monotonic() + LAST
        if self._asked:
            line.send(self._own, letters.WAKE)
            while monotonic() < until and not line.drain(LOOK):
                pass
        line.remove(self._own)

    def _came(self, letter: Letter) -> None:
        if letter.kind == letters.EVENT:
            self._awaited = False
            self._arrived((Taken(self._room.release), letter.body))
        elif letter.kind != letters.WAKE:
            self.counters["foreign"] += 1

    def ended(self, error: RpcgenError | None) -> None:
        """See `LineThread.ended`: what waits in the queues of groups waits on."""

    # --- the server -------------------------------------------------------------------------------------------------

    def send(self, caller: Caller, frame: bytes) -> bool:
        """Nobody waits for an answer to an event."""
        return False

    def withdraw(self) -> None:
        """See `Listener.withdraw`."""
        forks.check(self._born)
        self.join(LAST + 2 * LOOK)

    def close(self) -> None:
        """See `Listener.close`."""
        if not forks.is_child(self._born):
            self.join(LAST + 2 * LOOK)
