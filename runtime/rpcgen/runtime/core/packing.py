"""Replacing a program's own objects by what travels, inside values of generated types. Part of `opaque.py`."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import inspect
from rpcgen.runtime.core.nodes import below
from rpcgen.runtime.descriptor import Opaque
from rpcgen.runtime.opaque import OpaqueCodec

Pack = Callable[[Any], Any]


class Packers:
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
