"""Results and errors' fields at other versions: the server writes for the caller's version, the caller reads anything.

What has no history goes straight through msgspec.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import inspect
from rpcgen.runtime.core.codec import CODECS, Codec
from rpcgen.runtime.core.nodes import below
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.reading import Reader
from rpcgen.runtime.descriptor import Interface, Version
from rpcgen.runtime.values import OpenUnion

if TYPE_CHECKING:
    from rpcgen.runtime.core.versions.kit import Kit
    from rpcgen.runtime.core.versions.visiting import Visit


class VersionedReader:
    """Reads results of one type, written for one version by a server of that version or a later one of its major.

    Args:
        of: a type expression.
        interface, at: whose, and the version.
        codecs, converters: the client's.
    """

    __slots__ = ("_at", "_codecs", "_converters", "_interface", "_node", "_reader", "_visits")

    def __init__(
        self,
        of: Any,
        interface: Interface,
        at: Version,
        codecs: OpaqueCodecs,
        converters: object,
    ) -> None:
        self._interface = interface
        self._at = at
        self._codecs = codecs
        self._converters = converters
        self._reader = Reader(of, codecs.decode, strict=False)
        node = inspect.type_info(of)
        self._node = node if has_history(node, interface) else None
        self._visits: dict[Codec, Visit | None] = {}

    def read(self, data: bytes | msgspec.Raw, codec: Codec) -> Any:
        """Read one value; raises BadArguments, Undecodable or BadResult."""
        if self._node is not None:
            visit = self._visit(self._node, codec)
            if visit is not None:
                from rpcgen.runtime.core.versions.visiting import Found

                plain = visit(untyped(codec, data), Found(), ())
                data = codec.encode(plain)
        return self._reader.read(data, codec)

    def _visit(self, node: inspect.Type, codec: Codec) -> Visit | None:
        if codec not in self._visits:
            from rpcgen.runtime.core.versions.kit import Kit
            from rpcgen.runtime.core.versions.lift import Lifting

            kit = Kit(codec, self._codecs, self._converters)
            self._visits[codec] = Lifting(self._interface, self._at, kit, strict=False).visit(node)
        return self._visits[codec]


class VersionedWriter:
    """Writes results of one type for callers of any version.

    Args:
        of: a type expression.
        interface: whose.
        codecs, converters: the server's.
    """

    __slots__ = (
        "_codecs",
        "_converters",
        "_encoders",
        "_interface",
        "_node",
        "_pack",
        "_reader",
        "_visits",
    )

    def __init__(
        self, of: Any, interface: Interface, codecs: OpaqueCodecs, converters: object
    ) -> None:
        self._interface = interface
        self._codecs = codecs
        self._converters = converters
        self._encoders = {codec: codec.encoder(codecs.encode) for codec in CODECS.values()}
        self._pack = codecs.packer(of)
        self._reader = Reader(of, codecs.decode, strict=True)
        node = inspect.type_info(of)
        self._node = node if has_history(node, interface) or _is_open(node) else None
        self._visits: dict[tuple[Codec, Version], Visit | None] = {}

    def write(self, value: Any, codec: Codec, reader: Version) -> bytes:
        """Encode one value for a caller that understands the version `reader`; raises BadArguments."""
        data = self._encoders[codec](value if self._pack is None else self._pack(value))
        self._reader.read(data, codec)
        if self._node is None:
            return data
        visit = self._visit(self._node, codec, reader)
        if visit is None:
            return data
        from rpcgen.runtime.core.versions.visiting import Found

        found = Found()
        plain = visit(codec.untyped(data), found, ())
        return codec.encode(plain) if found.changed else data

    def _visit(self, node: inspect.Type, codec: Codec, reader: Version) -> Visit | None:
        key = (codec, reader)
        if key not in self._visits:
            from rpcgen.runtime.core.versions.lower import Lowering

            kit = _kit(codec, self._codecs, self._converters)
            self._visits[key] = Lowering(self._interface, reader, kit, strict=False).visit(node)
        return self._visits[key]


def _kit(codec: Codec, codecs: OpaqueCodecs, converters: object) -> Kit:
    from rpcgen.runtime.core.versions.kit import Kit

    return Kit(codec, codecs, converters)


def untyped(codec: Codec, data: bytes | msgspec.Raw) -> Any:
    """Plain values of bytes; raises Undecodable."""
    from rpcgen.runtime.core.codec import DECODE_ERRORS, Undecodable

    try:
        return codec.untyped(data)
    except DECODE_ERRORS as error:
        raise Undecodable(f"{type(error).__name__}: the payload could not be decoded") from error


def has_history(node: inspect.Type, interface: Interface) -> bool:
    """Whether anything in a type was another one at some version, or has versions of its own."""
    tables = (
        interface.parts,
        interface.gone,
        interface.opened,
        interface.fallbacks,
        interface.clocks,
    )
    return any(tables) and any(
        any(part.cls in table for table in tables)
        for part in below(node)
        if isinstance(part, (inspect.StructType, inspect.EnumType))
    )


def _is_open(node: inspect.Type) -> bool:
    """Whether a value can hold an unknown member of an open union, which has no place of its own when encoded."""
    return any(
        isinstance(part, inspect.StructType) and issubclass(part.cls, OpenUnion)
        for part in below(node)
    )
