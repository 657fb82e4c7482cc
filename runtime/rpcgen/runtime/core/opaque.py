"""Opaque objects: the program's own classes, which travel as {name, version, data} through codecs it registers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol, cast

import msgspec
from msgspec import inspect
from rpcgen.runtime.core.codec import DecHook, EncHook
from rpcgen.runtime.core.nodes import below
from rpcgen.runtime.descriptor import Opaque
from rpcgen.runtime.errors import ConfigurationError, MistypedArgument


class OpaqueCodec(Protocol):
    """Turns objects of one opaque type into plain values and back.

    Attributes:
        type: the program's class; generated opaque types are protocols, which many classes fit.
    """

    @property
    def type(self) -> type[Any]:
        """The program's class."""
        ...

    def encode(self, value: Any, /) -> tuple[str, Any]:
        """The version of the object's own format, and its plain data (None, bool, int, float, str, list, dict)."""
        ...

    def decode(self, version: str, data: Any, /) -> Any:
        """The object again; raise ValueError for a version that is not understood."""
        ...


class OpaqueCodecs:
    """The codecs of one client or server, by generated type.

    Without a codec an opaque value is an `Opaque` struct, passed through as it is.
    """

    __slots__ = ("_by_type", "decode", "encode")

    def __init__(self, codecs: Mapping[type, OpaqueCodec] | None = None) -> None:
        self._by_type = dict(codecs or {})
        for of, codec in self._by_type.items():
            if not isinstance(cast("object", of), type) or not isinstance(
                getattr(codec, "type", None), type
            ):
                raise ConfigurationError(
                    "codecs maps generated opaque types to objects with `type`, `encode` and `decode`; "
                    f"found {of!r}: {codec!r}"
                )
        self.encode: EncHook = self._encode
        self.decode: DecHook = self._decode

    def packer(self, of: Any) -> Pack | None:
        """A function that replaces the program's objects inside values of a type; None if none can be there.

        msgspec asks its encoding hook only for classes that it does not know, and it knows dataclasses, for example.
        """
        return _Packers(self._by_type).of(inspect.type_info(of)) if self._by_type else None

    def _encode(self, value: Any) -> Any:
        raise MistypedArgument(
            f"{type(value).__name__} cannot travel; expected a type of the interface, or one with a codec"
        )

    def _decode(self, of: type, value: Any) -> Any:
        opaque = msgspec.convert(value, Opaque)
        if opaque.name != of.__name__:
            raise ValueError(f"it is a {opaque.name[:64]!r}, expected {of.__name__}")
        codec = self._by_type.get(of)
        return opaque if codec is None else codec.decode(opaque.version, opaque.data)


Pack = Callable[[Any], Any]


class _Packers:
    """Builds packing functions; a type that holds nothing opaque has none."""

    def __init__(self, by_type: Mapping[type, OpaqueCodec]) -> None:
        self._by_type = by_type
        self._structs: dict[type, Pack] = {}

    def of(self, node: inspect.Type) -> Pack | None:
        """The function for one type."""
        match node:
            case inspect.Metadata():
                return self.of(node.type)
            case inspect.UnionType():
                inner = next((pack for part in node.types if (pack := self.of(part))), None)
                return inner and _nullable(inner)
            case inspect.ListType():
                item = self.of(node.item_type)
                return item and (lambda value: [item(element) for element in value])
            case inspect.DictType():
                inner = self.of(node.value_type)
                return inner and (
                    lambda value: {key: inner(element) for key, element in value.items()}
                )
            case inspect.CustomType():
                codec = self._by_type.get(node.cls)
                return None if codec is None else _object(node.cls.__name__, codec)
            case inspect.StructType():
                return self._struct(node)
            case _:
                return None

    def _struct(self, node: inspect.StructType) -> Pack | None:
        if not any(isinstance(part, inspect.CustomType) for part in below(node)):
            return None
        if node.cls not in self._structs:

            def forward(value: Any) -> Any:
                return made(
                    value
                )  # a recursive type finds this while its own function is being made

            self._structs[node.cls] = forward
            made = _fields({f.name: pack for f in node.fields if (pack := self.of(f.type))})
        return self._structs[node.cls]


def _nullable(inner: Pack) -> Pack:
    return lambda value: None if value is None else inner(value)


def _object(name: str, codec: OpaqueCodec) -> Pack:
    def pack(value: Any) -> Any:
        if not isinstance(value, codec.type):
            return value  # an Opaque made by hand, or a mistake that the check of the message finds
        version, data = codec.encode(value)
        return Opaque(name=name, version=version, data=data)

    return pack


def _fields(packs: Mapping[str, Pack]) -> Pack:
    def pack(value: Any) -> Any:
        return msgspec.structs.replace(
            value, **{name: field(getattr(value, name)) for name, field in packs.items()}
        )

    return pack
