"""One AMQP connection and its channels, as this driver uses py-amqp: the only module that knows it.

A `Link` belongs to one thread. What is asked of the broker and answered at once (declaring, consuming) is waited for
until the link's deadline; everything else is written to a buffer, and comes in by `receive`.
"""

from __future__ import annotations

# py-amqp has no types; what crosses the border of this module has.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false, reportMissingParameterType=false
# pyright: reportUntypedBaseClass=false, reportUnknownLambdaType=false
from collections.abc import Callable, Mapping
from time import monotonic
from typing import Any

import amqp as _amqp
from amqp import spec
from amqp.exceptions import AMQPError, error_for_code
from msgspec import Struct
from rpcgen.runtime.drivers.amqp.broker import Broker
from rpcgen.runtime.drivers.amqp.inbound import Reader
from rpcgen.runtime.drivers.amqp.line import Frame, Line, TlsRefused
from rpcgen.runtime.url import Host

amqp: Any = _amqp

TRANSIENT, PERSISTENT = 1, 2

#: AMQP's code for who may not.
ACCESS_REFUSED = 403


class LinkLost(Exception):
    """The connection has ended, or cannot be made.

    Attributes:
        code: the broker's, or 0 if it said nothing.
    """

    def __init__(self, text: str, code: int = 0) -> None:
        super().__init__(text)
        self.code = code


class LaneClosed(Exception):
    """The broker closed a channel; the connection goes on.

    Attributes:
        code: the broker's.
        lane: which one.
    """

    def __init__(self, text: str, code: int, lane: Lane | None) -> None:
        super().__init__(text)
        self.code = code
        self.lane = lane


class Properties(Struct, frozen=True):
    """What travels beside a message's body; names are AMQP's, None is absent."""

    content_type: str | None = None
    content_encoding: str | None = None
    type: str | None = None
    message_id: str | None = None
    correlation_id: str | None = None
    reply_to: str | None = None
    expiration: str | None = None
    delivery_mode: int = TRANSIENT
    priority: int | None = None
    headers: dict[str, Any] | None = None


class Exchange(Struct, frozen=True):
    """An exchange, as it is declared."""

    name: str
    kind: str
    durable: bool = True
    auto_delete: bool = False


class Message(Struct, frozen=True):
    """A message that came.

    Attributes:
        tag: its number on its channel, for acknowledging it.
    """

    body: bytes
    properties: Mapping[str, Any]
    tag: int = 0
    redelivered: bool = False

    def text(self, name: str) -> str | None:
        """A property, if it is text."""
        value = self.properties.get(name)
        return value if isinstance(value, str) else None


