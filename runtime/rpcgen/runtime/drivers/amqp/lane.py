"""One channel of an AMQP connection, as this driver uses py-amqp. Knows no connection.

What is asked of the broker and answered at once (declaring, consuming) is waited for until the connection's deadline;
what is published or acknowledged is written to its buffer.
"""

from __future__ import annotations

# py-amqp has no types; what crosses the border of this module has.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false, reportMissingParameterType=false
# pyright: reportUntypedBaseClass=false, reportUnknownLambdaType=false
from collections.abc import Callable
from math import inf
from typing import Any

import amqp as _amqp
from amqp import spec
from rpcgen.runtime.drivers.amqp.message import Exchange, Message, Properties
from rpcgen.runtime.drivers.amqp.outbound import acknowledgement, frames, mark

amqp: Any = _amqp


class LaneClosed(Exception):
    """The broker closed a channel; the connection goes on.

    Attributes:
        code: the broker's.
        lane: which one.
        publishing: whether it was for something that we published.
    """

    def __init__(
        self, text: str, code: int, lane: Lane | None, *, publishing: bool = False
    ) -> None:
        super().__init__(text)
        self.code = code
        self.lane = lane
        self.publishing = publishing


class Lane:
    """One channel.

    Args:
        channel: py-amqp's.
        ask: does something with the library that waits for an answer, and lets none of its exceptions out.
    """

    def __init__(self, channel: Any, ask: Callable[[Callable[[], object]], None]) -> None:
        self._channel = channel
        self._asked = ask
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
            passive=exchange.passive,
            durable=exchange.durable,
            auto_delete=exchange.auto_delete,
        )

    def unbind(self, queue: str, exchange: str, key: str) -> None:
        """Let a queue have no more of what comes to an exchange. Raises LaneClosed."""
        self._ask(self._channel.queue_unbind, queue, exchange, key)

    def consumers(self, queue: str) -> int:
        """How many consume from a queue. Raises LaneClosed if there is no such queue."""
        found: list[int] = []
        self._asked(
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

        self._ask(
            self._channel.basic_consume,
            queue,
            tag,
            no_ack=not acknowledged,
            callback=arrived,
            on_cancel=cancelled,
            arguments=arguments,
        )

    def limit(self, most: float) -> None:
        """Take larger messages without what is in them, and without their properties."""
        self._channel.most = most

    def cease(self, tag: str) -> None:
        """Consume no more. Raises LaneClosed."""
        self._ask(self._channel.basic_cancel, tag)

    def confirm(
        self, confirmed: Callable[[int, bool], None], refused: Callable[[int, bool], None]
    ) -> None:
        """Let the broker confirm what is published.

        Args:
            confirmed, refused: get the number of a message, and whether it stands for all before it.
        """
        channel = self._channel
        channel.confirmed = confirmed
        channel.events["basic_nack"].add(refused)
        self._ask(channel.confirm_select)

    def heed_marks(self, passed: Callable[[], None]) -> None:
        """Be told, for each `mark`, that the broker has come to it."""
        self._channel.passed = passed

    def expect_returns(self, returned: Callable[[Message, str], None]) -> None:
        """Be told of each message that no queue took, and why."""
        self._channel.events["basic_return"].add(
            lambda error, exchange, key, message: returned(
                Message(b"", message.properties), str(error.reply_text)
            )
        )

    def close(self) -> None:
        """End the channel. Raises LaneClosed."""
        self._ask(self._channel.close)

    def delete_queue(self, name: str) -> None:
        """Delete a queue; one that does not exist is no error."""
        self._ask(self._channel.queue_delete, name)

    def _ask(self, question: Callable[..., object], *args: Any, **kwargs: Any) -> None:
        self._asked(lambda: question(*args, **kwargs))

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
        connection = self._open_connection()
        number, longest = self._channel.channel_id, connection.frame_max
        connection.line.write(
            frames(number, exchange, key, body, properties, mandatory=mandatory, frame_max=longest)
        )

    def _open_connection(self) -> Any:
        if self._channel.connection is None:
            raise OSError("the channel is closed")
        return self._channel.connection

    def acknowledge(self, tag: int, *, multiple: bool) -> None:
        """A message is done with."""
        written = acknowledgement(self._channel.channel_id, tag, multiple=multiple)
        self._open_connection().line.write(written)

    def bind(self, queue: str, exchange: Exchange, key: str = "") -> None:
        """Let a queue have what comes to an exchange, which is made if it is not there.

        What is there and does not fit closes the channel, which is noticed by what is asked next.
        """
        self._channel.exchange_declare(
            exchange.name,
            exchange.kind,
            durable=exchange.durable,
            auto_delete=exchange.auto_delete,
            nowait=True,
        )
        self._channel.queue_bind(queue, exchange.name, key, nowait=True)

    def keep_queue(self, name: str, arguments: dict[str, Any]) -> None:
        """Make a queue that stays, if it is not there; one that does not fit closes the channel, as of `bind`."""
        self._channel.queue_declare(
            name, durable=True, auto_delete=False, arguments=arguments, nowait=True
        )

    def mark(self) -> None:
        """Ask for a sign when all that was published before has been taken."""
        self._open_connection().line.write(mark(self._channel.channel_id))

    def give_back(self, tag: int) -> None:
        """Let another consumer have a message."""
        self._channel.basic_reject(tag, True)


class Channel(amqp.Channel):  # type: ignore[misc]
    """A channel that does not open itself again, in the middle of everything, when the broker closes it."""

    lane: Lane | None = None
    #: Bytes of the largest message that it takes.
    most = inf
    #: Gets the number of a message that the broker has, and whether it stands for all before it.
    confirmed: Callable[[int, bool], None] | None = None
    #: Is told that the broker has come to a mark.
    passed: Callable[[], None] | None = None

    def _on_close(self, reply_code: int, reply_text: str, class_id: int, method_id: int) -> None:
        self.send_method(spec.Channel.CloseOk)
        lane = self.lane
        self.collect()
        publishing = (class_id, method_id) == spec.Basic.Publish
        raise LaneClosed(str(reply_text), reply_code, lane, publishing=publishing)
