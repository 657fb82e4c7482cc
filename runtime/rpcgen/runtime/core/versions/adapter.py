"""From the body of a message of an older version to the newest arguments: what generated tables make of an adapter."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct, inspect
from rpcgen.runtime.core.codec import Codec, undecodable
from rpcgen.runtime.core.dates import in_effect
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.reading import Reader
from rpcgen.runtime.core.versions.converters import converted
from rpcgen.runtime.core.versions.kit import Kit
from rpcgen.runtime.core.versions.lift import Lifting
from rpcgen.runtime.core.versions.visiting import Found, Visit
from rpcgen.runtime.descriptor import Method, Version


class Adapter:
    """Reads messages of one method and version.

    Args:
        method: whose.
        at: the version that the messages name.
        codec: what they are written with.
        codecs, converters: the server's.
    """

    __slots__ = (
        "_checker",
        "_codec",
        "_codecs",
        "_converters",
        "_newest",
        "_reader",
        "_up",
        "_visit",
    )

    def __init__(
        self,
        method: Method[Any, Any],
        at: Version,
        codec: Codec,
        codecs: OpaqueCodecs,
        converters: object,
    ) -> None:
        form = in_effect(method.forms, at)
        self._codec = codec
        self._newest: type[Struct] = method.args
        self._converters = converters
        self._up = ""
        of = method.args
        if form is not None and form.args is not None:
            of = form.args
            self._up = f"up_{form.convert}"
        self._codecs = codecs
        self._reader = Reader(of, codecs.decode, strict=True)
        self._checker = Reader(method.args, codecs.decode, strict=True, own=True)
        kit = Kit(codec, codecs, converters)
        lifting = Lifting(method.interface, at, kit, strict=True)
        self._visit: Visit | None = lifting.visit(inspect.type_info(of))

    def read(self, body: msgspec.Raw) -> Struct:
        """The newest arguments.

        Raises:
            BadArguments, ArgumentNotInVersion: the message is not valid at its version.
            Undecodable: the bytes are no value at all.
        """
        data: bytes | msgspec.Raw = body
        if self._visit is not None:
            try:
                data = self._codec.encode(
                    self._visit(self._reader.plain(body, self._codec), Found(), ())
                )
            except RecursionError as error:
                raise undecodable(error) from error
        arguments: Struct = self._reader.read(data, self._codec)
        if not self._up:
            return arguments
        newest = converted(self._converters, self._up, arguments, self._newest)
        pack = self._codecs.packer(self._newest)
        data = self._codec.encoder(self._codecs.encode)(newest if pack is None else pack(newest))
        checked: Struct = self._checker.read(data, self._codec)
        return checked