class Lane:
    """One channel."""

    def __init__(self, link: Link, channel: Any) -> None:
        self._link = link
        self._channel = channel
        channel.lane = self

    # --- asked and answered at once ---------------------------------------------------------------------------------

    def declare_queue(
        self,
        name: str,
        *,
        passive: bool = False,
        durable: bool = False,
        exclusive: bool = False,
        auto_delete: bool = False,
        arguments: dict[str, Any] | None = None,
    ) -> None:
        """Make a queue, or see that it is there as described. Raises LaneClosed."""
        self._ask(
            self._channel.queue_declare,
            name,
            passive=passive,
            durable=durable,
            exclusive=exclusive,
            auto_delete=auto_delete,
            arguments=arguments,
        )

    def declare_exchange(self, exchange: Exchange) -> None:
        """Make an exchange, or see that it is there as described. Raises LaneClosed."""
        self._ask(
            self._channel.exchange_declare,
            exchange.name,
            exchange.kind,
            durable=exchange.durable,
            auto_delete=exchange.auto_delete,
        )

    def bind(self, queue: str, exchange: str, key: str = "") -> None:
        """Let a queue have what comes to an exchange. Raises LaneClosed."""
        self._ask(self._channel.queue_bind, queue, exchange, key)

    def unbind(self, queue: str, exchange: str, key: str) -> None:
        """The reverse."""
        self._ask(self._channel.queue_unbind, queue, exchange, key)

    def consumers(self, queue: str) -> int:
        """How many consume from a queue. Raises LaneClosed if there is no such queue."""
        found: list[int] = []
        self._link.guard(
            lambda: found.append(self._channel.queue_declare(queue, passive=True).consumer_count)
        )
        return found[0]

    def take(
        self,
        queue: str,
        tag: str,
        arrived: Callable[[Message], None],
        cancelled: Callable[[str], None],
        *,
        acknowledged: bool,
        prefetch: int = 0,
        arguments: dict[str, Any] | None = None,
    ) -> None:
        """Consume from a queue. Raises LaneClosed.

        Args:
            queue: which.
            tag: names the consumer on this channel.
            arrived: gets each message.
            cancelled: is told if the broker ends it.
            acknowledged: whether messages have to be acknowledged; else they are gone when they are sent.
            prefetch: messages that may be unacknowledged at once; 0: any number.
            arguments: of the consumer.
        """
        if prefetch:
            self._ask(self._channel.basic_qos, 0, min(prefetch, 65535), False)

        def came(message: Any) -> None:
            info = message.delivery_info
            arrived(
                Message(
                    message.body or b"",  # py-amqp makes empty text of an empty body
                    message.properties,
                    info["delivery_tag"],
                    info["redelivered"],
                )
            )

        self._ask(
            self._channel.basic_consume,
            queue,
            tag,
            no_ack=not acknowledged,
            callback=came,
            on_cancel=cancelled,
            arguments=arguments,
        )

    def cease(self, tag: str) -> None:
        """Consume no more. Raises LaneClosed."""
        self._ask(self._channel.basic_cancel, tag)

    def confirm(
        self,
        confirmed: Callable[[int, bool], None],
        refused: Callable[[int, bool], None],
        returned: Callable[[Message, str], None],
    ) -> None:
        """Let the broker confirm what is published.

        Args:
            confirmed, refused: get the number of a message, and whether it stands for all before it.
            returned: gets a message that no queue took, and why.
        """
        channel = self._channel
        channel.events["basic_ack"].add(confirmed)
        channel.events["basic_nack"].add(refused)
        channel.events["basic_return"].add(
            lambda error, exchange, key, message: returned(
                Message(b"", message.properties), str(error.reply_text)
            )
        )
        self._ask(channel.confirm_select)

    def close(self) -> None:
        """End the channel. Raises LaneClosed."""
        self._ask(self._channel.close)

    def delete_queue(self, name: str) -> None:
        """Delete a queue; one that does not exist is no error."""
        self._ask(self._channel.queue_delete, name)

    def _ask(self, question: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        self._link.guard(lambda: question(*args, **kwargs))

    # --- written, and not answered ----------------------------------------------------------------------------------

    def publish(
        self,
        exchange: str,
        key: str,
        body: bytes,
        properties: Properties,
        *,
        mandatory: bool,
    ) -> None:
        """Publish.

        Not by `basic_publish`: that first reads what has come, and so runs callbacks in the middle of this one.
        """
        message = amqp.Message(
            body,
            content_type=properties.content_type,
            content_encoding=properties.content_encoding,
            type=properties.type,
            message_id=properties.message_id,
            correlation_id=properties.correlation_id,
            reply_to=properties.reply_to,
            expiration=properties.expiration,
            delivery_mode=properties.delivery_mode,
            priority=properties.priority,
            application_headers=properties.headers,
        )
        arguments = (0, exchange, key, mandatory, False)
        self._channel.send_method(spec.Basic.Publish, "Bssbb", arguments, message)

    def acknowledge(self, tag: int, *, multiple: bool) -> None:
        """A message is done with."""
        self._channel.basic_ack(tag, multiple)

    def give_back(self, tag: int) -> None:
        """Let another consumer have a message."""
        self._channel.basic_reject(tag, True)


class _Channel(amqp.Channel):  # type: ignore[misc]
    """A channel that does not open itself again, in the middle of everything, when the broker closes it."""

    lane: Lane | None = None

    def _on_close(self, reply_code: int, reply_text: str, class_id: int, method_id: int) -> None:
        self.send_method(spec.Channel.CloseOk)
        lane = self.lane
        self.collect()
        raise LaneClosed(str(reply_text), reply_code, lane)


class _Connection(amqp.Connection):  # type: ignore[misc]
    """A connection over a `Line`."""

    Channel = _Channel

    def __init__(self, line: Line, **options: Any) -> None:
        super().__init__(**options)
        self.line = line

    # The name is py-amqp's.
    def Transport(self, *args: object, **kwargs: object) -> Line:  # noqa: N802
        """What py-amqp asks for when it connects."""
        return self.line

    def _on_close(self, reply_code: int, reply_text: str, class_id: int, method_id: int) -> None:
        error = error_for_code(reply_code, reply_text, (class_id, method_id), amqp.ConnectionError)
        self._x_close_ok()
        raise LinkLost(str(error.reply_text), reply_code)


class Link:
    """One connection.

    Args:
        broker: whom to connect, at `host`.
        role: what we use it for, in the connection's name.
        deadline: monotonic seconds.

    Raises:
        LinkLost: it cannot be made.
    """

    def __init__(self, broker: Broker, host: Host, role: str, deadline: float) -> None:
        options = broker.options
        self._line = Line(
            host.name,
            host.port or 0,
            broker.context,
            broker.server_name(host),
            2.0 * options.heartbeat,
            deadline,
        )
        self.host = host
        self.blocked = False
        self._connection = _Connection(
            self._line,
            host=str(host),
            userid=broker.username,
            password=broker.password,
            login_method=options.login,
            virtual_host=broker.vhost,
            heartbeat=options.heartbeat,
            frame_handler=Reader,
            client_properties={"connection_name": broker.connection_name(role)},
            on_blocked=lambda reason: self._set_blocked(True),
            on_unblocked=lambda: self._set_blocked(False),
        )
        self.changed: Callable[[], None] = lambda: None
        try:
            self.guard(self._connection.connect)
        except BaseException:
            self.hang_up()
            raise

    def _set_blocked(self, blocked: bool) -> None:
        self.blocked = blocked
        self.changed()

    def guard(self, act: Callable[[], object]) -> None:
        """Do something with the library, and let none of its exceptions out."""
        try:
            act()
        except LaneClosed:
            raise
        except AMQPError as error:
            raise LinkLost(str(error.reply_text or error), error.reply_code or 0) from error
        except TlsRefused as error:
            raise LinkLost(str(error), ACCESS_REFUSED) from error
        except TimeoutError as error:
            raise LinkLost(str(error) or "the broker did not answer in time") from error
        except OSError as error:
            raise LinkLost(error.strerror or str(error)) from error

    def lane(self) -> Lane:
        """Open a channel."""
        channel: list[Any] = []
        self.guard(lambda: channel.append(self._open_channel()))
        return Lane(self, channel[0])

    def _open_channel(self) -> Any:
        channel = self._connection.Channel(self._connection, auto_decode=False)
        channel.open()
        return channel

    # --- used by the owner ----------------------------------------------------------------------------------------

    @property
    def line(self) -> Line:
        """Its socket."""
        return self._line

    def answer_by(self, deadline: float) -> None:
        """When what is asked from now on has to be answered (monotonic seconds)."""
        self._line.deadline = deadline

    def receive(self) -> None:
        """Take what has come, and call whoever it is for. Raises LinkLost or LaneClosed; call it again after the latter."""
        self.guard(self._receive)

    def _receive(self) -> None:
        line = self._line
        line.receive()
        inbound: Callable[[Frame], object] = self._connection.on_inbound_frame
        while (frame := line.take()) is not None:
            inbound(frame)

    def flush(self) -> None:
        """Send what was written, as far as there is room."""
        self.guard(self._line.flush)

    def beat(self, now: float) -> float:
        """Say that we live, if it is time; seconds until it is again. Raises LinkLost if the broker has been silent."""
        interval: float = self._connection.heartbeat or 0.0
        if not interval:
            return 60.0
        line = self._line
        if now - line.heard > 2.0 * interval:
            raise LinkLost(f"the broker has been silent for {now - line.heard:.0f} s")
        if now - line.spoke >= interval / 2:
            if not line.waiting:  # else it does not read: more would not help
                self.guard(self._connection.send_heartbeat)
            return interval / 4
        return line.spoke + interval / 2 - now

    def close(self, deadline: float) -> None:
        """Leave in order, if the broker answers in time."""
        self.answer_by(deadline)
        try:
            self.guard(self._connection.close)
        except (LinkLost, LaneClosed):
            pass  # it has ended, which is what we want
        finally:
            self.hang_up()

    def hang_up(self) -> None:
        """End it as it is. Idempotent."""
        self._line.close()
        if self._connection.channels is not None:
            self._connection.collect()


def soon(seconds: float) -> float:
    """A deadline."""
    return monotonic() + seconds
