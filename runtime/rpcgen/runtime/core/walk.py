"""The full meaning of reading a value (LANGUAGE: optional, default, absent; strict in, tolerant out).

msgspec's typed decoders accept a subset of this and accept it much faster, so `reading.py` asks them first and comes
here only for what they refuse: to say exactly what is wrong and where, or to accept what the language accepts and
they do not (null for a field with a default, an unknown member of an open union; and, reading tolerantly, unknown
fields and broken bounds).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from itertools import combinations, groupby
from typing import Any

import msgspec
from msgspec import inspect
from rpcgen.runtime.core import leaves
from rpcgen.runtime.core.codec import Codec, DecHook
from rpcgen.runtime.core.nodes import bare, extra_of, is_needed
from rpcgen.runtime.core.words import (
    Path,
    came_twice,
    describe,
    is_list,
    is_map,
    mistyped,
    out_of_bounds,
    path_text,
)
from rpcgen.runtime.errors import (
    BadArguments,
    MissingArgument,
    MistypedArgument,
    UnknownArgument,
)
from rpcgen.runtime.values import OpenUnion, TaggedUnion


class Walk:
    """One reading of plain values as a type.

    Args:
        codec: what the values were decoded from.
        hook: makes opaque objects.
        strict: refuse unknown fields and broken bounds (requests), or let them pass (results, errors, events).
        own: the values are structs of this process, encoded; else they came as messages.
    """

    __slots__ = ("codec", "hook", "own", "strict")

    def __init__(
        self, codec: Codec, hook: DecHook | None, *, strict: bool, own: bool = False
    ) -> None:
        self.codec = codec
        self.hook = hook
        self.strict = strict
        self.own = own

    def read(self, node: inspect.Type, value: Any, path: Path = ()) -> Any:
        """Read `value` as the type of a `msgspec.inspect` node; raises BadArguments with the path."""
        return _READERS[type(node)](self, node, value, path)


def _metadata(walk: Walk, node: inspect.Metadata, value: Any, path: Path) -> Any:
    result = walk.read(node.type, value, path)
    if walk.strict:
        _check_extra(extra_of(node), result, path)
    return result


def _union(walk: Walk, node: inspect.UnionType, value: Any, path: Path) -> Any:
    if value is None:
        return None
    inner = next(part for part in node.types if not isinstance(part, inspect.NoneType))
    return walk.read(inner, value, path)


def _list(walk: Walk, node: inspect.ListType, value: Any, path: Path) -> Any:
    if not is_list(value):
        raise mistyped(path, "a list", value)
    leaves.check_size(walk, node, value, path, "elements")
    return [walk.read(node.item_type, item, (*path, index)) for index, item in enumerate(value)]


def _map(walk: Walk, node: inspect.DictType, value: Any, path: Path) -> Any:
    if not is_map(value):
        raise mistyped(path, "a map", value)
    leaves.check_size(walk, node, value, path, "entries")
    entries: dict[Any, Any] = {}
    for name, item in value.items():
        where = (*path, str(name))
        key = _key(walk, node.key_type, name, where)
        if key in entries:  # two texts, one number
            raise came_twice(where)
        entries[key] = walk.read(node.value_type, item, where)
    return entries


def _key(walk: Walk, node: inspect.Type, key: Any, where: Path) -> Any:
    node = bare(node)
    if isinstance(node, inspect.IntType) and walk.codec.name == "json":
        text = key
        try:
            key = int(text)
        except ValueError:
            raise mistyped(where, "an int as key", text) from None
        if text not in (str(key), "-0"):  # Python reads more than is one, such as " 5" and "1_0"
            raise mistyped(where, "an int as key", text)
        if not _LEAST <= key <= _MOST:  # any number of those may hash alike
            raise out_of_bounds(where, "an int of 64 bits as key")
    return walk.read(node, key, where)


#: Of whole numbers, signed or unsigned (PROTOCOL.md 1.3).
_LEAST, _MOST = -(2**63), 2**64 - 1


def _struct(walk: Walk, node: inspect.StructType, value: Any, path: Path) -> Any:
    if not is_map(value):
        raise mistyped(path, "a map of fields", value)
    if issubclass(node.cls, TaggedUnion):
        return _tagged(walk, node, value, path)
    fields = {field.encode_name: field for field in node.fields}
    given: dict[str, Any] = {}
    for name, item in value.items():
        field = fields.get(name)
        if field is None:
            if walk.strict:
                where = path_text((*path, str(name)))
                raise UnknownArgument(f"unknown argument {where!r}", path=where)
        elif item is not None or not _has_default(field) or _nullable(field.type):
            given[field.name] = walk.read(field.type, item, (*path, name))
        # else: null for a field with a default reads as the default, as if it were absent
    asked = walk.strict and not walk.own
    for field in node.fields:
        needed = field.required or (asked and is_needed(field))
        if needed and field.name not in given:
            where = path_text((*path, field.encode_name))
            raise MissingArgument(
                f"argument {where!r} is missing, expected {describe(field.type)}", path=where
            )
        if needed and not field.required and given[field.name] is None:
            raise mistyped((*path, field.encode_name), describe(field.type), None)
    return node.cls(**given)


def _tagged(walk: Walk, node: inspect.StructType, value: dict[Any, Any], path: Path) -> Any:
    members = {field.encode_name: field for field in node.fields if field.encode_name}
    present = {tag: item for tag, item in value.items() if item is not None}
    if len(present) != 1:
        raise mistyped(path, f"a map with exactly one of the keys {', '.join(members)}", value)
    ((tag, item),) = present.items()
    if walk.own and tag == "":
        # `OpenUnion.unknown` as it is encoded; it is put in its place when all is known to fit.
        ((tag, item),) = item.items()
    if tag in members:
        member = members[tag]
        return node.cls(**{member.name: walk.read(member.type, item, (*path, tag))})
    if issubclass(node.cls, OpenUnion) and isinstance(tag, str) and tag:
        return node.cls(unknown={tag: item})
    where = path_text((*path, str(tag)))
    expected = ", ".join(members)
    raise UnknownArgument(f"unknown member {where!r}, expected one of {expected}", path=where)


def _custom(walk: Walk, node: inspect.CustomType, value: Any, path: Path) -> Any:
    if walk.hook is None:
        raise mistyped(path, f"{node.cls.__name__}, for which no codec is registered", value)
    try:
        return walk.hook(node.cls, value)
    except BadArguments:
        raise
    except (TypeError, ValueError, KeyError, AttributeError) as error:
        where = path_text(path)
        raise MistypedArgument(f"argument {where!r}: {error}", path=where) from error


_READERS: Mapping[type, Callable[[Walk, Any, Any, Path], Any]] = {
    inspect.Metadata: _metadata,
    inspect.UnionType: _union,
    inspect.ListType: _list,
    inspect.DictType: _map,
    inspect.StructType: _struct,
    inspect.CustomType: _custom,
    **leaves.READERS,
}


def _has_default(field: inspect.Field) -> bool:
    """Whether the language gave it one; a field that keeps absent apart has none, though it may be absent."""
    return field.default is not msgspec.NODEFAULT or field.default_factory is not msgspec.NODEFAULT


def _nullable(node: inspect.Type) -> bool:
    node = bare(node)
    if isinstance(node, inspect.UnionType):
        return any(isinstance(part, inspect.NoneType) for part in node.types)
    return isinstance(node, (inspect.NoneType, inspect.AnyType))


def _check_extra(extra: Mapping[str, Any], value: Any, path: Path) -> None:
    """Enforce what msgspec has no words for: `unique`, and bounds of decimals and of ints beyond 63 bits."""
    if extra.get("unique") and not _is_unique(value):
        raise out_of_bounds(path, "a list without duplicates")
    if "min" not in extra and "max" not in extra:
        return
    kind = "int" if isinstance(value, int) else "a decimal"
    if isinstance(value, Decimal) and value.is_nan():
        raise out_of_bounds(path, f"{kind} that is a number")
    if "min" in extra and value < Decimal(extra["min"]):
        raise out_of_bounds(path, f"{kind} >= {extra['min']}")
    if "max" in extra and value > Decimal(extra["max"]):
        raise out_of_bounds(path, f"{kind} <= {extra['max']}")


def _is_unique(items: list[Any]) -> bool:
    try:
        return _differ(items)
    except TypeError:  # lists, maps and what holds them have no hash
        return _differ([_canonical(item) for item in items])


def _differ(items: list[Any]) -> bool:
    """Whether all differ. A set compares those whose hashes are alike (`alike.py`), which may be all of a long list."""
    if len(items) <= _ALIKE:
        return len(set(items)) == len(items)
    for _, group in groupby(sorted(items, key=hash), key=hash):
        alike = list(group)
        if len(alike) > _ALIKE or any(one == other for one, other in combinations(alike, 2)):
            return False
    return True


#: Items with one hash that a list may have; so many are compared in no time.
_ALIKE = 64


def _canonical(item: Any) -> Any:
    """Something with a hash that is the same for values that are the same."""
    if is_list(item):
        return ("list", tuple(map(_canonical, item)))
    if is_map(item):
        pairs = sorted(item.items(), key=lambda pair: repr(pair[0]))
        return ("map", tuple((_canonical(key), _canonical(value)) for key, value in pairs))
    if isinstance(item, msgspec.Struct):
        return (
            type(item),
            tuple(_canonical(getattr(item, name)) for name in item.__struct_fields__),
        )
    try:
        return (type(item), hash(item), item)
    except TypeError:  # an object of the program's own
        return (type(item), repr(item))
