"""Opaque objects: the program's own classes, which travel as {name, version, data} through codecs it registers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, cast

import msgspec
from msgspec import inspect
from rpcgen.runtime.core.codec import DecHook, EncHook
from rpcgen.runtime.descriptor import Opaque
from rpcgen.runtime.errors import ConfigurationError, MistypedArgument

if TYPE_CHECKING:
    from abc import ABCMeta

    from rpcgen.runtime.opaque import OpaqueCodec


class OpaqueCodecs:
    """The codecs of one client or server, by generated type.

    Without a codec an opaque value is an `Opaque` struct, passed through as it is.
    """

    __slots__ = ("_by_type", "_passed", "decode", "encode")

    def __init__(self, codecs: Mapping[type, OpaqueCodec] | None = None) -> None:
        self._by_type = dict(codecs or {})
        self._passed: set[type] = set()  # types whose objects are passed through
        for of, codec in self._by_type.items():
            if not isinstance(cast("object", of), type) or not isinstance(
                getattr(codec, "type", None), type
            ):
                raise ConfigurationError(
                    "codecs maps generated opaque types to objects with `type`, `encode` and `decode`; "
                    f"found {of!r}: {codec!r}"
                )
        if self._by_type:  # now: when the first value comes, there may be no file to open
            import rpcgen.runtime.core.packing  # noqa: F401  # pyright: ignore[reportUnusedImport]
        self.encode: EncHook = self._encode
        self.decode: DecHook = self._decode

    def packer(self, of: Any) -> Callable[[Any], Any] | None:
        """A function that replaces the program's objects inside values of a type; None if none can be there.

        msgspec asks its encoding hook only for classes that it does not know, and it knows dataclasses, for example.
        """
        if not self._by_type:
            return None
        from rpcgen.runtime.core.packing import Packers

        node = of if isinstance(of, inspect.Type) else inspect.type_info(of)
        return Packers(self._by_type).of(node)

    def _encode(self, value: Any) -> Any:
        raise MistypedArgument(
            f"{type(value).__name__} cannot travel; expected a type of the interface, or one with a codec"
        )

    def _decode(self, of: type, value: Any) -> Any:
        opaque = msgspec.convert(value, Opaque)
        if opaque.name != of.__name__:
            raise ValueError(f"it is a {opaque.name[:64]!r}, expected {of.__name__}")
        codec = self._by_type.get(of)
        if codec is not None:
            return codec.decode(opaque.version, opaque.data)
        if (
            of not in self._passed
        ):  # since 3.12 attributes of `__getattr__` do not count for protocols
            cast("ABCMeta", of).register(Opaque)
            self._passed.add(of)
        return opaque
