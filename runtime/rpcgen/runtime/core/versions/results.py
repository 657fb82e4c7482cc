"""Results and errors' fields at other versions, as a server writes them for its callers."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from msgspec import inspect
from rpcgen.runtime.core.codec import JSON, Codec
from rpcgen.runtime.core.nodes import is_open
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.reading import Reader
from rpcgen.runtime.core.versions.history import has_history
from rpcgen.runtime.descriptor import Interface, Version

if TYPE_CHECKING:
    from rpcgen.runtime.core.versions.visiting import Visit


class VersionedWriter:
    """Writes results of one type for callers of any version.

    Args:
        of: a type expression.
        interface: whose.
        codecs, converters: the server's.
        whole: also fields that a caller does not know are written.
    """

    __slots__ = (
        "_codecs",
        "_converters",
        "_encoders",
        "_interface",
        "_node",
        "_of",
        "_pack",
        "_reader",
        "_visits",
        "_whole",
    )

    def __init__(
        self,
        of: Any,
        interface: Interface,
        codecs: OpaqueCodecs,
        converters: object,
        *,
        whole: bool = False,
    ) -> None:
        self._interface = interface
        self._whole = whole
        self._codecs = codecs
        self._converters = converters
        self._encoders: dict[Codec, Callable[[Any], bytes]] = {}
        self._pack = codecs.packer(of)
        self._reader = Reader(of, codecs.decode, strict=True, own=True)
        self._of = node = inspect.type_info(of)
        self._node = node if has_history(node, interface) or is_open(node) else None
        self._visits: dict[tuple[Codec, Version], Visit | None] = {}

    def write(self, value: Any, codec: Codec, reader: Version) -> bytes:
        """Encode one value for a caller that understands the version `reader`; raises BadArguments."""
        encode = self._encoders.get(codec) or self._new_encoder(codec)
        data = encode(value if self._pack is None else self._pack(value))
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

    def _new_encoder(self, codec: Codec) -> Callable[[Any], bytes]:
        encode = codec.encoder(self._codecs.encode)
        if codec is JSON:
            from rpcgen.runtime.core.finite import finite_encoder  # most programs never need it

            encode = finite_encoder(self._codecs.encode, self._of)
        self._encoders[codec] = encode
        return encode

    def _visit(self, node: inspect.Type, codec: Codec, reader: Version) -> Visit | None:
        key = (codec, reader)
        if key not in self._visits:
            from rpcgen.runtime.core.versions.kit import Kit
            from rpcgen.runtime.core.versions.lower import Lowering

            kit = Kit(codec, self._codecs, self._converters)
            self._visits[key] = Lowering(
                self._interface, reader, kit, strict=False, whole=self._whole
            ).visit(node)
        return self._visits[key]
