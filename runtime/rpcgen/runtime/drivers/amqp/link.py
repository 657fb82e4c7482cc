"""One AMQP connection, as this driver uses py-amqp.

A `Link` is driven by one thread at a time. What is asked of the broker and answered at once is waited for until the link's deadline;
everything else is written to a buffer, and comes in by `receive`.
"""

from __future__ import annotations

# py-amqp has no types; what crosses the border of this module has.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUnknownArgumentType=false, reportUnknownParameterType=false, reportMissingParameterType=false
# pyright: reportUntypedBaseClass=false, reportUnknownLambdaType=false
import socket
from collections.abc import Callable
from itertools import cycle
from math import inf
from time import monotonic
from typing import Any

import amqp as _amqp
from amqp.exceptions import AMQPError, error_for_code
from rpcgen.runtime import descriptors
from rpcgen.runtime.drivers.amqp.broker import Broker
from rpcgen.runtime.drivers.amqp.inbound import Reader
from rpcgen.runtime.drivers.amqp.lane import Channel, Lane, LaneClosed
from rpcgen.runtime.drivers.amqp.line import Frame, Line, TlsRefused
from rpcgen.runtime.drivers.amqp.message import Message
from rpcgen.runtime.url import Host

amqp: Any = _amqp

#: AMQP's code for who may not.
ACCESS_REFUSED = 403

#: A code of ours: this process may open no more files.
STARVED = -1


class LinkLost(Exception):
    """The connection has ended, or cannot be made.

    Attributes:
        code: the broker's; 0 if it said nothing, STARVED if it was not asked.
    """

    def __init__(self, text: str, code: int = 0) -> None:
        super().__init__(text)
        self.code = code


class WouldWait(Exception):
    """Something was to be asked of the broker where nobody may wait for the answer; nothing was done."""


class _Connection(amqp.Connection):  # type: ignore[misc]
    """A connection over a `Line`."""

    Channel = Channel

    def __init__(self, line: Line, **options: Any) -> None:
        super().__init__(**options)
        self.line = line

    # The name is py-amqp's.
    def Transport(self, *args: object, **kwargs: object) -> Line:  # noqa: N802
        """What py-amqp asks for when it connects."""
        return self.line

    def _on_start(self, major: int, minor: int, properties: Any, logins: Any, *rest: Any) -> None:
        """What py-amqp says of a login that is not offered tells nobody that trying again is no use."""
        offered = (logins.encode() if isinstance(logins, str) else logins).split(b" ")
        wanted = [each.mechanism for each in self.authentication]
        if not set(wanted) & set(offered):
            names = b", ".join(offered).decode(errors="replace")
            text = f"the broker does not offer the login {wanted[0].decode()}, but {names}"
            raise LinkLost(text, ACCESS_REFUSED)
        super()._on_start(major, minor, properties, logins, *rest)

    def delivered(self, channel: int, consumer: str, message: Message) -> None:
        """See `Lanes`."""
        lane = self._open(channel)
        if lane is not None:
            callback = lane.callbacks.get(consumer)
            if callback is None:
                lane.basic_reject(message.tag, True)
            else:
                callback(message)

    def confirmed(self, channel: int, number: int, *, multiple: bool) -> None:
        """See `Lanes`."""
        lane = self._open(channel)
        if lane is not None and lane.confirmed is not None:
            lane.confirmed(number, multiple)

    def passed(self, channel: int) -> None:
        """See `Lanes`."""
        lane = self._open(channel)
        if lane is not None and lane.passed is not None:
            lane.passed()

    def _open(self, channel: int) -> Any:
        """A channel, unless we are closing it."""
        lane = (self.channels or {}).get(channel)
        if lane is None:
            raise OSError(f"the broker sent something for channel {channel}, which is not open")
        return None if lane.is_closing else lane

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
            None if broker.certificates is None else broker.certificates.context(),
            broker.server_name(host),
            2.0 * options.heartbeat,
            deadline,
        )
        self.host = host
        self.blocked = False
        #: Whether whoever drives it may wait for answers.
        self.may_wait = True
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
        #: Of channels, each as late as possible for the second time: what was sent to one that is closed may still come.
        self._numbers = cycle(range(1, self._connection.channel_max + 1))

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
            if _is_starved(error):
                raise LinkLost(descriptors.complaint(), STARVED) from error
            raise LinkLost(error.strerror or str(error)) from error

    def ask(self, question: Callable[[], object]) -> None:
        """Do something that waits for an answer. Raises WouldWait where that may not be."""
        self.expect_to_wait()
        self.guard(question)

    def expect_to_wait(self) -> None:
        """Say that questions follow. Raises WouldWait where they may not be asked, before anything is done."""
        if not self.may_wait:
            raise WouldWait

    def lane(self) -> Lane:
        """Open a channel."""
        channel: list[Any] = []
        self.ask(lambda: channel.append(self._open_channel()))
        return Lane(channel[0], self.ask)

    def _open_channel(self) -> Any:
        connection = self._connection
        number = next(each for each in self._numbers if each not in connection.channels)
        channel = connection.Channel(connection, number, auto_decode=False)
        channel.open()
        return channel

    # --- used by the owner ----------------------------------------------------------------------------------------

    @property
    def line(self) -> Line:
        """Its socket."""
        return self._line

    def answer_by(self, deadline: float) -> None:
        """When what is asked from now on has to be answered (monotonic seconds), or the broker counts as silent."""
        silence: float = 2.0 * (self._connection.heartbeat or inf)
        self._line.deadline = min(deadline, self._line.heard + silence)

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
        left = line.heard + 2.0 * interval - now
        if left <= 0.0:
            raise LinkLost(f"the broker has been silent for {now - line.heard:.0f} s")
        if now - line.spoke >= interval / 2:
            if not line.waiting:  # else it does not read: more would not help
                self.guard(self._connection.send_heartbeat)
            return min(left, interval / 4)
        return min(left, line.spoke + interval / 2 - now)

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


def _is_starved(error: OSError) -> bool:
    """Whether it is for want of descriptors; looking up a name does not say so."""
    unsaid = isinstance(error, socket.gaierror) and descriptors.are_exhausted()
    return unsaid or error.errno in descriptors.EXHAUSTED
