"""Bytes and values: msgpack by default, JSON for people who debug (PROTOCOL.md 1).

What a failed decode may raise is one list, whatever the library.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from rpcgen.runtime.core.envelope import Event, ToClient, ToServer, Written

#: What libraries raise for hostile bytes; deep nesting ends in RecursionError rather than DecodeError.
DECODE_ERRORS = (msgspec.DecodeError, RecursionError, ValueError, OverflowError, MemoryError)

DecHook = Callable[[type, Any], Any]
EncHook = Callable[[Any], Any]


class Undecodable(ValueError):
    """Bytes that are no message."""


def undecodable(error: BaseException) -> Undecodable:
    """What a payload is that some reader gave up on; also one that is nested too deep to be visited."""
    return Undecodable(f"{type(error).__name__}: the payload could not be decoded")


#: Reads one value of the type that it was made for; raises one of DECODE_ERRORS.
Decode = Callable[["bytes | msgspec.Raw"], Any]


class Codec:
    """One encoding.

    Attributes:
        name: the value of the URL option `codec`.
        mark: what a message begins with; empty for MessagePack, in which none begins as in JSON (PROTOCOL.md 1.1).
        encode: any value to bytes.
        encode_into: the same in place of what a bytearray holds.
        to_client, to_server, to_subscriber: typed decoders of whole frames.
        written: the elements of a request or an event, each as it is written.
        untyped: bytes to plain values.
        native: types that this encoding has of its own; anything else travels as text.
    """

    __slots__ = (
        "_module",
        "encode",
        "encode_into",
        "mark",
        "name",
        "native",
        "to_client",
        "to_server",
        "to_subscriber",
        "untyped",
        "written",
    )

    def __init__(self, name: str, module: Any, native: tuple[type, ...], mark: bytes = b"") -> None:
        self.name = name
        self.mark = mark
        self._module = module
        self.native = native
        encoder = module.Encoder()
        self.encode: Callable[[Any], bytes] = encoder.encode
        self.encode_into: Callable[[Any, bytearray], None] = encoder.encode_into
        self.to_client: Callable[[bytes], ToClient] = self._later("to_client", ToClient)
        self.to_server: Callable[[bytes], ToServer] = self._later("to_server", ToServer)
        self.to_subscriber: Callable[[bytes], Event] = self._later("to_subscriber", Event)
        self.written: Callable[[bytes], Any] = self._later("written", Written)
        self.untyped: Callable[[bytes | msgspec.Raw], Any] = module.Decoder().decode

    def _later(self, name: str, of: Any) -> Decode:
        """A decoder that is made when it is first asked: clients read no requests, and most programs no JSON."""

        def first(data: bytes | msgspec.Raw) -> Any:
            decode = self.decoder(of)
            if self.mark:
                decode = _marked(decode, self.mark)
            setattr(self, name, decode)
            return decode(data)

        return first

    def encoder(self, hook: EncHook | None) -> Callable[[Any], bytes]:
        """An encoder that hands values of unknown types to `hook`."""
        if hook is None:
            return self.encode
        encode: Callable[[Any], bytes] = self._module.Encoder(enc_hook=hook).encode
        return encode

    def decoder(self, of: Any, hook: DecHook | None = None) -> Decode:
        """A decoder of one type that hands values for unknown types to `hook`."""
        decode: Decode = self._module.Decoder(of, dec_hook=hook).decode
        return decode


def _marked(decode: Decode, mark: bytes) -> Decode:
    """A decoder of messages, which takes none with spaces before it: that would be of the other encoding."""

    def decode_marked(data: bytes | msgspec.Raw) -> Any:
        if not bytes(data).startswith(mark):
            raise Undecodable("the message is in another encoding")
        return decode(data)

    return decode_marked


MSGPACK = Codec("msgpack", msgspec.msgpack, (bytes,))
JSON = Codec("json", msgspec.json, (), b"[")

CODECS = {codec.name: codec for codec in (MSGPACK, JSON)}
