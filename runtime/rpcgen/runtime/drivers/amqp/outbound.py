"""What is published, as frames: in place of py-amqp's writer, which puts each message together from many pieces.

Knows no channel but its number. What most messages share is encoded once.
"""

from __future__ import annotations

# py-amqp has no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false
from functools import lru_cache
from struct import Struct
from typing import Any, Final

from amqp import serialization
from rpcgen.runtime.drivers.amqp.line import BODY, END, HEADER, METHOD
from rpcgen.runtime.drivers.amqp.message import Properties

_serialization: Any = serialization

_FRAME: Final = Struct(">BHI")
#: Class 60 (basic), its method 40 (publish), and a ticket that nobody uses any more.
_PUBLISH: Final = b"\x00\x3c\x00\x28\x00\x00"
#: A frame's head, class 60, a weight of 0, the size of the body, and which properties there are.
_CONTENT: Final = Struct(">BHIHHQH")
_CONTENT_SIZE: Final = _CONTENT.size - _FRAME.size
_END: Final = bytes([END])
#: A whole frame: class 60 (basic), its method 80 (ack), a number, whether it stands for all before it.
_ACK: Final = Struct(">BHIHHQBB")

#: A whole frame: class 20 (channel), its method 20 (flow), whether to: nothing has stopped, so this changes nothing.
_FLOW: Final = Struct(">BHIHHBB")

#: Where messages go, and what is often said of them.
_REMEMBERED: Final = 1024


def frames(
    channel: int,
    exchange: str,
    key: str,
    body: bytes,
    properties: Properties,
    *,
    mandatory: bool,
    frame_max: int,
) -> bytes:
    """One message, as it is written. Raises ValueError for a property that AMQP cannot say."""
    flags, said = _encode(properties)
    size = len(body)
    parts = [
        _method(channel, exchange, key, mandatory),
        _CONTENT.pack(HEADER, channel, _CONTENT_SIZE + len(said), 60, 0, size, flags),
        said,
        _END,
    ]
    longest = frame_max - 8
    for at in range(0, size, longest):
        piece = body if size <= longest else body[at : at + longest]
        parts += (_FRAME.pack(BODY, channel, len(piece)), piece, _END)
    return b"".join(parts)


def acknowledgement(channel: int, number: int, *, multiple: bool) -> bytes:
    """That a message is done with, or all up to it."""
    return _ACK.pack(METHOD, channel, _ACK.size - _FRAME.size - 1, 60, 80, number, multiple, END)


def mark(channel: int) -> bytes:
    """A question that the broker answers when it has come so far in what is published."""
    return _FLOW.pack(METHOD, channel, _FLOW.size - _FRAME.size - 1, 20, 20, 1, END)


@lru_cache(_REMEMBERED)
def _method(channel: int, exchange: str, key: str, mandatory: bool) -> bytes:
    payload = b"".join((_PUBLISH, _text(exchange), _text(key), b"\x01" if mandatory else b"\x00"))
    return _FRAME.pack(METHOD, channel, len(payload)) + payload + _END


def _encode(said: Properties) -> tuple[int, bytes]:
    """The properties in AMQP's order, and the bits that say which there are."""
    flags = 0x1000
    before, after = b"", b""
    if said.content_type is not None:
        flags |= 0x8000
        before += _common(said.content_type)
    if said.content_encoding is not None:
        flags |= 0x4000
        before += _common(said.content_encoding)
    if said.headers is not None:
        flags |= 0x2000
        before += _serialization.dumps("F", [said.headers])
    before += bytes((said.delivery_mode,))
    if said.priority is not None:
        flags |= 0x0800
        before += bytes((said.priority,))
    if said.correlation_id is not None:
        flags |= 0x0400
        after = _text(said.correlation_id)
    if said.reply_to is not None:
        flags |= 0x0200
        after += _common(said.reply_to)
    if said.expiration is not None:
        flags |= 0x0100
        after += _text(said.expiration)
    if said.message_id is not None:
        flags |= 0x0080
        after += _text(said.message_id)
    if said.type is not None:
        flags |= 0x0020
        after += _common(said.type)
    if said.app_id is not None:
        flags |= 0x0008
        after += _common(said.app_id)
    return flags, before + after


def _text(text: str) -> bytes:
    encoded = text.encode("utf-8", "surrogatepass")
    return bytes((len(encoded),)) + encoded


_common = lru_cache(_REMEMBERED)(_text)
