"""From the body of a message of an older version to the newest arguments: what generated tables make of an adapter."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import Struct, inspect
from rpcgen.runtime.core.codec import Codec
from rpcgen.runtime.core.opaque import OpaqueCodecs
from rpcgen.runtime.core.reading import Reader
from rpcgen.runtime.core.versions.kit import Kit
from rpcgen.runtime.core.versions.lift import Lifting
from rpcgen.runtime.core.versions.parts import in_effect
from rpcgen.runtime.core.versions.results import untyped
from rpcgen.runtime.core.versions.visiting import Found, Visit
from rpcgen.runtime.descriptor import Method, Version
from rpcgen.runtime.errors import BadArguments, MistypedArgument


class Adapter:
    """Reads messages of one method and version.

    Args:
        method: whose.
        at: the version that the messages name.
        codec: what they are written with.
        codecs, converters: the server's.
    """

    __slots__ = ("_codec", "_label", "_newest", "_reader", "_up", "_visit")

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
        self._label = method.name
        self._newest: type[Struct] = method.args
        self._up: Callable[[Any], Struct] | None = None
        of = method.args
        if form is not None and form.args is not None:
            of = form.args
            self._up = getattr(converters, f"up_{form.convert}")
        self._reader = Reader(of, codecs.decode, strict=True)
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
            data = self._codec.encode(self._visit(untyped(self._codec, body), Found(), ()))
        arguments: Struct = self._reader.read(data, self._codec)
        if self._up is None:
            return arguments
        try:
            newest = self._up(arguments)
        except BadArguments:
            raise
        except Exception as error:  # whatever the program's converter raises
            raise MistypedArgument(f"{self._label}: its converter failed: {error}") from error
        if isinstance(newest, self._newest):
            return newest
        raise MistypedArgument(
            f"{self._label}: its converter returned {type(newest).__name__}, "
            f"expected {self._newest.__name__}"
        )
