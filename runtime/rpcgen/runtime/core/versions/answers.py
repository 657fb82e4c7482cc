"""Results and errors' fields of other versions, as a client reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import inspect
from rpcgen.runtime.core.codec import Codec, undecodable
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.reading import Reader
from rpcgen.runtime.core.versions.history import has_history
from rpcgen.runtime.descriptor import Interface, Version

if TYPE_CHECKING:
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
        self._node: inspect.Type | None = None
        if interface.has_past and has_history(node := inspect.type_info(of), interface):
            self._node = node
        self._visits: dict[Codec, Visit | None] = {}

    def read(self, data: bytes | msgspec.Raw, codec: Codec) -> Any:
        """Read one value; raises BadArguments, Undecodable or BadResult."""
        if self._node is not None:
            visit = self._visit(self._node, codec)
            if visit is not None:
                from rpcgen.runtime.core.versions.visiting import Found

                try:
                    data = codec.encode(visit(self._reader.plain(data, codec), Found(), ()))
                except RecursionError as error:
                    raise undecodable(error) from error
        return self._reader.read(data, codec)

    def _visit(self, node: inspect.Type, codec: Codec) -> Visit | None:
        if codec not in self._visits:
            from rpcgen.runtime.core.versions.kit import Kit
            from rpcgen.runtime.core.versions.lift import Lifting

            kit = Kit(codec, self._codecs, self._converters)
            self._visits[codec] = Lifting(self._interface, self._at, kit, strict=False).visit(node)
        return self._visits[codec]
