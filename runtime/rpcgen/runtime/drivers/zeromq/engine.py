"""The client's engine: links to servers, which of them can be chosen, what arrived. Both worlds share it.

It never waits and is not thread-safe: a poller (`blocking.py`, `aio.py`) waits for the FDs of the links that the
engine hands to `watch`, calls `receive` and `observe` when they are readable and `tick` when `timers.due` has come,
and takes what arrived from `inbox`. Only `choose` may be called at any time by any thread.

libzmq's FDs are edge-triggered, and any call on a socket may take the edge: after `send`, or a `receive` that
returned False, the poller must ask `receive` or `Link.readable` again before it waits.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from time import monotonic
from typing import TYPE_CHECKING, Final

import zmq
from rpcgen.runtime.drivers.zeromq import control, failures
from rpcgen.runtime.drivers.zeromq.bundles import CAST
from rpcgen.runtime.drivers.zeromq.choice import Pools
from rpcgen.runtime.drivers.zeromq.history import History
from rpcgen.runtime.drivers.zeromq.link import IN_USE, Curves, Link
from rpcgen.runtime.drivers.zeromq.matchmakers import Endpoint, Topic
from rpcgen.runtime.drivers.zeromq.options import ZmqOptions
from rpcgen.runtime.drivers.zeromq.reception import Reception
from rpcgen.runtime.drivers.zeromq.sockets import new_context, outlives
from rpcgen.runtime.drivers.zeromq.timers import Timers
from rpcgen.runtime.dropped import Dropped
from rpcgen.runtime.errors import (
    AuthError,
    ConfigurationError,
    ConnectionLost,
    Draining,
    NotSent,
    RpcgenError,
    TooLarge,
)
from rpcgen.runtime.peers import Arrival

if TYPE_CHECKING:
    from rpcgen.runtime.drivers.zeromq.curve import ClientKeys
    from rpcgen.runtime.drivers.zeromq.matchmaker import Matchmaker
    from rpcgen.runtime.outgoing import Outgoing

# As a plain number: an enum costs on every call.
_NOBLOCK: Final = int(zmq.NOBLOCK)

#: Seconds for which `choose` trusts what the matchmaker said.
FRESH: Final = 0.005

#: Seconds for which a server that took no more frames is not chosen, if there is another.
REST: Final = 0.1

#: Seconds between two looks whether a server that is not listed any more has answered all that it was asked.
PARTING: Final = 1.0

#: Seconds that frames have to leave when a client is closed.
LINGER: Final = 0.5


class Engine:
    """Connects, chooses, sends, receives. `unwatch` returns what was put off for a link, and has not left.

    Attributes:
        choose: of its `Pools`; receive, take: of its `Reception`.
        news: counts changes that a waiting search cares about.
        counters: connected, refused, lost: links that became ready, did not, were lost; full, too_large: sends refused
            at the high-water mark and for their size; malformed: frames that no server of ours would send; and
            those of `Dropped`, of what libzmq has not taken: the rest is not seen any more.
    """

    def __init__(
        self,
        matchmaker: Matchmaker,
        options: ZmqOptions,
        watch: Callable[[Link], object],
        unwatch: Callable[[Link], Sequence[Outgoing]],
    ) -> None:
        self.matchmaker = matchmaker
        self.options = options
        self.timers = Timers()
        self.links: dict[str, Link] = {}
        self.histories: dict[str, History] = {}
        self.topics: set[Topic] = set()
        self.news = 0
        self.fresh_until = 0.0
        self.counters: dict[str, int] = dict.fromkeys(
            ("connected", "refused", "lost", "full", "too_large", "malformed"), 0
        )
        self._dropped = Dropped(self.counters, "rpcgen.zeromq")
        self._reception = Reception(self.counters, self._heed)
        self.receive = self._reception.receive
        self.take = self._reception.take
        self._silent_until = 0.0
        self._listed: set[str] = set()  # the endpoints that the matchmaker named last
        # Links that drain are not in `links`, so that a successor at the same place may be.
        self._leaving: set[Link] = set()
        self._pools: Pools[Link] = Pools(options.choice)
        self.choose = self._pools.choose
        self._watch = watch
        self._unwatch = unwatch
        self._keys: ClientKeys | None = None
        if options.curve_key is not None:
            from rpcgen.runtime.drivers.zeromq.curve import ClientKeys

            self._keys = ClientKeys(options)
        self._context = new_context()
        outlives(self._context, self, f"a client of {matchmaker.where}", matchmaker.close)

    @property
    def inbox(self) -> list[Arrival]:
        """What arrived and was not taken yet."""
        return self._reception.inbox

    # --- choosing and sending -------------------------------------------------------------------------------------

    def send(self, link: Link, frame: bytes) -> None:
        """Hand a frame to libzmq. Raises NotSent, or TooLarge."""
        self.check_size(frame)
        try:
            link.send(frame, _NOBLOCK)
        except zmq.Again:
            if link.sends_again(frame):
                return
            self.observe(link)  # a lost connection has no room either
            if link.state == "lost":
                raise NotSent(f"the connection to {link.name} is gone") from None
            self._full(link)
            raise self.no_room(link) from None
        except zmq.ZMQError as error:  # the socket is closed
            raise NotSent(f"the connection to {link.name} is gone") from error

    def send_late(self, link: Link, message: bytes, frames: int) -> bool:
        """Hand over a message with so many frames that a poller had put off; False if there is no room.

        Ends no link: the poller is in the middle of its frames.
        """
        if link.state == "lost":
            return True  # whoever waits for an answer has been told
        try:
            link.send(message, _NOBLOCK)
        except zmq.Again:
            if not link.sends_again(message):
                self._full(link)
                return False
        if frames > 1:
            link.bundled(len(message))
        return True

    def check_size(self, frame: bytes) -> None:
        """Raise TooLarge for a frame that may not travel."""
        if len(frame) > (most := self.options.max_message):
            self.counters["too_large"] += 1
            raise TooLarge(f"the message has {len(frame)} bytes, and max_message is {most}")

    def no_room(self, link: Link) -> NotSent:
        """What to raise for a link that takes no more."""
        return failures.no_room(link.name, self.options.hwm)

    def _full(self, link: Link) -> None:
        """It takes no more: prefer others for a moment."""
        self.counters["full"] += 1
        if self._pools.rest(link):
            self.timers.at(monotonic() + REST, lambda: self._rested(link))

    def _rested(self, link: Link) -> None:
        if link.state == "ready":
            self._pools.add(link)

    # --- what servers say about themselves ------------------------------------------------------------------------

    def _heed(self, link: Link, frame: bytes) -> None:
        try:
            message = control.decode(frame)
        except control.Malformed:
            self.counters["malformed"] += 1
            return
        if isinstance(message, control.Welcome):
            self._welcomed(link, message)
        elif isinstance(message, control.Bye):
            self.drain(link)
        elif isinstance(message, control.End):
            link.ended = True
            self._drop(link, Draining(f"{link.name} has stopped"))
        elif isinstance(message, control.Cut):
            error = ConnectionLost if link.state in IN_USE else AuthError
            self._drop(link, error(f"{link.name} does not admit our key any more"))
        else:
            self.counters["malformed"] += 1

    def _welcomed(self, link: Link, welcome: control.Welcome) -> None:
        link.backlog.answered()
        if welcome.protocol != control.PROTOCOL:
            self._drop(
                link,
                NotSent(f"it speaks protocol {welcome.protocol}, and we speak {control.PROTOCOL}"),
            )
        elif link.state == "connecting":
            self._greeted(link, welcome)
        elif link.parting and not link.outstanding:
            self._drop(link, failures.unlisted())
        elif welcome.draining:
            self.drain(link)

    def _greeted(self, link: Link, welcome: control.Welcome) -> None:
        link.server = link.name = welcome.server
        reason = NotSent("it is draining") if welcome.draining else None
        if link.endpoint.key not in self._listed:
            reason = failures.unlisted()
        if self._keys is not None:
            reason = reason or self._keys.doubt(link.endpoint, welcome.server, link.curves[0])
        if reason is not None:
            self._drop(link, reason)
            return
        link.offers = frozenset(welcome.serves)
        link.lists(link.endpoint)
        link.state = "ready"
        self.counters["connected"] += 1
        self.news += 1
        self.history(link.endpoint).succeeded()
        self.matchmaker.found(link.endpoint)
        self._pools.add(link)

    def drain(self, link: Link) -> None:
        """Choose a ready link no more, and look for the server's successor at the same place."""
        if link.state == "ready":
            link.state = "draining"
            self._pools.remove(link)
            self.links.pop(link.endpoint.key)
            self._leaving.add(link)
            self._lost(link.endpoint, NotSent("it is draining"))

    def _part_later(self, link: Link) -> None:
        self.timers.at(monotonic() + PARTING, lambda: self._part(link))

    def _part(self, link: Link) -> None:
        """Close a link to a server that is not listed any more, once it has answered all and, asked for that, read all."""
        if link.state == "draining":
            self._part_later(link)
            if not link.outstanding and link.asks():
                link.parting = True

    # --- connecting and losing ------------------------------------------------------------------------------------

    def history(self, endpoint: Endpoint) -> History:
        """What became of earlier attempts to connect there."""
        return self.histories.setdefault(endpoint.key, History(self.options.reconnect_max))

    def connect(self, endpoint: Endpoint) -> None:
        """Begin to connect; how it ended is seen in `links` and `histories`, and `news` counts up."""
        now = monotonic()
        history = self.history(endpoint)
        history.began(now)
        try:
            curves: Curves = (None,) if self._keys is None else self._keys.curves(endpoint)
        except AuthError as error:
            self._failed(endpoint, error)
            return
        # Hanging up in the handshake is how a server refuses a key, but it may also have stopped just then: ask twice.
        if len(curves) == 1 and not isinstance(history.error, AuthError):
            curves *= 2
        self._open(endpoint, curves)

    def _open(self, endpoint: Endpoint, curves: Curves) -> None:
        try:
            link = Link(self._context, endpoint, self.options, curves)
        except zmq.ZMQError as error:
            self._failed(endpoint, failures.no_socket(error))
            return
        self.links[endpoint.key] = link
        self._watch(link)
        limit = self.options.connect_timeout
        self.timers.at(monotonic() + limit, lambda: self._overdue(link, limit))

    def observe(self, link: Link) -> None:
        """Act on what the link's monitor tells."""
        for change in link.monitor.changes():
            if change == "up":
                continue
            if change == "hung_up" and link.state == "connecting" and link.curves[1:]:
                link.state = "lost"
                self._unwatch(link)
                link.close()
                del self.links[link.endpoint.key]  # there may be no descriptor for another
                self._open(link.endpoint, link.curves[1:])
            elif link.state in IN_USE:
                self._drop(link, ConnectionLost(f"the connection to {link.name} was lost"))
            else:
                self._drop(link, failures.failure(change, has_key=self._keys is not None))

    def _overdue(self, link: Link, limit: float) -> None:
        if link.state == "connecting":
            self._drop(link, NotSent(f"no answer within {limit:g} s"))

    def _drop(self, link: Link, reason: RpcgenError) -> None:
        """Close a link for good; the shell hears of it if it may have sent something there."""
        if link.state == "lost":
            return
        was_in_use, was_draining = link.state in IN_USE, link.state == "draining"
        self._pools.remove(link)
        link.state = "lost"
        if was_in_use:
            # Answers that came before the connection broke come first.
            while not self.receive(link):
                pass
            if link.ended:  # it said so in what was just received
                reason = Draining(f"{link.name} has stopped")
        waiting = self._strand(link)
        self._dropped.say(f"the connection to {link.name} was lost")
        if was_in_use:
            # What has not left may go to another server; what has is lost.
            self.inbox.extend([(link, each) for each in failures.stranded(link.name, waiting)])
            self.inbox.append((link, failures.as_loss(link.name, reason)))
        link.close()
        self.counters["lost" if was_in_use else "refused"] += 1
        if was_draining:
            self._leaving.discard(link)
        else:
            self.links.pop(link.endpoint.key)
            (self._lost if was_in_use else self._failed)(link.endpoint, reason)
        failures.log("INFO" if was_in_use else "DEBUG", "%s: %s", link.name, reason)

    def _strand(self, link: Link) -> list[Outgoing]:
        """Take a link from the poller; what was put off for it, and somebody waits for. Casts are counted."""
        put_off = self._unwatch(link)
        self._dropped.add(link.name, put_off.count(CAST))
        return [each for each in put_off if each is not CAST]

    def _lost(self, endpoint: Endpoint, reason: RpcgenError) -> None:
        self._plan_retry(endpoint, reason, self.history(endpoint).lost(reason))

    def _failed(self, endpoint: Endpoint, reason: RpcgenError) -> None:
        self._plan_retry(endpoint, reason, self.history(endpoint).failed(reason, monotonic()))

    def _plan_retry(self, endpoint: Endpoint, reason: RpcgenError, pause: float) -> None:
        self.news += 1
        history = self.history(endpoint)
        if not isinstance(reason, AuthError) and self.matchmaker.lost(endpoint):
            history.gone = True
        else:
            self.timers.at(monotonic() + pause, lambda: self._retry(endpoint))

    def _retry(self, endpoint: Endpoint) -> None:
        if endpoint.key in self.links or endpoint.key not in self._listed:
            return
        history = self.history(endpoint)
        wait = history.wait(monotonic())
        if wait > 0:  # searches have connected there in the meantime
            self.timers.at(monotonic() + wait, lambda: self._retry(endpoint))
        else:
            self.connect(endpoint)

    # --- keeping up to date ---------------------------------------------------------------------------------------

    def tick(self, now: float) -> None:
        """Do what is due."""
        self.timers.run(now)

    def refresh(self, now: float) -> None:
        """Notice servers that came and went. Called before a choice when `fresh_until` is over."""
        self.fresh_until = now + FRESH
        if not self.matchmaker.changed():
            return
        try:
            self.look()
        except (ConfigurationError, NotSent) as error:
            # Connections that are there stay; a search raises it.
            if now >= self._silent_until:
                self._silent_until = now + failures.SILENCE
                failures.log("WARNING", "%s", error)

    def look(self) -> list[Endpoint]:
        """Ask the matchmaker: connect to new servers of our topics, choose those no more that have left."""
        endpoints = list(self.matchmaker.look())
        for endpoint in endpoints:
            if endpoint.key not in self.histories and endpoint.may_serve_one_of(self.topics):
                self.connect(endpoint)
            link = self.links.get(endpoint.key)
            if link is not None and link.endpoint.serves != endpoint.serves:
                self._pools.remove(link)
                link.lists(endpoint)
                self._rested(link)
        self._listed = {endpoint.key for endpoint in endpoints}
        for key in self.histories.keys() - self._listed:
            link = self.links.get(key)
            if link is None:
                del self.histories[key]
            elif link.state == "ready":
                self.drain(link)
                self._part_later(link)
                del self.histories[key]  # should it be listed again, it is new
        return endpoints

    # --- closing --------------------------------------------------------------------------------------------------

    def close(self, linger: float = LINGER) -> None:
        """Close all links; then `end` must be called, from a thread that may wait `linger` seconds."""
        for link in [*self.links.values(), *self._leaving]:
            self._strand(link)
            link.close(linger if link.state in IN_USE else 0.0)
            link.state = "lost"
        self._dropped.say("the client was closed", last=True)
        for each in (self.links, self._leaving, self._pools, self.inbox):
            each.clear()
        self.timers = Timers()

    def end(self) -> None:
        """Wait until what was sent has left, or its time is over, and end libzmq's threads and the matchmaker's."""
        self._context.term()
        self.matchmaker.close()
