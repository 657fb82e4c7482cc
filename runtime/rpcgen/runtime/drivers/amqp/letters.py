"""What a frame looks like as an AMQP message, and the reverse (PROTOCOL.md 6.2). Knows no channel.

The other wire of this driver is another module of this shape.
"""

from __future__ import annotations

import math

from rpcgen.runtime.drivers.amqp.link import Message, Properties

CONTENT_TYPE = "application/x-rpcgen"

#: `type` of a message: requests and cancellations; answers; who is there, and the answers to that.
REQUEST, ANSWER, WHO, HERE = "request", "answer", "who", "here"

#: The longest time to live that AMQP can say is 2^32 - 1 ms; what lives longer lives for ever.
_LONGEST = 4_000_000.0


def request(
    number: int, message_id: bytes, remaining: float | None, reply_to: str | None, label: str | None
) -> Properties:
    """The properties of a frame to a server.

    Args:
        number: of what is published on its channel.
        message_id: the frame's id, or nothing.
        remaining: seconds after which the broker may drop it, or None.
        reply_to: where its answers go, or None.
        label: what comes back with them.
    """
    return Properties(
        content_type=CONTENT_TYPE,
        type=REQUEST,
        message_id=f"{message_id.hex()}.{number}",
        correlation_id=label,
        reply_to=reply_to,
        expiration=_expiration(remaining),
    )


def answer(number: int, label: str | None) -> Properties:
    """The properties of a frame to a client."""
    return Properties(
        content_type=CONTENT_TYPE, type=ANSWER, message_id=f".{number}", correlation_id=label
    )


def here(number: int) -> Properties:
    """The properties of the answer to who is there."""
    return Properties(content_type=CONTENT_TYPE, type=HERE, message_id=f".{number}")


def who(reply_to: str) -> Properties:
    """The properties of the question who is there."""
    return Properties(content_type=CONTENT_TYPE, type=WHO, message_id=".0", reply_to=reply_to)


def _expiration(remaining: float | None) -> str | None:
    if remaining is None or remaining > _LONGEST:
        return None
    return str(max(1, math.ceil(remaining * 1000.0)))


def number_of(message: Message) -> int:
    """The number of a message of ours that came back; 0 if it has none."""
    number = (message.text("message_id") or "").rpartition(".")[2]
    return int(number) if number.isascii() and number.isdigit() else 0


def is_ours(message: Message, kind: str) -> bool:
    """Whether it is what we read; nothing else is decoded."""
    properties = message.properties
    return properties.get("content_type") == CONTENT_TYPE and properties.get("type") == kind
