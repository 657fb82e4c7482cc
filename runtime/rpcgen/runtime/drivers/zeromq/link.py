"""One connection to one server: a DEALER socket, its monitor, and how far it has come.

A link connects once. When it is lost, the engine makes another, with another routing id: nothing that belongs to the
old connection can reach the new one. Knows nothing of other links.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING, Final, Literal

import zmq
from rpcgen.runtime.drivers.zeromq import control
from rpcgen.runtime.drivers.zeromq.bundles import Backlog
from rpcgen.runtime.drivers.zeromq.choice import Serving
from rpcgen.runtime.drivers.zeromq.matchmakers import Endpoint, Topic
from rpcgen.runtime.drivers.zeromq.monitor import Monitor
from rpcgen.runtime.drivers.zeromq.options import ZmqOptions
from rpcgen.runtime.drivers.zeromq.sockets import Context, configure_dealer, is_readable
from rpcgen.runtime.target import Target

if TYPE_CHECKING:
    from rpcgen.runtime.drivers.zeromq.curve import ClientCurve


#: How far a link is. The only ways are from left to right, or from any to "lost". When "connecting", HELLO waits for the
#: connection, or for its answer; when "ready", WELCOME came; when "draining", answers still come, and new requests go
#: elsewhere.
State = Literal["connecting", "ready", "draining", "lost"]


#: Keys to connect with, one after the other; None: without.
Curves = tuple["ClientCurve | None", ...]

#: The first frame of a link; sent again, it asks for a sign that the server has read so far.
HELLO: Final = control.encode(control.Hello(control.PROTOCOL))

#: As a plain number: an enum costs on every call.
_NOBLOCK: Final = int(zmq.NOBLOCK)

#: In these states requests may have been sent, so losing the link is news for the shell.
IN_USE: Final[frozenset[State]] = frozenset({"ready", "draining"})


class Link(Serving):
    """A connection to a server. `recv` and `send` are the socket's own, for speed.

    Attributes:
        backlog: what the server may not have read of what left in bundles.
        curves: our key and the server's, of this link; then what is to be tried if the server does not accept them.
        endpoint: where it connects, as it is listed now.
        ended: whether the server said that it closes in order.
        offers: the topics that the server said it serves; `serves` are those of them for which it is listed.
        parting: whether the link is to be closed when the server has read what was sent so far.
        state: how far it is; changed by the engine alone.
        fd: readable (edge-triggered) when frames may have come.
    """

    __slots__ = (
        "backlog",
        "curves",
        "ended",
        "endpoint",
        "fd",
        "monitor",
        "offers",
        "parting",
        "recv",
        "send",
        "socket",
        "state",
    )

    def __init__(
        self,
        context: Context,
        endpoint: Endpoint,
        options: ZmqOptions,
        curves: Curves = (None,),
    ) -> None:
        """Begin to connect.

        Raises:
            zmq.ZMQError: no descriptor is free, or the address cannot be used.
        """
        super().__init__(endpoint.name)
        self.backlog = Backlog()
        self.curves = curves
        self.endpoint = endpoint
        self.offers: frozenset[Topic] = frozenset()
        self.ended = self.parting = False
        self.state: State = "connecting"
        self.socket = context.socket(zmq.DEALER)
        try:
            configure_dealer(
                self.socket, options, endpoint.address, control.new_routing_id(), curves[0]
            )
            self.monitor = Monitor.attach(context, self.socket, keyed=curves[0] is not None)
        except zmq.ZMQError:
            self.socket.close()
            raise
        try:
            self.socket.connect(endpoint.address)
            with suppress(zmq.Again):  # it has been refused meanwhile: the monitor says how
                self.socket.send(HELLO, _NOBLOCK)  # leaves when the handshake is over, without us
            self.fd = self.socket.fileno()
        except zmq.ZMQError:
            self.close()
            raise
        self.recv: Callable[[int], bytes] = self.socket.recv
        self.send: Callable[[bytes, int], object] = self.socket.send

    def lists(self, endpoint: Endpoint) -> None:
        """Take what the matchmaker says of it now."""
        self.endpoint = endpoint
        self.serves = endpoint.listed(self.offers)

    def matches(self, target: Target) -> bool:
        """Whether it is open and serves the target."""
        return (
            self.state == "ready"
            and (target.exchange, target.topic) in self.serves
            and (target.server is None or target.server == self.server)
        )

    def takes_bundles(self) -> bool:
        """Whether it reads what leaves in bundles, so that more may."""
        return not self.backlog.full

    def asks(self) -> bool:
        """Ask for a sign that the server has read so far; False if it is asked, or there is no room for that now."""
        if self.backlog.asked:
            return False
        try:
            self.send(HELLO, _NOBLOCK)
        except zmq.ZMQError:
            return False
        self.backlog.ask()
        return True

    def bundled(self, size: int) -> None:
        """Count a bundle that has left."""
        if self.backlog.add(size):
            self.asks()  # if there is no room: with the next one

    def readable(self) -> bool:
        """Whether a frame waits; False when it is closed."""
        try:
            return is_readable(self.socket)
        except zmq.ZMQError:
            return False

    def sends_again(self, message: bytes) -> bool:
        """After a send for which there was none: send it if there is some all the same."""
        # libzmq looks at what its I/O thread says only once a millisecond while it sends.
        self.readable()
        try:
            self.send(message, _NOBLOCK)
        except zmq.Again:
            return False
        return True

    def close(self, linger: float = 0.0) -> None:
        """Close the sockets; what was sent has `linger` seconds to leave."""
        # First no more events, then the sockets: closing goes on in libzmq's threads, and the I/O thread would wait for
        # ever to tell an event to a listener that is gone, and with it all other connections of the context.
        with suppress(zmq.ZMQError):
            self.socket.monitor(None, 0)
        self.socket.close(linger=round(linger * 1000))
        self.monitor.close()
