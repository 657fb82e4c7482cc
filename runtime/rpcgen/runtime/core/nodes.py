"""Walking through types, as `msgspec.inspect` describes them, and quick questions about what they hold."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, cast

from msgspec import NODEFAULT, inspect


def below(node: inspect.Type) -> Iterator[inspect.Type]:
    """The node and all types that a value of it can hold, each struct once."""
    seen: set[type] = set()
    stack: list[inspect.Type] = [node]
    while stack:
        node = stack.pop()
        yield node
        match node:
            case inspect.Metadata():
                stack.append(node.type)
            case inspect.UnionType():
                stack.extend(node.types)
            case inspect.ListType():
                stack.append(node.item_type)
            case inspect.DictType():
                stack.append(node.value_type)
            case inspect.StructType() if node.cls not in seen:
                seen.add(node.cls)
                stack.extend(field.type for field in node.fields)
            case _:
                pass


def extra_of(node: inspect.Metadata) -> dict[str, Any]:
    """What generated code says of a type beyond msgspec's own words."""
    # msgspec types it as a bare dict
    return cast("dict[str, Any] | None", node.extra) or {}  # pyright: ignore[reportUnknownMemberType]


def is_needed(field: inspect.Field) -> bool:
    """Whether a request must hold a field that results of older servers lack."""
    return isinstance(field.type, inspect.Metadata) and extra_of(field.type).get("needed", False)


def has_extra(node: inspect.Type) -> bool:
    """Whether reading this type needs bounds that msgspec does not check, anywhere below."""
    return any(isinstance(part, inspect.Metadata) and extra_of(part) for part in below(node))


def has_int_keys(node: inspect.Type) -> bool:
    """Whether a map below has whole numbers as keys, which JSON writes as text: "1" and "01" are the same one."""
    return any(
        isinstance(part, inspect.DictType) and not isinstance(bare(part.key_type), inspect.StrType)
        for part in below(node)
    )


def has_plain(node: inspect.Type) -> bool:
    """Whether a value below is read without a type."""
    return any(isinstance(part, (inspect.AnyType, inspect.CustomType)) for part in below(node))


def bare(node: inspect.Type) -> inspect.Type:
    """A type without what is said beside it."""
    while isinstance(node, inspect.Metadata):
        node = node.type
    return node


def is_open(node: inspect.Type) -> bool:
    """Whether a value can hold an unknown member of an open union, which has no place of its own when encoded."""
    return any(
        isinstance(part, inspect.StructType) and is_open_union(part.cls) for part in below(node)
    )


def keeps_absent(field: inspect.Field) -> bool:
    """Whether a field has `presence: explicit`: it may be absent, and nothing is filled in."""
    filled = field.default is not NODEFAULT or field.default_factory is not NODEFAULT
    return not field.required and not filled


def is_open_union(cls: type) -> bool:
    """Whether values of a class may be unknown members of an open union: no other class has a field without a name."""
    return "" in getattr(cls, "__struct_encode_fields__", ())
