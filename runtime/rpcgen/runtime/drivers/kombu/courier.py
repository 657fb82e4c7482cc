"""A client's side, the same for both worlds: which servers there are, what goes to them, and what comes from them.

Two threads with a connection each: one sends, one takes what comes to the client's queue. What happens is told by `News` on
these threads; the faces for the two worlds (`blocking.py`, `aio.py`) bring it to whoever waits.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from math import inf
from time import monotonic
from typing import Final

from rpcgen.runtime import forks
from rpcgen.runtime.courier import Withdraw
from rpcgen.runtime.drivers.kombu import letters
from rpcgen.runtime.drivers.kombu.carriers.carrier import Carrier
from rpcgen.runtime.drivers.kombu.carriers.facts import LACKS
from rpcgen.runtime.drivers.kombu.census import Census
from rpcgen.runtime.drivers.kombu.directory import Directory, Lost, Station
from rpcgen.runtime.drivers.kombu.events import EventPlace, refuse_message
from rpcgen.runtime.drivers.kombu.letters import Letter
from rpcgen.runtime.drivers.kombu.line import Line
from rpcgen.runtime.drivers.kombu.names import Names, new_token
from rpcgen.runtime.drivers.kombu.search import Search
from rpcgen.runtime.drivers.kombu.sender import Act, Job, Sender
from rpcgen.runtime.drivers.kombu.taker import LOOK, Taker
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
from rpcgen.runtime.peers import Arrival, Peer, Undelivered
from rpcgen.runtime.target import Target

#: Seconds between two questions who is there, while somebody waits for an answer or has sent something so lately.
BEAT: Final = 1.0
LATELY: Final = 8.0


class Courier:
    """As `runtime.courier.Courier`: a client.

    Args:
        carrier: over what.
        arrived: gets all that arrives, on any thread.
        changed: called when a search may have found something, on any thread.
    """

    def __init__(
        self, carrier: Carrier, arrived: Callable[[Arrival], object], changed: Callable[[], None]
    ) -> None:
        self.carrier = carrier
        self.born = forks.generation()
        self._arrived, self._changed = arrived, changed
        self._names = Names(carrier.prefix)
        self._queue = queue = self._names.reply(new_token())
        self._lock = threading.Lock()
        self._directory = Directory()
        self._census = Census()
        self._sender = Sender(carrier, "requests", queue, changed)
        self._taker = Taker(carrier, "answers", queue, changed, self._open, self._look, self._lose)
        self._used = -inf
        self._asking = False
        self._closed = False
        self.counters = {"foreign": 0, "lost": 0}

    # --- where to ---------------------------------------------------------------------------------------------------

    def search(self) -> Search:
        """Connect, if that has not begun."""
        forks.check(self.born)
        self._taker.start()
        self._sender.start()
        return Search(self)

    @property
    def ready(self) -> bool:
        """Whether requests leave, and answers arrive."""
        return self._sender.ready and self._taker.ready and not self._closed

    def peer(self, target: Target) -> Peer | None:
        """A server of a target, if one was heard a moment ago."""
        forks.check(self.born)
        if not self.ready:
            return None
        if target.event is not None:
            return EventPlace(str(target), self._names.event(target))
        now = monotonic()
        with self._lock:
            return self._directory.choose(target, now)

    def hopeless(self) -> RpcgenError | None:
        """Why waiting for a connection is no use, if it is."""
        if self._closed:
            return NotSent("this client is closed")
        for trouble in (self._sender.trouble, self._taker.trouble):
            if isinstance(trouble, AuthError):
                return trouble
        return None

    def unreachable(self) -> NotSent:
        """Why there is no connection."""
        trouble = self._sender.trouble or self._taker.trouble
        return NotSent(str(trouble or f"{self.carrier.text}: it has not answered in time"))

    # --- asking -----------------------------------------------------------------------------------------------------

    def ask(self) -> None:
        """Ask all servers who is there, unless that is about to happen."""
        with self._lock:
            if self._asking:
                return
            self._asking = True
        try:
            self._sender.put(Job(self._ask, self._asked))
        except NotSent:  # there is no connection any more; whoever searches waits for the next
            self._asking = False

    def _asked(self, error: RpcgenError | None) -> None:
        self._asking = False

    def _ask(self, line: Line) -> None:
        self._asking = False
        exchange = self._names.directory()
        asked = monotonic()
        line.tell_all(exchange, letters.WHO)
        bound = {self._names.ear_token(queue) for queue in line.bound(exchange)}
        with self._lock:
            self._directory.asking()
            dead = self._census.counted({each for each in bound if each is not None}, asked)
        self._changed()
        for token in dead:
            self._bury(line, token)

    def complete(self, since: float) -> bool:
        """Whether all servers that can be expected to answer a question of that time have done so."""
        with self._lock:
            return self._census.complete(since)

    def heard(self, target: Target, since: float) -> tuple[list[Station], list[Station]]:
        """The servers of a target that have answered since, and those that have not."""
        with self._lock:
            serving = self._directory.serving(target)
        return [s for s in serving if s.heard >= since], [s for s in serving if s.heard < since]

    def stations(self) -> list[Station]:
        """All servers that were heard of."""
        with self._lock:
            return self._directory.all()

    def _bury(self, line: Line, token: str) -> None:
        """Have nothing left of a server that is gone, and could not clear up itself."""
        line.unbind(self._names.ear(token), self._names.directory())
        self._clear(line, token)

    def _clear(self, line: Line, token: str) -> None:
        """Have nothing left of what we sent to a server after it had cleared up itself."""
        line.remove(self._names.server(token))

    # --- sending ----------------------------------------------------------------------------------------------------

    def send(self, peer: Peer, frame: bytes, message: Outgoing | None = None) -> None:
        """See `ClientDriver.send`."""
        message_id = b"" if message is None else message.id

        def settled(error: RpcgenError | None) -> None:
            if error is not None:
                self._arrived((peer, Undelivered(message_id, error)))

        self._put(peer, frame, message, settled)

    def post(
        self,
        peer: Peer,
        frame: bytes,
        message: Outgoing,
        settled: Callable[[RpcgenError | None], None],
    ) -> Withdraw:
        """See `runtime.courier.Courier.post`."""
        if isinstance(peer, EventPlace):
            return self._publish(peer, frame, message, settled)
        if message.kept:
            raise ConfigurationError(
                f"kombu+{self.carrier.name} cannot deliver at_least_once: {LACKS['at_least_once']}; use amqp://"
            )
        job = self._put(peer, frame, message, settled)
        return lambda: self._sender.withdraw(job)

    def _publish(
        self,
        place: EventPlace,
        frame: bytes,
        message: Outgoing,
        settled: Callable[[RpcgenError | None], None],
    ) -> Withdraw:
        forks.check(self.born)
        refuse_message(self.carrier, place, message)
        self._check_size(frame)
        taken = 0

        def act(line: Line) -> None:
            nonlocal taken
            taken = line.publish(self._names.events(), place.key, frame)

        def told(error: RpcgenError | None) -> None:
            if error is None and not taken and message.required:
                error = Undeliverable(f"nobody subscribes to {place.name} at {self.carrier.text}")
            settled(error)

        job = Job(act, told, inf if message.deadline is None else message.deadline)
        self._sender.put(job)
        return lambda: self._sender.withdraw(job)

    def cancel(self, peer: Peer, frame: bytes) -> None:
        """See `ClientDriver.cancel`."""
        self._put(peer, frame, None, lambda error: None)

    def _put(
        self,
        peer: Peer,
        frame: bytes,
        message: Outgoing | None,
        settled: Callable[[RpcgenError | None], None],
    ) -> Job:
        forks.check(self.born)
        assert isinstance(peer, Station)
        self._check_size(frame)
        if not self.ready:
            raise self.unreachable()
        if peer.gone:
            raise NotSent(f"{peer.name} is gone")
        self._used = monotonic()
        deadline = None if message is None else message.deadline
        expires = None if message is None else message.expires

        def act(line: Line) -> None:
            left = None if expires is None else expires - monotonic()
            line.send(peer.queue, letters.REQUEST, frame, left)

        job = Job(act, settled, inf if deadline is None else deadline)
        self._sender.put(job)
        return job

    def _check_size(self, frame: bytes) -> None:
        limit = self.carrier.options.max_message
        if len(frame) > limit:
            raise TooLarge(f"the message has {len(frame)} bytes, the limit is {limit}")

    # --- arriving ---------------------------------------------------------------------------------------------------

    def _open(self, line: Line) -> None:
        line.take(self._queue, self._came)

    def _came(self, letter: Letter) -> None:
        token = self._names.server_token(letter.sender)
        if token is None:
            if letter.kind != letters.WAKE:
                self.counters["foreign"] += 1
        elif letter.kind == letters.ANSWER:
            with self._lock:
                station = self._directory.by_token(token)
            if station is not None:
                self._arrived((station, letter.body))
            else:
                self.counters["foreign"] += 1
        elif letter.kind == letters.HERE:
            self._here(token, letter)
        elif letter.kind == letters.END:
            with self._lock:
                lost = self._directory.ended(token)
                self._census.left(token)
            self._tell(lost, self._clear)
        else:
            self.counters["foreign"] += 1

    def _here(self, token: str, letter: Letter) -> None:
        said = letters.read_here(letter.body)
        if said is None:
            self.counters["foreign"] += 1
            return
        now = monotonic()
        with self._lock:
            self._census.heard(token, now)
            lost = self._directory.here(token, letter.sender, said, now)
        self._tell(lost)
        self._changed()

    def _look(self, line: Line, now: float) -> float:
        """Ask while it matters, and see who does not answer; seconds until the next look."""
        with self._lock:
            matters = now - self._used < LATELY or self._directory.waited_for()
            due = now - self._census.asked >= BEAT
            lost = self._directory.silent(now)
        self._tell(lost, self._bury)
        if matters and due:
            self.ask()
        return LOOK

    def _lose(self, error: RpcgenError | None) -> None:
        """What comes to our queue may have been lost with the connection, and with it answers of every server."""
        with self._lock:
            text = f"{self.carrier.text}: the connection for answers was lost: {error}"
            lost = [] if error is None else self._directory.drop(ConnectionLost(text))
        self._tell(lost)

    def _tell(self, lost: Lost, then: Callable[[Line, str], None] | None = None) -> None:
        """Whoever waits for a server learns that it is no more; `then` clears up after it."""
        for token, station, error in lost:
            self.counters["lost"] += isinstance(error, ConnectionLost)
            self._arrived((station, error))
            if then is not None:
                with suppress(
                    NotSent
                ):  # without a connection there is nothing to be cleared up by us
                    self._sender.put(Job(_about(token, then)))
        if lost:
            self._changed()

    def close(self) -> None:
        """Say that we go, and clear up; takes at most a second. Idempotent."""
        if self._closed or forks.is_child(self.born):
            return
        self._closed = True
        self._taker.end()
        with suppress(NotSent):  # too much waits already
            self._sender.put(Job(self._leave, again=True))
        end = monotonic() + 0.9
        self._sender.stop(0.6)
        self._taker.join(max(0.1, end - monotonic()))

    def _leave(self, line: Line) -> None:
        line.send(self._queue, letters.WAKE)
        self._taker.join(0.3)
        for station in self.stations():
            line.send(station.queue, letters.BYE)
        line.remove(self._queue)


def _about(token: str, then: Callable[[Line, str], None]) -> Act:
    """Do something about one server."""
    return lambda line: then(line, token)
