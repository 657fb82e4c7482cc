"""A server's side, the same for both worlds: two queues, one of requests and one of questions, and the answers.

Two threads with a connection each: one takes what comes, one sends. What comes is told on the first; the faces for the two
worlds (`blocking.py`, `aio.py`) bring it to the server.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from functools import partial
from itertools import takewhile
from time import monotonic
from typing import Final

from rpcgen.runtime import forks
from rpcgen.runtime.deliveries import Caller
from rpcgen.runtime.drivers.kombu import letters
from rpcgen.runtime.drivers.kombu.ages import Ages
from rpcgen.runtime.drivers.kombu.carriers.carrier import Carrier
from rpcgen.runtime.drivers.kombu.letters import Here, Letter
from rpcgen.runtime.drivers.kombu.line import Line
from rpcgen.runtime.drivers.kombu.names import Names, new_token
from rpcgen.runtime.drivers.kombu.sender import Job, Sender
from rpcgen.runtime.drivers.kombu.taker import LOOK, Taker
from rpcgen.runtime.errors import AuthError, ConfigurationError, NotSent, RpcgenError, TooLarge
from rpcgen.runtime.target import Target

log = logging.getLogger("rpcgen.kombu")

#: Seconds: what starting waits for the transport; between two attempts to hear oneself meanwhile.
START: Final = 5.0
HELLO: Final = 0.01

#: Seconds between two looks whether somebody has taken us for dead; of a client's silence after which what is left in its
#: queue is nobody's; for which an answer waits for a connection.
BIND: Final = 2.0
SILENT: Final = 60.0
ANSWER: Final = 60.0

#: Seconds that withdrawing waits until nobody new can find us.
WITHDRAW: Final = 0.5

#: Clients that a server remembers.
MAX_CLIENTS: Final = 10_000


class Desk:
    """A server.

    Args:
        carrier: over what.
        targets: the topics that are served.
        server: as whom.
        arrived: gets each request, on any thread.
        unsent: called for each answer that could not be handed over after all, on any thread.
    """

    def __init__(
        self,
        carrier: Carrier,
        targets: Sequence[Target],
        server: str,
        arrived: Callable[[tuple[Caller, bytes]], object],
        unsent: Callable[[], None],
    ) -> None:
        if not targets:
            raise ConfigurationError("a listener needs at least one target")
        self._carrier = carrier
        self._born = forks.generation()
        self._names = names = Names(carrier.prefix)
        token = new_token()
        self._queue, self._ear = names.server(token), names.ear(token)
        self._server = server
        self._topics = sorted({(target.exchange, target.topic) for target in targets})
        self._arrived, self._unsent = arrived, unsent
        self._lock = threading.Lock()
        #: When each client was heard last, in that order.
        self._clients: dict[str, float] = {}
        self._ages = Ages()
        self._life = 0
        self._draining = self._closed = False
        self._heard = threading.Event()
        self._bind_at = 0.0
        changed = self._see_trouble
        self._sender = Sender(carrier, "answers", self._queue, changed)
        self._taker = Taker(
            carrier, "requests", self._queue, changed, self._open, self._look, self._lose
        )
        self.counters = {"expired": 0, "foreign": 0, "unreachable": 0}

    # --- starting ---------------------------------------------------------------------------------------------------

    def start(self) -> None:
        """Begin to connect."""
        self._sender.start()
        self._taker.start()

    def _see_trouble(self) -> None:
        """Waiting is no use when we are not let in."""
        if any(isinstance(each.trouble, AuthError) for each in (self._sender, self._taker)):
            self._heard.set()

    def wait(self) -> None:
        """Wait until questions are heard, or a few seconds if the transport does not answer.

        Raises:
            ConfigurationError: it does not let us in.
        """
        heard = self._heard.wait(START)
        for trouble in (self._sender.trouble, self._taker.trouble):
            if isinstance(trouble, AuthError):
                self.close()
                raise ConfigurationError(str(trouble))
        if not heard:
            log.warning("%s does not answer; trying again in the background", self._carrier.text)

    def _open(self, line: Line) -> None:
        self._life += 1
        line.bind(self._ear, self._names.directory())
        line.take(self._queue, self._came)
        line.take(self._ear, self._came)
        self._bind_at = monotonic() + BIND
        if self._life > 1:
            self._tell_all(letters.HERE)

    def _look(self, line: Line, now: float) -> float:
        if now >= self._bind_at and not self._draining:
            self._bind_at = now + BIND
            line.bind(self._ear, self._names.directory())
        self._sweep(now)
        if self._heard.is_set():
            return LOOK
        # A queue of what is told to all may be there before anything reaches it.
        self._do(lambda line: line.tell_all(self._names.directory(), letters.HELLO))
        return HELLO

    def _lose(self, error: RpcgenError | None) -> None:
        """What was on its way to us may be lost; clients learn of it when we are back."""

    # --- arriving ---------------------------------------------------------------------------------------------------

    def _came(self, letter: Letter) -> None:
        if letter.sender == self._queue:
            if letter.kind == letters.HELLO:
                self._heard.set()
            return
        if letter.kind == letters.HELLO:
            return
        if not self._names.is_reply(letter.sender):
            self.counters["foreign"] += 1
            return
        if letter.kind == letters.BYE:
            self._forget(letter.sender)
            return
        now = monotonic()
        with self._lock:
            if letter.sender not in self._clients and len(self._clients) >= MAX_CLIENTS:
                self.counters["foreign"] += 1
                return
            self._clients.pop(letter.sender, None)
            self._clients[letter.sender] = now
            age = self._ages.age(letter.sender, letter.sent, now)
        if letter.kind == letters.WHO:
            self._tell(letter.sender, letters.HERE)
        elif letter.kind != letters.REQUEST:
            self.counters["foreign"] += 1
        elif letter.left is not None and age >= letter.left:
            self.counters["expired"] += 1
        else:
            self._arrived((letter.sender, letter.body))

    def _sweep(self, now: float) -> None:
        """Forget clients that are silent, though it is theirs to ask while they wait."""
        with self._lock:
            heard = takewhile(lambda client: now - client[1] > SILENT, self._clients.items())
            silent = [client for client, _ in heard]
        for client in silent:
            self._forget(client)

    def _forget(self, client: str) -> None:
        """Nobody reads a client's answers any more: what is left of them goes behind the last of ours."""
        with self._lock:
            self._clients.pop(client, None)
            self._ages.forget(client)
        self._do(lambda line: line.remove(client))

    # --- sending ----------------------------------------------------------------------------------------------------

    def send(self, caller: Caller, frame: bytes) -> bool:
        """See `Listener.send`."""
        forks.check(self._born)
        assert isinstance(caller, str)
        limit = self._carrier.options.max_message
        if len(frame) > limit:
            raise TooLarge(f"the answer has {len(frame)} bytes, the limit is {limit}")
        if self._closed or caller not in self._clients:
            self.counters["unreachable"] += 1
            return False

        def settled(error: RpcgenError | None) -> None:
            if error is not None:
                self.counters["unreachable"] += 1
                self._unsent()

        def act(line: Line) -> None:
            if caller in self._clients:
                line.send(caller, letters.ANSWER, frame)

        try:
            self._sender.put(Job(act, settled, monotonic() + ANSWER, again=True))
        except NotSent:
            return False
        return True

    def _do(self, act: Callable[[Line], object]) -> None:
        with suppress(NotSent):  # nobody is there to be told
            self._sender.put(Job(act))

    def _tell(self, client: str, kind: str) -> None:
        """Say that we are there, or have ended."""
        said = Here(self._server, self._topics, self._draining, self._life)
        body = letters.here(said) if kind == letters.HERE else b""
        self._do(partial(Line.send, queue=client, kind=kind, body=body))

    def _tell_all(self, kind: str) -> None:
        with self._lock:
            clients = list(self._clients)
        for client in clients:
            self._tell(client, kind)

    # --- going ------------------------------------------------------------------------------------------------------

    def withdraw(self) -> None:
        """See `Listener.withdraw`."""
        forks.check(self._born)
        if self._draining or self._closed:
            return
        self._draining = True
        self._tell_all(letters.HERE)
        done = threading.Event()

        def act(line: Line) -> None:
            line.unbind(self._ear, self._names.directory())

        with suppress(NotSent):  # then nobody can find us either
            self._sender.put(Job(act, lambda error: done.set()))
            done.wait(WITHDRAW)

    def close(self) -> None:
        """See `Listener.close`."""
        if self._closed or forks.is_child(self._born):
            return
        self._closed = self._draining = True
        self._taker.end()
        self._tell_all(letters.END)
        with suppress(NotSent):  # too much waits already
            self._sender.put(Job(self._leave, again=True))
        end = monotonic() + 0.95
        self._sender.stop(0.7)
        self._taker.join(max(0.1, end - monotonic()))

    def _leave(self, line: Line) -> None:
        line.send(self._queue, letters.WAKE)
        self._taker.join(0.3)
        line.unbind(self._ear, self._names.directory())
        line.remove(self._queue)
