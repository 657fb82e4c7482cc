"""What travels by a queue (PROTOCOL.md 8.2), and the reverse. Knows no connection."""

from __future__ import annotations

import math
from typing import Any, Final

import msgspec
from msgspec import Struct
from rpcgen.runtime.core.codec import DECODE_ERRORS
from rpcgen.runtime.errors import InvalidTarget
from rpcgen.runtime.target import Target, check_name

CONTENT_TYPE: Final = "application/x-rpcgen"

#: What a letter is: a frame to a server, one to a client, one to a group of subscribers; who is there, and the answers to that; a server says that it has
#: ended, and a client; what a program sends to itself, to hear whether it can be heard, and to wake its thread.
REQUEST, ANSWER, EVENT = "request", "answer", "event"
WHO, HERE, END, BYE = "who", "here", "end", "bye"
HELLO, WAKE = "hello", "wake"

#: Topics of one server that are believed.
_MOST: Final = 4096


class Letter(Struct, frozen=True):
    """One message.

    Attributes:
        kind: what it is.
        sender: the queue of whoever sent it.
        body: the frame, or what its kind has.
        sent: its sender's monotonic seconds when it left.
        left: seconds for which it is worth reading; None: for ever.
    """

    kind: str
    sender: str
    body: bytes = b""
    sent: float = 0.0
    left: float | None = None


class Here(Struct, frozen=True, array_like=True):
    """What a server says of itself.

    Attributes:
        server: its name.
        topics: exchange and name of each topic that it serves.
        draining: it takes no new work.
        life: grows when it may have lost requests that were sent to it.
    """

    server: str
    topics: list[tuple[str, str]]
    draining: bool = False
    life: int = 0


_HERE = msgspec.msgpack.Decoder(Here)


def here(said: Here) -> bytes:
    """As a body."""
    return msgspec.msgpack.encode(said)


def read_here(body: bytes) -> Here | None:
    """What a body says; None if it is none, or names what cannot be."""
    try:
        said = _HERE.decode(body)
        check_name("server", said.server)
        for topic in said.topics[:_MOST]:
            Target(*topic)
    except (*DECODE_ERRORS, InvalidTarget):
        return None
    return said


def properties(kind: str, sender: str) -> dict[str, Any]:
    """The properties of a letter."""
    return {"type": kind, "reply_to": sender}


def headers(sent: float, left: float | None) -> dict[str, Any]:
    """The headers of a letter."""
    return {"sent": sent} if left is None else {"sent": sent, "left": left}


def read(content_type: object, said: object, carried: object, body: object) -> Letter | None:
    """A letter; whoever can write to a queue can say anything, so types and bounds are checked. None: it is none.

    Args:
        content_type, said, carried, body: a message's content type, properties, headers and body.
    """
    if content_type != CONTENT_TYPE or not isinstance(said, dict) or not isinstance(carried, dict):
        return None
    values: dict[Any, Any] = {**carried, **said}
    kind, sender = values.get("type"), values.get("reply_to")
    if not isinstance(kind, str) or not isinstance(sender, str):
        return None
    sent, left = _seconds(values.get("sent")), _seconds(values.get("left"))
    frame = body if isinstance(body, bytes) else b""
    return Letter(kind, sender, frame, sent or 0.0, left)


def _seconds(value: object) -> float | None:
    """A number of seconds; None if it is no such thing."""
    if isinstance(value, bool) or not isinstance(value, (int, float)):
        return None
    try:
        seconds = float(value)
    except OverflowError:
        return None
    return seconds if math.isfinite(seconds) else None
