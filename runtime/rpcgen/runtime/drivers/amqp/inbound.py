"""Frames that came to methods and messages, in place of py-amqp's own reader: one message that cannot be read must not
cost its connection, and be delivered again to the next one. Knows no channel.

What comes with every message (deliveries, confirmations) is read here; all else is py-amqp's business.
"""

from __future__ import annotations

# py-amqp has no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
from collections.abc import Callable, Mapping
from functools import lru_cache
from math import inf
from struct import Struct, error
from typing import Any, Final, Protocol

from amqp import serialization, spec
from rpcgen.runtime.drivers.amqp.line import BODY, HEADER, HEARTBEAT, METHOD, Frame
from rpcgen.runtime.drivers.amqp.message import Message

_serialization: Any = serialization

_RETURN: Final = spec.Basic.Return
_DELIVER: Final = spec.Basic.Deliver
_ACK: Final = spec.Basic.Ack
_FLOW_OK: Final = spec.Channel.FlowOk
_WITH_CONTENT: Final = frozenset([_RETURN, _DELIVER])

_SIGNATURE: Final = Struct(">HH")
#: A number, and whether it stands for all before it; a number, and whether it was delivered before.
_NUMBERED: Final = Struct(">QB")
#: After class and weight: the size of the body, and which properties there are.
_CONTENT: Final = Struct(">QH")
_PROPERTIES_AT: Final = 14

#: The properties in their order: bit, name, kind (`s`: text; else as py-amqp calls them).
_PROPERTIES: Final = (
    (0x8000, "content_type", "s"),
    (0x4000, "content_encoding", "s"),
    (0x2000, "application_headers", "F"),
    (0x1000, "delivery_mode", "o"),
    (0x0800, "priority", "o"),
    (0x0400, "correlation_id", "s"),
    (0x0200, "reply_to", "s"),
    (0x0100, "expiration", "s"),
    (0x0080, "message_id", "s"),
    (0x0040, "timestamp", "L"),
    (0x0020, "type", "s"),
    (0x0010, "user_id", "s"),
    (0x0008, "app_id", "s"),
    (0x0004, "cluster_id", "s"),
)


class Lanes(Protocol):
    """Where what came goes: each with the number of its channel.

    Attributes:
        channels: that are open.
    """

    @property
    def channels(self) -> Mapping[int, Any]: ...

    def on_inbound_method(
        self, channel: int, method: tuple[int, int], payload: bytes, content: Content | None
    ) -> object:
        """Anything; py-amqp's name."""
        ...

    def delivered(self, channel: int, consumer: str, message: Message) -> None:
        """A message for a consumer."""
        ...

    def confirmed(self, channel: int, number: int, *, multiple: bool) -> None:
        """The broker has a message, or all up to it."""
        ...

    def passed(self, channel: int) -> None:
        """It has come to a mark."""
        ...


class Content:
    """A message of which not all has come, and what py-amqp sees of one that came back."""

    __slots__ = ("_pieces", "_within", "body", "method", "missing", "payload", "properties")

    def __init__(self, method: tuple[int, int], payload: bytes) -> None:
        self.method = method
        self.payload = payload
        self.properties: dict[str, Any] = {}
        self.body = b""
        #: Bytes, or -1 before the header.
        self.missing = -1
        self._pieces: list[bytes] = []
        self._within = True

    def head(self, payload: bytes, most: float) -> None:
        """Take the header. No property counts if one cannot be read: nested without end, or no text.

        Of a message with more than `most` bytes nothing is kept: it is no message of ours.
        """
        self.missing, flags = _CONTENT.unpack_from(payload, 4)
        self._within = self.missing <= most
        if not self._within:
            return
        try:
            self.properties = _read_properties(payload, _PROPERTIES_AT, flags)
        except Exception:  # whatever the library makes of hostile bytes, it is no message of ours
            self.properties = {}

    def more(self, payload: bytes) -> None:
        """Take some of the body."""
        self.missing -= len(payload)
        if not self._within:
            return
        if self.missing <= 0 and not self._pieces:
            self.body = payload
            return
        self._pieces.append(payload)
        if self.missing <= 0:
            self.body = b"".join(self._pieces)


class Reader:
    """Puts the frames of one connection together.

    Args:
        lanes: the connection, which knows its channels.
        dispatch: py-amqp's name for its `on_inbound_method`.
    """

    def __init__(self, lanes: Lanes, dispatch: Callable[..., object]) -> None:
        self._lanes = lanes
        self._channels = lanes.channels
        self._dispatch = dispatch
        self._contents: dict[int, Content] = {}

    def __call__(self, frame: Frame) -> bool:
        """Take a frame; whether something was dispatched. Raises OSError for frames that make no sense."""
        kind, channel, payload = frame
        if kind == HEARTBEAT:
            return False
        if channel not in self._channels:  # it was closed, and this was on its way
            self._contents.pop(channel, None)
            return False
        content = self._contents.get(channel)
        if content is None and kind == METHOD:
            return self._method(channel, payload)
        if content is None or kind != (HEADER if content.missing < 0 else BODY):
            raise OSError(f"the broker sent a frame of type {kind} where none belongs")
        if kind == BODY:
            content.more(payload)
        elif len(payload) >= _PROPERTIES_AT:
            content.head(payload, getattr(self._channels[channel], "most", inf))
        else:
            raise _senseless(payload)
        if content.missing > 0:
            return False
        del self._contents[channel]
        if content.method == _DELIVER:
            self._lanes.delivered(channel, *_read_delivery(content))
        else:
            self._dispatch(channel, content.method, content.payload, content)
        return True

    def _method(self, channel: int, payload: bytes) -> bool:
        if len(payload) < _SIGNATURE.size:
            raise _senseless(payload)
        method = _SIGNATURE.unpack_from(payload)
        if method in _WITH_CONTENT:
            self._contents[channel] = Content(method, payload)
            return False
        if method == _ACK and len(payload) == _SIGNATURE.size + _NUMBERED.size:
            number, multiple = _NUMBERED.unpack_from(payload, _SIGNATURE.size)
            self._lanes.confirmed(channel, number, multiple=bool(multiple & 1))
        elif method == _FLOW_OK:
            self._lanes.passed(channel)
        else:
            self._dispatch(channel, method, payload, None)
        return True


def _read_delivery(content: Content) -> tuple[str, Message]:
    """The consumer that it is for, and the message."""
    payload = content.payload
    try:
        at = 5 + payload[4]
        consumer = payload[5:at].decode("utf-8", "surrogatepass")
        tag, redelivered = _NUMBERED.unpack_from(payload, at)
    except (IndexError, UnicodeError, error) as unreadable:
        raise _senseless(payload) from unreadable
    return consumer, Message(content.body, content.properties, tag, bool(redelivered & 1))


def _senseless(payload: bytes) -> OSError:
    return OSError(f"the broker sent a frame that makes no sense: {payload[:32].hex()}")


@lru_cache(256)
def _named(flags: int) -> tuple[tuple[str, str], ...]:
    return tuple((name, kind) for bit, name, kind in _PROPERTIES if flags & bit)


def _read_properties(payload: bytes, at: int, flags: int) -> dict[str, Any]:
    properties: dict[str, Any] = {}
    for name, kind in _named(flags):
        if kind == "s":
            end = at + 1 + payload[at]
            properties[name] = payload[at + 1 : end].decode("utf-8", "surrogatepass")
            at = end
        elif kind == "o":
            properties[name] = payload[at]
            at += 1
        else:
            (properties[name],), at = _serialization.loads(kind, payload, at)
    if at > len(payload):
        raise ValueError("properties end before they should")
    return properties
