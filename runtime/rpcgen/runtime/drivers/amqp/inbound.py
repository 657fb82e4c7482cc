"""Frames that came to methods and messages, in place of py-amqp's own reader: one message that cannot be read must not
cost its connection, and be delivered again to the next one. Knows no channel."""

from __future__ import annotations

# py-amqp has no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
# pyright: reportUntypedBaseClass=false, reportUnknownArgumentType=false
from collections.abc import Callable, Mapping
from math import inf
from struct import unpack_from
from typing import Any

import amqp as _amqp
from amqp import spec
from rpcgen.runtime.drivers.amqp.line import Frame

amqp: Any = _amqp

METHOD, HEADER, BODY, HEARTBEAT = 1, 2, 3, 8

_WITH_CONTENT = frozenset([spec.Basic.Return, spec.Basic.Deliver])

#: Whoever a method is for: channel, method, arguments, message.
Dispatch = Callable[[int, tuple[int, int], bytes, Any], object]


class Inbound(amqp.Message):  # type: ignore[misc]
    """A message of whose properties none count if one cannot be read: nested without end, or no text."""

    def _load_properties(self, class_id: int, buf: bytes, offset: int) -> int:
        try:
            read: int = super()._load_properties(class_id, buf, offset)
        except Exception:  # whatever the library makes of hostile bytes, it is no message of ours
            self.properties: dict[str, Any] = {}
            return offset
        return read


class Oversize(Inbound):
    """A message that is larger than its channel takes: nothing of it is kept, and it is no message of ours."""

    def inbound_body(self, buf: bytes) -> None:
        """Count it."""
        self.body_received += len(buf)
        if self.body_received >= self.body_size:
            self.properties, self.body, self.ready = {}, b"", True


class Reader:
    """Puts the frames of one connection together.

    Args:
        connection: py-amqp's.
        dispatch: gets each method, with its message if it has one.
    """

    def __init__(self, connection: Any, dispatch: Dispatch) -> None:
        self._channels: Mapping[int, Any] = connection.channels
        self._dispatch = dispatch
        self._messages: dict[int, Any] = {}

    def __call__(self, frame: Frame) -> bool:
        """Take a frame; whether something was dispatched. Raises OSError for frames that make no sense."""
        kind, channel, payload = frame
        if channel not in self._channels:
            return False  # it was closed, and this was on its way
        message = self._messages.get(channel)
        if kind == HEARTBEAT:
            return False
        if kind == METHOD and message is None:
            method = unpack_from(">HH", payload, 0)
            if method not in _WITH_CONTENT:
                self._dispatch(channel, method, payload, None)
                return True
            self._messages[channel] = Inbound(frame_method=method, frame_args=payload)
            return False
        if message is None or kind not in (HEADER, BODY):
            raise OSError(f"the broker sent a frame of type {kind} where none belongs")
        if kind == HEADER:
            message.inbound_header(payload)
            if message.body_size > self._most(channel):
                message.__class__ = Oversize
        else:
            message.inbound_body(payload)
        if not message.ready:
            return False
        del self._messages[channel]
        self._dispatch(channel, message.frame_method, message.frame_args, message)
        return True

    def _most(self, channel: int) -> float:
        """Bytes of the largest message that a channel takes."""
        most: float = getattr(self._channels.get(channel), "most", inf)
        return most
