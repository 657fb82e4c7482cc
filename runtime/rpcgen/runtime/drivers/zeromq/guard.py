"""A server's security: its keys, the gate that admits clients, and its own key, changed while it runs.

Put between a server's socket and the rest, only if the server has a key. Knows no messages.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import suppress

import zmq
from rpcgen.runtime.drivers.zeromq.curve import ServerKeys
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
    """

    def __init__(self, options: ZmqOptions, counters: dict[str, int]) -> None:
        """Read the keys. Raises ConfigurationError."""
        self._keys = ServerKeys(options)
        self._counters = counters
        self._gate: Gate | None = None
        self._renewal: Renewal | None = None
        self.secret = self._keys.secret()
        self.schedule: Callable[[Callable[[], None]], object] | None = None

    def open(self, context: Context, socket: Socket) -> None:
        """Begin to admit clients, before the socket is bound. Raises ConfigurationError."""
        self._socket = socket
        try:
            self._gate = Gate(context, socket, self._keys, self._counters, self._look)
        except (zmq.ZMQError, RuntimeError) as error:
            raise ConfigurationError(f"cannot guard a server's socket: {error}") from error

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
        """In the gate's thread: see whether our key has changed."""
        secret = self._keys.secret()
        if secret != self.secret and self.schedule is not None:
            with suppress(RuntimeError):  # the loop has closed
                self.schedule(self._renew)

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
