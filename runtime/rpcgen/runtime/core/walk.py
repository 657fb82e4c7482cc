"""The full meaning of reading a value (LANGUAGE: optional, default, absent; strict in, tolerant out).

msgspec's typed decoders accept a subset of this and accept it much faster, so `reading.py` asks them first and comes
here only for what they refuse: to say exactly what is wrong and where, or to accept what the language accepts and
they do not (null for a field with a default, an unknown member of an open union; and, reading tolerantly, unknown
fields and broken bounds).
"""

from __future__ import annotations

import datetime
import re
import uuid
from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

import msgspec
from msgspec import inspect
from rpcgen.runtime.core.codec import Codec, DecHook
from rpcgen.runtime.errors import BadArguments, MissingArgument, MistypedArgument, UnknownArgument
from rpcgen.runtime.values import OpenEnum, OpenUnion, TaggedUnion

Path = tuple[str | int, ...]


def path_text(path: Path) -> str:
    """`("instances", 0, "host")` as `instances[0].host`."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            shown = step if step.isidentifier() else ascii(step[:64])
            text += f".{shown}" if text else shown
    return text


class Walk:
    """One reading of plain values as a type.

    Args:
        codec: what the values were decoded from.
        hook: makes opaque objects.
        strict: refuse unknown fields and broken bounds (requests), or let them pass (results, errors, events).
    """

    __slots__ = ("_codec", "_hook", "_strict")

    def __init__(self, codec: Codec, hook: DecHook | None, *, strict: bool) -> None:
        self._codec = codec
        self._hook = hook
        self._strict = strict

    def read(self, node: Any, value: Any, path: Path = ()) -> Any:
        """Read `value` as the type of a `msgspec.inspect` node; raises BadArguments with the path."""
        return _READERS[type(node)](self, node, value, path)

    # --- composite types ------------------------------------------------------------------------------------------

    def _metadata(self, node: inspect.Metadata, value: Any, path: Path) -> Any:
        result = self.read(node.type, value, path)
        if self._strict:
            check_extra(node.extra or {}, result, path)
        return result

    def _union(self, node: inspect.UnionType, value: Any, path: Path) -> Any:
        if value is None:
            return None
        inner = next(part for part in node.types if not isinstance(part, inspect.NoneType))
        return self.read(inner, value, path)

    def _list(self, node: inspect.ListType, value: Any, path: Path) -> Any:
        if not isinstance(value, (list, tuple)):
            raise _mistyped(path, "a list", value)
        self._size(node, value, path, "elements")
        return [self.read(node.item_type, item, (*path, index)) for index, item in enumerate(value)]

    def _dict(self, node: inspect.DictType, value: Any, path: Path) -> Any:
        if not isinstance(value, dict):
            raise _mistyped(path, "a map", value)
        self._size(node, value, path, "entries")
        return {
            self._key(node.key_type, key, path): self.read(node.value_type, item, (*path, str(key)))
            for key, item in value.items()
        }

    def _key(self, node: Any, key: Any, path: Path) -> Any:
        while isinstance(node, inspect.Metadata):
            node = node.type
        if isinstance(node, inspect.IntType) and self._codec.name == "json":
            try:
                key = int(key)
            except ValueError:
                raise _mistyped((*path, str(key)), "an int as key", key) from None
        return self.read(node, key, (*path, str(key)))

    def _struct(self, node: inspect.StructType, value: Any, path: Path) -> Any:
        if not isinstance(value, dict):
            raise _mistyped(path, "a map of fields", value)
        if issubclass(node.cls, TaggedUnion):
            return self._tagged(node, value, path)
        fields = {field.encode_name: field for field in node.fields}
        given: dict[str, Any] = {}
        for name, item in value.items():
            field = fields.get(name)
            if field is None:
                if self._strict:
                    raise UnknownArgument(
                        f"unknown argument {path_text((*path, str(name)))!r}",
                        path=path_text((*path, str(name))),
                    )
            elif item is not None or not _has_default(field) or _nullable(field.type):
                given[field.name] = self.read(field.type, item, (*path, name))
            # else: null for a field with a default reads as the default, as if it were absent
        for field in node.fields:
            if field.required and field.name not in given:
                where = path_text((*path, field.encode_name))
                raise MissingArgument(
                    f"argument {where!r} is missing, expected {describe(field.type)}", path=where
                )
        return node.cls(**given)

    def _tagged(self, node: inspect.StructType, value: dict[Any, Any], path: Path) -> Any:
        members = {field.encode_name: field for field in node.fields if field.encode_name}
        expected = f"a map with exactly one of the keys {', '.join(members)}"
        present = {tag: item for tag, item in value.items() if item is not None}
        if len(present) != 1:
            raise _mistyped(path, expected, value)
        ((tag, item),) = present.items()
        if tag in members:
            member = members[tag]
            inner = self.read(member.type, item, (*path, tag))
            return node.cls(**{member.name: inner})
        if issubclass(node.cls, OpenUnion) and isinstance(tag, str):
            return node.cls(unknown={tag: item})
        where = path_text((*path, str(tag)))
        raise UnknownArgument(
            f"unknown member {where!r}, expected one of {', '.join(members)}", path=where
        )

    # --- leaves ---------------------------------------------------------------------------------------------------

    def _int(self, node: inspect.IntType, value: Any, path: Path) -> Any:
        if not isinstance(value, int) or isinstance(value, bool):
            raise _mistyped(path, describe(node), value)
        self._range(node, value, path)
        return value

    def _float(self, node: inspect.FloatType, value: Any, path: Path) -> Any:
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            raise _mistyped(path, describe(node), value)
        self._range(node, value, path)
        return float(value)

    def _str(self, node: inspect.StrType, value: Any, path: Path) -> Any:
        if not isinstance(value, str):
            raise _mistyped(path, describe(node), value)
        self._size(node, value, path, "characters")
        if self._strict and node.pattern is not None and not re.search(node.pattern, value):
            raise _broken(path, f"text that matches {node.pattern}")
        return value

    def _bytes(self, node: inspect.BytesType, value: Any, path: Path) -> Any:
        result = self._convert(bytes, value, path)
        self._size(node, result, path, "bytes")
        return result

    def _enum(self, node: inspect.EnumType, value: Any, path: Path) -> Any:
        if not isinstance(value, str):
            raise _mistyped(path, describe(node), value)
        try:
            return node.cls(value)
        except ValueError:
            raise _broken(path, describe(node)) from None

    def _datetime(self, node: inspect.DateTimeType, value: Any, path: Path) -> Any:
        result: datetime.datetime = self._convert(datetime.datetime, value, path)
        if self._strict and node.tz and result.tzinfo is None:
            raise _broken(path, "a datetime with a time zone")
        return result

    def _none(self, node: inspect.NoneType, value: Any, path: Path) -> Any:
        if value is not None and self._strict:
            raise _mistyped(path, "null", value)

    def _any(self, node: inspect.AnyType, value: Any, path: Path) -> Any:
        return value

    def _custom(self, node: inspect.CustomType, value: Any, path: Path) -> Any:
        if self._hook is None:
            raise _mistyped(path, f"{node.cls.__name__}, for which no codec is registered", value)
        try:
            return self._hook(node.cls, value)
        except BadArguments:
            raise
        except (TypeError, ValueError, KeyError, AttributeError) as error:
            raise MistypedArgument(
                f"argument {path_text(path)!r}: {error}", path=path_text(path)
            ) from error

    def _text(self, node: Any, value: Any, path: Path) -> Any:
        return self._convert(_TEXT_TYPES[type(node)], value, path)

    # --- helpers --------------------------------------------------------------------------------------------------

    def _convert(self, cls: type, value: Any, path: Path) -> Any:
        try:
            return msgspec.convert(value, cls, builtin_types=self._codec.native)
        except (msgspec.ValidationError, ValueError, OverflowError):
            raise _mistyped(path, cls.__name__, value) from None

    def _range(self, node: inspect.IntType | inspect.FloatType, value: float, path: Path) -> None:
        if not self._strict:
            return
        if not (
            (node.ge is None or value >= node.ge)
            and (node.gt is None or value > node.gt)
            and (node.le is None or value <= node.le)
            and (node.lt is None or value < node.lt)
        ):
            raise _broken(path, describe(node))

    def _size(self, node: Any, value: Any, path: Path, unit: str) -> None:
        if not self._strict:
            return
        least, most = node.min_length, node.max_length
        if (least is not None and len(value) < least) or (most is not None and len(value) > most):
            bounds = f"{least or 0} to {most}" if most is not None else f"at least {least}"
            raise MistypedArgument(
                f"argument {path_text(path)!r} has {len(value)} {unit}, expected {bounds}",
                path=path_text(path),
            )


_TEXT_TYPES: Mapping[type, type] = {
    inspect.UUIDType: uuid.UUID,
    inspect.DateType: datetime.date,
    inspect.TimeDeltaType: datetime.timedelta,
    inspect.DecimalType: Decimal,
}

_READERS: Mapping[type, Callable[..., Any]] = {
    inspect.Metadata: Walk._metadata,
    inspect.UnionType: Walk._union,
    inspect.ListType: Walk._list,
    inspect.DictType: Walk._dict,
    inspect.StructType: Walk._struct,
    inspect.IntType: Walk._int,
    inspect.FloatType: Walk._float,
    inspect.StrType: Walk._str,
    inspect.BytesType: Walk._bytes,
    inspect.EnumType: Walk._enum,
    inspect.DateTimeType: Walk._datetime,
    inspect.NoneType: Walk._none,
    inspect.AnyType: Walk._any,
    inspect.CustomType: Walk._custom,
    inspect.BoolType: lambda walk, node, value, path: (
        value if isinstance(value, bool) else _fail(path, "bool", value)
    ),
    **dict.fromkeys(_TEXT_TYPES, Walk._text),
}

_NAMES: Mapping[type, str] = {
    inspect.BoolType: "bool",
    inspect.StrType: "text",
    inspect.BytesType: "bytes",
    inspect.UUIDType: "a uuid",
    inspect.DateTimeType: "a datetime",
    inspect.DateType: "a date",
    inspect.TimeDeltaType: "a duration",
    inspect.DecimalType: "a decimal",
    inspect.ListType: "a list",
    inspect.DictType: "a map",
    inspect.AnyType: "anything",
    inspect.NoneType: "null",
}


def describe(node: Any) -> str:
    """A type in words, for messages."""
    while isinstance(node, inspect.Metadata):
        node = node.type
    match node:
        case inspect.UnionType():
            return " or ".join(describe(part) for part in node.types)
        case inspect.IntType() | inspect.FloatType():
            return _number(node)
        case inspect.EnumType():
            if issubclass(node.cls, OpenEnum):
                return f"text ({node.cls.__name__})"
            return f"one of {', '.join(str(member.value) for member in node.cls)}"
        case inspect.StructType() | inspect.CustomType():
            return f"{node.cls.__name__}"
        case _:
            return _NAMES[type(node)]


def _number(node: inspect.IntType | inspect.FloatType) -> str:
    name = "int" if isinstance(node, inspect.IntType) else "float"
    bounds = [
        f"{sign} {bound}"
        for sign, bound in ((">=", node.ge), (">", node.gt), ("<=", node.le), ("<", node.lt))
        if bound is not None
    ]
    return " ".join([name, " and ".join(bounds)]) if bounds else name


def _has_default(field: inspect.Field) -> bool:
    """Whether the language gave it a default; a field that keeps absent apart has none, though it may be absent."""
    return field.default is not msgspec.NODEFAULT or field.default_factory is not msgspec.NODEFAULT


def _nullable(node: Any) -> bool:
    while isinstance(node, inspect.Metadata):
        node = node.type
    if isinstance(node, inspect.UnionType):
        return any(isinstance(part, inspect.NoneType) for part in node.types)
    return isinstance(node, (inspect.NoneType, inspect.AnyType))


def check_extra(extra: Mapping[str, Any], value: Any, path: Path) -> None:
    """Enforce what msgspec has no words for: `unique`, and bounds of decimals."""
    if extra.get("unique"):
        seen: list[Any] = []
        for item in value:
            if item in seen:
                raise _broken(path, "a list without duplicates")
            seen.append(item)
    if "min" in extra and value < Decimal(extra["min"]):
        raise _broken(path, f"a decimal >= {extra['min']}")
    if "max" in extra and value > Decimal(extra["max"]):
        raise _broken(path, f"a decimal <= {extra['max']}")


def has_extra(node: Any, seen: set[type]) -> bool:
    """Whether reading this type needs `check_extra` anywhere."""
    match node:
        case inspect.Metadata():
            return bool(node.extra) or has_extra(node.type, seen)
        case inspect.UnionType():
            return any(has_extra(part, seen) for part in node.types)
        case inspect.ListType():
            return has_extra(node.item_type, seen)
        case inspect.DictType():
            return has_extra(node.value_type, seen)
        case inspect.StructType():
            if node.cls in seen:
                return False
            seen.add(node.cls)
            return any(has_extra(field.type, seen) for field in node.fields)
        case _:
            return False


_PLAIN: Mapping[type, str] = {str: "text", dict: "a map", list: "a list"}


def _kind(value: Any) -> str:
    """What a plain value is, in the language's words; never the value itself, which may be secret or hostile."""
    if value is None:
        return "null"
    return _PLAIN.get(type(value)) or type(value).__name__


def _mistyped(path: Path, expected: str, value: Any) -> MistypedArgument:
    where = path_text(path)
    subject = f"argument {where!r}" if where else "the value"
    return MistypedArgument(f"{subject} is {_kind(value)}, expected {expected}", path=where)


def _broken(path: Path, expected: str) -> MistypedArgument:
    where = path_text(path)
    subject = f"argument {where!r}" if where else "the value"
    return MistypedArgument(f"{subject} breaks a bound, expected {expected}", path=where)


def _fail(path: Path, expected: str, value: Any) -> Any:
    raise _mistyped(path, expected, value)
