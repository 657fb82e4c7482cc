"""What a frame looks like as an AMQP message, and the reverse (PROTOCOL.md 6.2). Knows no channel.

The other wire of this driver is another module of this shape.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from time import monotonic
from typing import Any, cast

from msgspec import Struct
from msgspec.structs import replace
from rpcgen.runtime.drivers.amqp.message import PERSISTENT, Message, Properties

CONTENT_TYPE = "application/x-rpcgen"

#: `type` of a message: requests and cancellations; answers; who is there, and the answers to that.
REQUEST, ANSWER, WHO, HERE = "request", "answer", "who", "here"

#: `type` of several answers in one message, and what a request says as `app_id` whose sender reads such.
ANSWERS, BUNDLES = "answers", "bundles"

#: Headers of messages that are kept: which attempt it is, why the first and the last failed, and whether there may be
#: another copy of it.
ATTEMPT, FIRST, LAST = "rpcgen-attempt", "rpcgen-first-error", "rpcgen-last-error"
COPIED = "rpcgen-copied"

#: A header of what cannot be read: bytes that it had, if there are not so many any more.
SIZE = "rpcgen-size"

#: Characters of a reason, and of an id of others.
MAX_REASON = 4096
_MAX_ID = 64

#: The longest time to live that AMQP can say is 2^32 - 1 ms; what lives longer lives for ever.
_LONGEST = 4_000_000.0

#: Digits of 2^32.
MAX_DIGITS = 10


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
        expiration=expiration(remaining),
        app_id=BUNDLES,
    )


class Kept(Struct, frozen=True):
    """What travels with a message that is kept, beside its frame, and is written anew for each attempt.

    Attributes:
        attempt: 1, or more if it could not be done before.
        first, last: why it could not be done, at first and lately.
        copied: its sender does not know whether it had arrived before.
    """

    attempt: int = 1
    first: str = ""
    last: str = ""
    copied: bool = False

    def failed(self, reason: str) -> Kept:
        """The same after one more attempt."""
        reason = _sayable(reason)
        return Kept(self.attempt + 1, self.first or reason, reason)

    def headers(self) -> dict[str, Any]:
        """As AMQP headers."""
        said = {ATTEMPT: self.attempt, FIRST: self.first, LAST: self.last, COPIED: self.copied}
        return {name: value for name, value in said.items() if value}


def kept_of(message: Message) -> Kept:
    """What a message says; whoever can write there can say anything, so types and bounds are checked."""
    headers = message.properties.get("application_headers")
    if not isinstance(headers, dict):
        return Kept()
    said = cast("dict[str, object]", headers)
    attempt, first, last = said.get(ATTEMPT), said.get(FIRST), said.get(LAST)
    return Kept(
        min(max(attempt, 1), 1000) if isinstance(attempt, int) else 1,
        first[:MAX_REASON] if isinstance(first, str) else "",
        last[:MAX_REASON] if isinstance(last, str) else "",
        said.get(COPIED) is True,
    )


def keep(
    number: int,
    message_id: str,
    reply_to: str | None,
    label: str | None,
    kept: Kept,
    remaining: float | None,
) -> Properties:
    """The properties of a frame to a server that is kept until it has been run, or has waited for too long."""
    return Properties(
        content_type=CONTENT_TYPE,
        type=REQUEST,
        message_id=f"{message_id}.{number}",
        correlation_id=label,
        reply_to=reply_to,
        delivery_mode=PERSISTENT,
        expiration=expiration(remaining),
        headers=kept.headers(),
    )


def junk(message: Message, reason: str, largest: int) -> tuple[bytes, Callable[[int], Properties]]:
    """A message that cannot be read, as it is kept for people: at most so many bytes of it, and what makes the rest."""
    size = len(message.body)
    headers: dict[str, Any] = {LAST: _sayable(reason)}
    if size > largest:
        headers[SIZE] = size
    message_id = id_of(message)
    # No headers of others, nor what else means something to a broker; and none of it from the message itself, which may
    # be large, when it leaves.
    said = Properties(
        content_type=message.text("content_type"),
        content_encoding=message.text("content_encoding"),
        type=message.text("type"),
        correlation_id=message.text("correlation_id"),
        reply_to=message.text("reply_to"),
        app_id=message.text("app_id"),
        delivery_mode=PERSISTENT,
        headers=headers,
    )

    def properties(number: int) -> Properties:
        return replace(said, message_id=f"{message_id}.{number}")

    return message.body[:largest], properties


def foreign(message: Message) -> str:
    """Why it is no request."""
    if not message.properties:
        return "it is no request: no property of it can be read, or it is larger than max_message"
    kind, content = ((message.text(name) or "")[:64] for name in ("type", "content_type"))
    return f"it is no request: its type is {kind!a}, and its content type {content!a}"


def _sayable(reason: str) -> str:
    return reason[:MAX_REASON].encode("utf-8", "replace").decode("utf-8")


def answer(number: int, label: str | None) -> Properties:
    """The properties of a frame to a client."""
    return Properties(
        content_type=CONTENT_TYPE, type=ANSWER, message_id=f".{number}", correlation_id=label
    )


class Bundle(Struct, frozen=True):
    """Makes the properties of several answers with one label."""

    label: str | None

    def __call__(self, number: int) -> Properties:
        """Of what is published by this number."""
        return Properties(
            content_type=CONTENT_TYPE,
            type=ANSWERS,
            message_id=f".{number}",
            correlation_id=self.label,
        )


def here(number: int) -> Properties:
    """The properties of the answer to who is there."""
    return Properties(content_type=CONTENT_TYPE, type=HERE, message_id=f".{number}")


def who(reply_to: str) -> Properties:
    """The properties of the question who is there."""
    return Properties(content_type=CONTENT_TYPE, type=WHO, message_id=".0", reply_to=reply_to)


def expiration(remaining: float | None) -> str | None:
    """Seconds as AMQP says for how long a message may wait."""
    if remaining is None or remaining > _LONGEST:
        return None
    return str(max(1, math.ceil(remaining * 1000.0)))


def deadline_of(message: Message) -> float | None:
    """Until when a message may wait: as long after its arrival as it said when it was published, so a bit late."""
    told = message.text("expiration") or ""
    if not (told.isascii() and told.isdecimal() and len(told) <= MAX_DIGITS):
        return None
    return monotonic() + int(told) / 1000.0


def id_of(message: Message) -> str:
    """What a message is called, without its number, and of a length to which one can be added."""
    said = message.text("message_id") or ""
    name, _, number = said.rpartition(".")
    name = name if number.isdecimal() else said
    return name[:_MAX_ID].encode("ascii", "replace").decode("ascii")


def number_of(message: Message) -> int:
    """The number of a message of ours that came back; 0 if it has none."""
    number = (message.text("message_id") or "").rpartition(".")[2]
    return int(number) if number.isascii() and number.isdigit() else 0


def is_ours(message: Message, kind: str) -> bool:
    """Whether it is what we read; nothing else is decoded."""
    properties = message.properties
    return properties.get("content_type") == CONTENT_TYPE and properties.get("type") == kind
