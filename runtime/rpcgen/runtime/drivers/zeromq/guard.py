"""A server's security: its keys, the gate that admits clients, and keys that are changed or removed while it runs.

Put between a server's socket and the rest, only if the server has a key. Knows no messages.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress
from weakref import WeakMethod

import zmq
from rpcgen.runtime.drivers.zeromq.curve import ServerKeys
from rpcgen.runtime.drivers.zeromq.keyfiles import PublicKey
from rpcgen.runtime.drivers.zeromq.options import ZmqOptions
from rpcgen.runtime.drivers.zeromq.renewal import Renewal
from rpcgen.runtime.drivers.zeromq.sockets import Context, Socket
from rpcgen.runtime.drivers.zeromq.zap import Gate
from rpcgen.runtime.errors import ConfigurationError

log = logging.getLogger("rpcgen.zeromq")


class Guard:
    """Guards one server's socket.

    Attributes:
        secret: the key for the addresses that are bound next.
        schedule: runs a function where the socket may be touched; until the listener sets it, our key stays.
        review: called there when the list of clients has changed, and in every period until it returns True.
        newcomer: the key of the client whose first frame was read last.
    """

    def __init__(self, options: ZmqOptions, counters: dict[str, int]) -> None:
        """Read the keys. Raises ConfigurationError."""
        self._keys = ServerKeys(options)
        self._counters = counters
        self._gate: Gate | None = None
        self._renewal: Renewal | None = None
        self.secret = self._keys.secret()
        self.schedule: Callable[[Callable[[], None]], object] | None = None
        self.review: Callable[[], bool] | None = None
        self.newcomer: PublicKey = b""
        self._reviewed = self._keys.edition

    def open(self, context: Context, socket: Socket) -> None:
        """Begin to admit clients, before the socket is bound. Raises ConfigurationError."""
        self._socket = socket
        look = WeakMethod(self._look)

        def look_unless_forgotten() -> None:  # else the gate's thread would hold the server
            found = look()
            if found is not None:
                found()

        try:
            self._gate = Gate(context, socket, self._keys, self._counters, look_unless_forgotten)
        except (zmq.ZMQError, RuntimeError) as error:
            raise ConfigurationError(f"cannot guard a server's socket: {error}") from error

    def first(self) -> bytes:
        """The next part, from a client of which nothing was read before."""
        part = self._socket.recv(zmq.NOBLOCK, copy=False)
        self.newcomer = bytes.fromhex(str(part.get("User-Id")))  # what the gate has said of it
        if self._gate is not None:
            self._gate.monitor.heard(int(part.get(zmq.SRCFD)))
        if self.expels(self.newcomer):  # removed since the handshake
            self._reviewed = -1
        return part.bytes

    def expels(self, client: PublicKey) -> bool:
        """Whether a client's key is on the list no more."""
        return self._keys.expels(client)

    def bound(self, address: str) -> None:
        """Hear where the socket was bound, the port as it became."""
        self._renewal = Renewal(self._socket, address)

    def close(self) -> None:
        """Stop, before the socket is closed; the context must be terminated next, and then `join` called."""
        self._renewal = None
        if self._gate is not None:
            with suppress(zmq.ZMQError):
                self._socket.monitor(None, 0)

    def join(self) -> None:
        """Wait for the gate's thread."""
        if self._gate is not None:
            self._gate.join()

    def _look(self) -> None:
        """In the gate's thread: see whether keys have changed."""
        secret = self._keys.secret()
        self._keys.look()
        if self.schedule is None:
            return
        with suppress(RuntimeError):  # the loop has closed
            if secret != self.secret:
                self.schedule(self._renew)
            if self._keys.edition != self._reviewed:
                self.schedule(self._review)

    def _review(self) -> None:
        """Where the socket may be touched: turn out whoever is not on the list any more."""
        edition = self._keys.edition
        if self.review is not None and self.review():
            self._reviewed = edition

    def _renew(self) -> None:
        """Where the socket may be touched: use the new key for new connections."""
        secret = self._keys.last_secret
        listening = self._gate.monitor.listening if self._gate is not None else None
        if self._renewal is None or listening is None or secret == self.secret:
            return
        self.secret = secret
        try:
            self._renewal.renew(secret, listening)
        except OSError as error:
            log.error(
                "our key has changed, and the new one is used after a restart only: %s", error
            )
        else:
            log.info("our key has changed; new connections need the new one")
