"""One connection of kombu's, used by one thread. Nothing of the library's gets out of here but as `LineLost`."""

from __future__ import annotations

# kombu has no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false
import logging
from collections.abc import Callable, Generator, Sequence
from contextlib import contextmanager, suppress
from time import monotonic
from typing import Any, Final

from rpcgen.runtime.drivers.kombu import letters
from rpcgen.runtime.drivers.kombu.carriers.carrier import Carrier
from rpcgen.runtime.drivers.kombu.letters import Letter

log = logging.getLogger("rpcgen.kombu")

#: Messages in a row that cannot be read, after which it is the connection that is broken.
MAX_UNREADABLE: Final = 100

#: Queues that a connection remembers having written to.
MAX_WRITTEN: Final = 10_000


class LineLost(Exception):
    """The connection is gone, or there is none.

    Attributes:
        refused: it does not let us in.
    """

    def __init__(self, text: str, *, refused: bool = False) -> None:
        super().__init__(text)
        self.refused = refused


class Line:
    """A connection with one channel.

    Args:
        carrier: of what.
        sender: whose letters leave by it.

    Raises:
        LineLost: there is none.
    """

    def __init__(self, carrier: Carrier, sender: str) -> None:
        self._carrier = carrier
        self._sender = sender
        self._written: dict[str, None] = {}
        self._declared: set[str] = set()
        self._unreadable = 0
        self._transport: Any = None
        self._link: Any = None
        self._connection: Any = None
        self.malformed = 0
        try:
            with self._lost():
                self._connection = carrier.connection()
                self._transport = self._connection.transport
                self._link = self._transport.establish_connection()
                self._channel: Any = self._transport.create_channel(self._link)
        except LineLost:
            self.close()
            raise

    @contextmanager
    def _lost(self) -> Generator[None]:
        try:
            yield
        except LineLost:
            raise
        except Exception as error:  # kombu's transports raise whatever their libraries do
            text = " ".join(str(error).split())[:500]
            raise LineLost(
                f"{type(error).__name__}: {text}", refused=self._carrier.refused(error)
            ) from error

    # --- writing ----------------------------------------------------------------------------------------------------

    def send(self, queue: str, kind: str, body: bytes = b"", left: float | None = None) -> None:
        """Put a letter into a queue whose reader may go at any time."""
        with self._lost():
            if queue not in self._written:
                if len(self._written) >= MAX_WRITTEN:
                    self._forget_written(next(iter(self._written)))
                self._carrier.expiring(self._channel, queue)
                self._written[queue] = None
            self._publish("", queue, kind, body, left)

    def tell_all(self, exchange: str, kind: str, body: bytes = b"") -> None:
        """Put a letter into every queue that is bound to an exchange."""
        with self._lost():
            self._declare(exchange)
            self._publish(exchange, "", kind, body, None)

    def _declare(self, exchange: str, kind: str = "fanout") -> None:
        if exchange not in self._declared:
            with self._carrier.binding():
                self._channel.exchange_declare(exchange, kind, durable=True)
            self._declared.add(exchange)

    def _publish(
        self, exchange: str, queue: str, kind: str, body: bytes, left: float | None
    ) -> None:
        message = self._channel.prepare_message(
            body,
            content_type=letters.CONTENT_TYPE,
            content_encoding="binary",
            headers=letters.headers(monotonic(), left),
            properties=letters.properties(kind, self._sender),
        )
        self._channel.basic_publish(message, exchange, queue)

    def publish(self, exchange: str, key: str, body: bytes) -> int:
        """Put an event into every queue that is bound to an exchange by a key; how many there are."""
        with self._lost():
            self._declare(exchange, "direct")
            table = self._channel.get_table(exchange)
            queues = {str(entry[2]) for entry in table if entry[0] == key}
            for queue in queues:
                self._publish("", queue, letters.EVENT, body, None)
            return len(queues)

    def _forget_written(self, queue: str) -> None:
        del self._written[queue]
        self._carrier.written(self._channel, queue)

    # --- queues -----------------------------------------------------------------------------------------------------

    def bind(self, queue: str, exchange: str) -> None:
        """Have a queue get what is told to all; again, if somebody has taken us for dead."""
        with self._lost():
            self._declare(exchange)
            self._channel.queue_declare(queue)
        with self._lost(), self._carrier.binding():
            # kombu does not look again at what it knows to be bound.
            self._channel.queue_unbind(queue, exchange, "")
            self._channel.queue_bind(queue, exchange, "")

    def subscribe(self, queue: str, exchange: str, keys: Sequence[str]) -> None:
        """Have a queue get events; it goes on to get those that it gets already."""
        with self._lost():
            self._declare(exchange, "direct")
            self._channel.queue_declare(queue)
        with self._lost(), self._carrier.binding():
            there = {(entry[0], str(entry[2])) for entry in self._channel.get_table(exchange)}
            for key in keys:
                if (key, queue) not in there:
                    # kombu does not look again at what it knows to be bound.
                    self._channel.queue_unbind(queue, exchange, key)
                    self._channel.queue_bind(queue, exchange, key)

    def bound(self, exchange: str) -> set[str]:
        """The queues that get what is told to all; some may be of the dead."""
        with self._lost():
            self._declare(exchange)
            return {str(entry[2]) for entry in self._channel.get_table(exchange)}

    def unbind(self, queue: str, exchange: str) -> None:
        """Have it get no more, and be gone; whoever bound it."""
        with self._lost():
            self._declare(exchange)
        with self._lost(), self._carrier.binding():
            # kombu removes what this connection has bound, and lists it in two places.
            self._channel.queue_bind(queue, exchange, "")
            self._channel.queue_delete(queue)
            self._channel.queue_unbind(queue, exchange, "")
        self.remove(queue)

    def remove(self, queue: str) -> None:
        """Empty a queue, and have nothing left of it."""
        with self._lost():
            self._channel.queue_purge(queue)
            self._carrier.forget(self._channel, queue)
            if queue in self._written:
                self._forget_written(queue)

    # --- reading ----------------------------------------------------------------------------------------------------

    def take(self, queue: str, came: Callable[[Letter], None]) -> None:
        """Have `came` called by `drain`, for each letter."""

        def take(message: Any) -> None:
            said, carried = message.properties, message.headers
            letter = letters.read(message.content_type, said, carried, message.body)
            if letter is None:
                self.malformed += 1
                return
            try:
                came(letter)
            except Exception:  # a mistake of ours must not pass for one of the connection
                log.exception("%s: unexpected", self._carrier.text)

        with self._lost():
            self._channel.basic_consume(queue, True, take, queue)

    def drain(self, timeout: float) -> bool:
        """Wait at most `timeout` seconds for a letter, and have it taken; whether one came."""
        try:
            self._transport.drain_events(self._link, timeout=timeout)
        except TimeoutError:
            self._unreadable = 0
            return False
        except Exception as error:  # kombu's transports raise whatever their libraries do
            if self._carrier.lost(error) or self._unreadable >= MAX_UNREADABLE:
                with self._lost():
                    raise
            self._unreadable += 1
            self.malformed += 1
            return True
        self._unreadable = 0
        return True

    def close(self) -> None:
        """Hang up. Idempotent."""
        transport, self._transport = self._transport, None
        if transport is None:
            return
        with suppress(Exception):  # it is gone either way
            transport.close_connection(self._link)
        with suppress(Exception):
            self._carrier.hung_up(transport)
        with suppress(Exception):
            self._connection.release()
