"""Bytes and values: msgpack by default, JSON for people who debug (PROTOCOL.md 1).

What a failed decode may raise is one list, whatever the library.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from rpcgen.runtime.core.envelope import Event, ToClient, ToServer

#: What libraries raise for hostile bytes; deep nesting ends in RecursionError rather than DecodeError.
DECODE_ERRORS = (msgspec.DecodeError, RecursionError, ValueError, OverflowError, MemoryError)

DecHook = Callable[[type, Any], Any]
EncHook = Callable[[Any], Any]


class Undecodable(ValueError):
    """Bytes that are no message."""


#: Reads one value of the type that it was made for; raises one of DECODE_ERRORS.
Decode = Callable[["bytes | msgspec.Raw"], Any]


class Codec:
    """One encoding.

    Attributes:
        name: the value of the URL option `codec`.
        encode: any value to bytes.
        to_client, to_server, to_subscriber: typed decoders of whole frames.
        untyped: bytes to plain values.
        native: types that this encoding has of its own; anything else travels as text.
    """

    __slots__ = (
        "_module",
        "encode",
        "name",
        "native",
        "to_client",
        "to_server",
        "to_subscriber",
        "untyped",
    )

    def __init__(self, name: str, module: Any, native: tuple[type, ...]) -> None:
        self.name = name
        self._module = module
        self.native = native
        self._make()

    def _make(self) -> None:
        module = self._module
        self.encode: Callable[[Any], bytes] = module.Encoder().encode
        self.to_client: Callable[[bytes], ToClient] = module.Decoder(ToClient).decode
        self.to_server: Callable[[bytes], ToServer] = module.Decoder(ToServer).decode
        self.to_subscriber: Callable[[bytes], Event] = module.Decoder(Event).decode
        self.untyped: Callable[[bytes | msgspec.Raw], Any] = module.Decoder().decode

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


class _Spare(Codec):
    """One that few programs need: it is made when something of it is used, and is a `Codec` like any other then."""

    __slots__ = ()

    def _make(self) -> None:
        """Later."""

    def __getattr__(self, name: str) -> Any:
        # Asked for slots that are still empty. Not in `Codec`: the hook would cost at every use of the others, too.
        Codec._make(self)
        self.__class__ = Codec  # type: ignore[assignment]  # the same slots
        return getattr(self, name)


MSGPACK = Codec("msgpack", msgspec.msgpack, (bytes,))
JSON: Codec = _Spare("json", msgspec.json, ())

CODECS = {codec.name: codec for codec in (MSGPACK, JSON)}
