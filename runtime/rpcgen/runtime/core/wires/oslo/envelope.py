"""What a driver puts round a payload of the oslo wire, and takes off again (PROTOCOL.md 7.1).

Knows nothing of methods and results: only what belongs to the way that a message takes.
"""

from __future__ import annotations

import re
from collections.abc import Container
from typing import Any

import msgspec
from msgspec import Struct, field
from rpcgen.runtime.core.codec import JSON, Undecodable
from rpcgen.runtime.core.keys import twice_beside
from rpcgen.runtime.core.words import path_text

#: The one version of the envelope that there ever was; whoever sends another is not understood.
VERSION = "2.0"
_READABLE = (VERSION, "2.0.0")

#: Arguments and results, whose readers look for themselves and can say more.
_BODIES = ("args", "result")

#: The queues that these clients wait at. A request must not make a server write anywhere else.
_REPLY_QUEUE = re.compile(r"reply_[A-Za-z0-9_.:@+-]{1,249}", re.ASCII)


class Sealed(Struct):
    """The outer object. Where one of the two is missing, it is itself the payload."""

    version: Any = field(name="oslo.version", default=None)
    message: Any = field(name="oslo.message", default=None)


class Opened(Struct, frozen=True):
    """A payload, and what its way is told by.

    Attributes:
        payload: for the wire.
        reply_queue: where an answer goes; None if there is none, or none that may be written to.
    """

    payload: bytes
    reply_queue: str | None


class Way(Struct):
    """What of a payload is read here."""

    reply_queue: Any = field(name="_reply_q", default=None)


_decode_sealed = msgspec.json.Decoder(Sealed).decode
_decode_way = msgspec.json.Decoder(Way).decode


def seal(payload: bytes, *, reply_queue: str | None = None, unique_id: str | None = None) -> bytes:
    """The body of a message.

    Args:
        payload: what the wire wrote, a JSON object with something in it.
        reply_queue: of a call: where its answer goes.
        unique_id: of an answer: never used before.
    """
    way = {"_reply_q": reply_queue, "_unique_id": unique_id}
    told = JSON.encode({name: value for name, value in way.items() if value is not None})
    whole = payload if told == b"{}" else payload[:-1] + b"," + told[1:]
    return JSON.encode({"oslo.version": VERSION, "oslo.message": whole.decode()})


def refuse_twice(data: bytes, bodies: Container[object] = ()) -> None:
    """Raise Undecodable if a key comes twice, outside of members that are read by their type."""
    path = twice_beside(data, bodies)
    if path is not None:
        raise Undecodable(f"{path_text(path)} comes twice")


def unseal(body: bytes) -> Opened:
    """A message that came, with or without an envelope; raises one of DECODE_ERRORS."""
    sealed = _decode_sealed(body)
    payload = body
    refuse_twice(body, _BODIES)
    if sealed.version is not None and sealed.message is not None:
        if sealed.version not in _READABLE or not isinstance(sealed.message, str):
            raise Undecodable(f"an envelope of version {sealed.version!r:.32}, expected {VERSION}")
        payload = sealed.message.encode()
        refuse_twice(payload, _BODIES)
    queue = _decode_way(payload).reply_queue
    may_write = isinstance(queue, str) and _REPLY_QUEUE.fullmatch(queue)
    return Opened(payload, queue if may_write else None)
