"""Control frames: what the two drivers say to each other (PROTOCOL.md, ZeroMQ).

A control frame is the byte 0xC1, which begins no MessagePack and no JSON text, one byte for its kind, and a
MessagePack array. Bundles are in `bundles.py`. Pure: bytes in, values out; knows no sockets.
"""

# No `from __future__ import annotations`: of text msgspec would compile each again when a decoder is made.

import os
from functools import cache
from typing import Final

import msgspec
from rpcgen.runtime.errors import InvalidTarget
from rpcgen.runtime.target import check_name

PROTOCOL: Final = 1

#: The first byte of every control frame, and of no other.
MARK: Final = 0xC1

HELLO: Final = 0x01
WELCOME: Final = 0x02
BYE: Final = 0x03
END: Final = 0x04
CUT: Final = 0x05

#: What a routing id begins with. libzmq's own begin with 0x00, so what a stranger's socket sends can be told apart.
ROUTING_PREFIX: Final = b"R"
ROUTING_LENGTH: Final = 17

_MAX_TOPICS: Final = 4096


class Malformed(ValueError):
    """A control frame that cannot be read."""


class Hello(msgspec.Struct, frozen=True, array_like=True):
    """Client to server, first frame of a connection."""

    protocol: int


class Welcome(msgspec.Struct, frozen=True, array_like=True):
    """Server to client: who is here and what it serves. Sent in answer to HELLO; may be sent again."""

    protocol: int
    server: str
    serves: list[tuple[str, str]]
    draining: bool


class Bye(msgspec.Struct, frozen=True, array_like=True):
    """Server to client: send no new requests, answers still come."""

    protocol: int


class End(msgspec.Struct, frozen=True, array_like=True):
    """Server to client, last frame of a connection: what is not answered by now was never run, and never will be."""

    protocol: int


class Cut(msgspec.Struct, frozen=True, array_like=True):
    """Server to client, last frame of a connection whose key is admitted no more; it says nothing of open requests."""

    protocol: int


Control = Hello | Welcome | Bye | End | Cut

_KINDS: Final[dict[int, type[Hello] | type[Welcome] | type[Bye] | type[End] | type[Cut]]] = {
    HELLO: Hello,
    WELCOME: Welcome,
    BYE: Bye,
    END: End,
    CUT: Cut,
}
_CODES: Final = {cls: code for code, cls in _KINDS.items()}
_encoder: Final = msgspec.msgpack.Encoder()


def encode(control: Control) -> bytes:
    """The frame of a control message."""
    return bytes((MARK, _CODES[type(control)])) + _encoder.encode(control)


def decode(frame: bytes) -> Control:
    """Read a frame that begins with MARK.

    Raises:
        Malformed: it is cut, of an unknown kind, or holds a name that is not allowed.
    """
    kind = _KINDS.get(frame[1]) if len(frame) > 1 else None
    if kind is None:
        raise Malformed("control frame of an unknown kind")
    try:
        control = _decoder(kind).decode(frame[2:])
    except (
        ValueError,
        RecursionError,
    ) as error:  # msgspec's errors and UnicodeDecodeError are ValueErrors
        raise Malformed("control frame that is not the array it should be") from error
    if isinstance(control, Welcome):
        _check_names(control)
    return control


@cache
def _decoder(kind: type[Control]) -> msgspec.msgpack.Decoder[Control]:
    # Made when the first comes: a client reads few kinds, a server fewer.
    return msgspec.msgpack.Decoder(kind)


def new_routing_id() -> bytes:
    """An id that nobody can guess: whoever knew it could not take replies, but could keep its owner out."""
    return ROUTING_PREFIX + os.urandom(ROUTING_LENGTH - len(ROUTING_PREFIX))


def is_routing_id(identity: bytes) -> bool:
    """Whether an identity was made by `new_routing_id`."""
    return len(identity) == ROUTING_LENGTH and identity[:1] == ROUTING_PREFIX


def _check_names(welcome: Welcome) -> None:
    if len(welcome.serves) > _MAX_TOPICS:
        raise Malformed(f"a server of more than {_MAX_TOPICS} topics")
    try:
        check_name("server", welcome.server)
        for exchange, topic in welcome.serves:
            check_name("exchange", exchange)
            check_name("topic", topic)
    except InvalidTarget as error:
        raise Malformed("a name that is not allowed") from error
