"""How mistakes in values are put into words: paths, types, and what was found. Never echoes a value."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, TypeGuard

from msgspec import inspect
from rpcgen.runtime.errors import BadArguments, MistypedArgument
from rpcgen.runtime.open_enum import OpenEnum

#: Where a value stands in the arguments: names and indexes from the top.
Path = tuple[str | int, ...]

#: Characters of one name, and of a whole path, that are shown: names may come from the wire, and end in logs.
_MAX_NAME = 64
_MAX_PATH = 512


def path_text(path: Path) -> str:
    """`("instances", 0, "host")` as `instances[0].host`; names that are no identifiers are quoted and escaped, long ones cut."""
    text = ""
    for step in path:
        if isinstance(step, int):
            text += f"[{step}]"
        else:
            name = step[:_MAX_NAME]
            shown = name if name.isidentifier() and name.isascii() else ascii(name)
            text += f".{shown}" if text else shown
    return text if len(text) <= _MAX_PATH else f"{text[:_MAX_PATH]}..."


def mistyped(path: Path, expected: str, value: Any) -> MistypedArgument:
    """The value has another type than expected."""
    return MistypedArgument(
        f"{_subject(path)} is {kind_of(value)}, expected {expected}", path=path_text(path)
    )


def out_of_bounds(path: Path, expected: str) -> MistypedArgument:
    """The value has the right type, and breaks a constraint."""
    return MistypedArgument(
        f"{_subject(path)} breaks a bound, expected {expected}", path=path_text(path)
    )


def came_twice(path: Path) -> BadArguments:
    """A key that a map has before."""
    where = path_text(path)
    return BadArguments(f"argument {where!r} comes twice", path=where)


def _subject(path: Path) -> str:
    return f"argument {path_text(path)!r}" if path else "the value"


_PLAIN: Mapping[type, str] = {
    type(None): "null",
    str: "text",
    dict: "a map",
    list: "a list",
}


def kind_of(value: object) -> str:
    """What a plain value is, in the language's words."""
    return _PLAIN.get(type(value)) or type(value).__name__


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


def describe(node: inspect.Type) -> str:
    """A type in words."""
    match node:
        case inspect.Metadata(type=inspect.UnionType(types), extra={"needed": True}):
            return " or ".join(
                describe(part) for part in types if not isinstance(part, inspect.NoneType)
            )
        case inspect.Metadata():
            return describe(node.type)
        case inspect.UnionType():
            return " or ".join(describe(part) for part in node.types)
        case inspect.IntType() | inspect.FloatType():
            return _number(node)
        case inspect.EnumType():
            if issubclass(node.cls, OpenEnum):
                return f"text ({node.cls.__name__})"
            return f"one of {', '.join(str(member.value) for member in node.cls)}"
        case inspect.StructType() | inspect.CustomType():
            return node.cls.__name__
        case _:
            return _NAMES[type(node)]


def pattern_text(pattern: str) -> str:
    """A pattern as the interface file has it: generated code says `\\Z` for its `$`."""
    return re.sub(r"\\.", lambda part: "$" if part[0] == r"\Z" else part[0], pattern)


def _number(node: inspect.IntType | inspect.FloatType) -> str:
    name = "int" if isinstance(node, inspect.IntType) else "float"
    signs = ((">=", node.ge), (">", node.gt), ("<=", node.le), ("<", node.lt))
    bounds = [f"{sign} {bound}" for sign, bound in signs if bound is not None]
    return f"{name} {' and '.join(bounds)}" if bounds else name


def is_list(value: object) -> TypeGuard[list[Any]]:
    """Whether a plain value is a list."""
    return isinstance(value, (list, tuple))


def is_map(value: object) -> TypeGuard[dict[Any, Any]]:
    """Whether a plain value is a map."""
    return isinstance(value, dict)
