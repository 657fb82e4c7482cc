"""A client's side, the same for both worlds: where messages go, where answers come from, and what became of the rest.

Two connections: `Publisher` sends requests, `Mailbox` takes answers. What happens is told by `News` on the threads of the
connections; the faces for the two worlds (`blocking.py`, `aio.py`) bring it to whoever waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from itertools import count
from time import monotonic
from typing import TYPE_CHECKING, Final

from rpcgen.runtime import exits, forks
from rpcgen.runtime.courier import Withdraw
from rpcgen.runtime.drivers import keeps_nothing
from rpcgen.runtime.drivers.amqp.broker import Broker
from rpcgen.runtime.drivers.amqp.mailbox import Mailbox
from rpcgen.runtime.drivers.amqp.manner import EventPlace, Place, manner_of
from rpcgen.runtime.drivers.amqp.message import Message, Properties
from rpcgen.runtime.drivers.amqp.publisher import Publisher
from rpcgen.runtime.drivers.amqp.search import Search
from rpcgen.runtime.drivers.amqp.track import Parcel
from rpcgen.runtime.dropped import Dropped
from rpcgen.runtime.errors import (
    AuthError,
    ConfigurationError,
    ConnectionLost,
    NotSent,
    RpcgenError,
    TooLarge,
    Undeliverable,
)
from rpcgen.runtime.outgoing import Outgoing
from rpcgen.runtime.peers import ANYBODY, Arrival, Peer, Stranded, Undelivered
from rpcgen.runtime.target import Target

if TYPE_CHECKING:
    import asyncio

#: Seconds for which a destination that took a message is believed to be there.
PROVEN: Final = 1.0

#: Seconds that messages have to leave when a client is closed, while some do.
LONGEST: Final = 1.0

#: Destinations that a client remembers.
MAX_PLACES: Final = 10_000


class Courier:
    """As `runtime.courier.Courier`: a client's two connections.

    Args:
        broker: whom to connect.
        arrived: gets all that arrives, on any thread.
        changed: called when `check` may say something else, on any thread.
    """

    def __init__(
        self, broker: Broker, arrived: Callable[[Arrival], object], changed: Callable[[], None]
    ) -> None:
        self.broker = broker
        self.born = forks.generation()
        self._arrived = arrived
        self._manner = manner_of(broker)
        self._labels = count(1)
        self._lock = threading.Lock()
        self._places: dict[Target, Place] = {}
        self._labelled: dict[str, Place] = {}
        self._changed = changed
        self._publisher = Publisher(broker, "requests", self._say, self._manner.exchange)
        self._mailbox = Mailbox(broker, self._manner, self._answered, self._lose, changed)
        self._closed = False
        self.counters = {"returned": 0, "foreign": 0}
        self._dropped = Dropped(self.counters, "rpcgen.amqp")
        exits.remember(self)

    def drive_by(self, loop: asyncio.AbstractEventLoop) -> None:
        """Have a loop drive both connections where it can; before anything begins."""
        self._mailbox.owner.loop = self._publisher.owner.loop = loop

    # --- where to ---------------------------------------------------------------------------------------------------

    def peer(self, target: Target) -> Peer | None:
        """The place of a target, if what goes there leaves at once."""
        forks.check(self.born)
        if self._closed or not self._publisher.ready or self._mailbox.queue is None:
            return None
        return self._places.get(target) or self._new_place(target)

    def search(self) -> Search:
        """Connect, if that has not begun."""
        forks.check(self.born)
        self._mailbox.owner.start()
        self._publisher.owner.start()
        return Search(self)

    def hopeless(self) -> RpcgenError | None:
        """Why waiting for a connection is no use, if it is."""
        if self._closed:
            return NotSent("this client is closed")
        for trouble in (self._publisher.trouble, self._mailbox.trouble):
            if isinstance(trouble, AuthError | ConfigurationError):
                return trouble
        return None

    def unreachable(self) -> NotSent:
        """Why there is no connection."""
        if self._publisher.blocked:
            text = "it is short of memory or disk, and takes nothing"
            return NotSent(f"{self.broker.text}: {text}")
        trouble = self._publisher.trouble or self._mailbox.trouble
        return NotSent(str(trouble or f"{self.broker.text}: it has not answered in time"))

    def _new_place(self, target: Target) -> Place:
        with self._lock:
            known = self._places.get(target)
            if known is not None:
                return known
            if len(self._places) >= MAX_PLACES:
                self._forget_idle()
            label = str(next(self._labels))
            place = self._manner.place(target, label)
            self._places[target] = place
            self._labelled[label] = place
            return place

    def _forget_idle(self) -> None:
        for target, place in list(self._places.items()):
            if place.outstanding == 0:
                del self._places[target]
                del self._labelled[place.label]

    # --- sending ----------------------------------------------------------------------------------------------------

    def send(self, peer: Peer, frame: bytes, message: Outgoing | None = None) -> None:
        """See `ClientDriver.send`."""
        forks.check(self.born)
        assert isinstance(peer, Place)
        message_id = b"" if message is None else message.id

        def settled(error: RpcgenError | None) -> None:
            if error is None:
                peer.proven = monotonic() + PROVEN
                return
            self._arrived((peer, Undelivered(message_id, self._explained(peer, error))))

        self._put(peer, frame, message, settled, awaited=True)

    def post(
        self,
        peer: Peer,
        frame: bytes,
        message: Outgoing,
        settled: Callable[[RpcgenError | None], None],
    ) -> Withdraw | None:
        """See `runtime.courier.Courier.post`."""
        forks.check(self.born)
        assert isinstance(peer, Place)
        if message.kept and not self._manner.keeps:
            raise keeps_nothing()
        settles = peer.settles(message)
        if monotonic() < peer.proven and not settles and self._publisher.waiting < peer.crowd:
            self._put(
                peer,
                frame,
                message,
                lambda error: self._cast_settled(peer, error),
                mandatory=message.required,
            )
            return None

        def told(error: RpcgenError | None) -> None:
            if error is None and not settles:
                peer.proven = monotonic() + PROVEN
            settled(error if error is None else self._explained(peer, error))

        parcel = self._put(peer, frame, message, told, mandatory=message.required, urgent=True)
        return lambda: self._publisher.withdraw(parcel)

    def _say(self) -> None:
        """On the publisher's thread, after it has told what became of many: write down what was dropped."""
        if self._closed:
            self._dropped.say(f"{self.broker.text}: the client was closed", last=True)
        else:
            self._dropped.say(str(self._publisher.trouble))
        self._changed()

    def _cast_settled(self, place: Place, error: RpcgenError | None) -> None:
        if error is None:
            place.proven = monotonic() + PROVEN
        elif isinstance(error, Stranded):
            self._dropped.add(place.name)
        elif isinstance(error, NotSent | ConfigurationError):
            place.proven = 0.0
            self.counters["returned"] += 1
        else:
            self._dropped.doubt()

    def _explained(self, place: Place, error: RpcgenError) -> RpcgenError:
        if isinstance(error, NotSent | ConfigurationError):
            place.proven = 0.0
            if isinstance(error, (Stranded, TooLarge)):
                return error
            if isinstance(error, AuthError | ConfigurationError):
                return type(error)(f"{self.broker.text}: {error}")
            if isinstance(error, Undeliverable) or not isinstance(place, EventPlace):
                return place.nobody(f"at {self.broker.text}: {error}")
            return NotSent(f"{place.name} at {self.broker.text}: {error}")
        return ConnectionLost(f"{self.broker.text}: {error}")

    def cancel(self, peer: Peer, frame: bytes) -> None:
        """See `ClientDriver.cancel`: nobody told us who took a request to any server, so all are told."""
        forks.check(self.born)
        assert isinstance(peer, Place)
        self._put(peer.everybody or peer, frame, None, lambda error: None, mandatory=False)

    def _put(
        self,
        place: Place,
        frame: bytes,
        message: Outgoing | None,
        settled: Callable[[RpcgenError | None], None],
        *,
        mandatory: bool = True,
        awaited: bool = False,
        urgent: bool = False,
    ) -> Parcel:
        reply_to = self._mailbox.queue
        if self._closed or reply_to is None:
            raise self.unreachable()
        body, made = self._manner.request(place, frame, message, reply_to, awaited=awaited)
        limit = self.broker.options.max_message
        if len(body) > limit:
            raise TooLarge(f"the message has {len(body)} bytes, and max_message is {limit}")
        kept = message is not None and message.kept

        def properties(number: int) -> Properties:
            return made(number, parcel.left)

        parcel = Parcel(
            place.exchange,
            place.key_of(message),
            body,
            properties,
            settled,
            deadline=None if message is None else message.deadline,
            mandatory=mandatory,
            again=kept,
            confirmed=kept,
            urgent=urgent,
            aside=not place.key and (place.declares is None or place.declares.passive),
            declares=place.declares,
        )
        self._publisher.put(parcel)
        return parcel

    # --- arriving ---------------------------------------------------------------------------------------------------

    def _answered(self, message: Message) -> None:
        label, frames = self._manner.read_answers(message) or ("", ())
        place = ANYBODY if label is None else self._labelled.get(label)
        if place is None:
            self.counters["foreign"] += 1
            return
        most = self._manner.most
        for frame in frames:
            if len(frame) <= most:
                self._arrived((place, frame))
            else:
                self.counters["foreign"] += 1

    def _lose(self, why: str) -> None:
        """No request that was sent before now is sure to be answered; those that are sent from now on are."""
        with self._lock:
            places, self._places, self._labelled = self._places, {}, {}
        for place in places.values():
            self._arrived((place, ConnectionLost(f"{self.broker.text}: {why}")))

    def close(self) -> None:
        """Close both connections. Idempotent.

        Takes at most a second, and half a second longer while what was taken goes on leaving.
        """
        self.leave(LONGEST)

    def leave(self, longest: float) -> None:
        """See `Leaver.leave`."""
        if self._closed or forks.is_child(self.born):
            return
        self._closed = True
        end = monotonic() + min(0.9, longest)
        self._publisher.owner.stop(min(0.5, longest), longest)
        self._mailbox.owner.stop(max(0.1, end - monotonic()))
