"""Defaults and constants as Python expressions. A value is already read by its type; here it is only spelled."""

from __future__ import annotations

import base64
from typing import NamedTuple

from rpcgen.codegen.inheritance import struct_fields
from rpcgen.codegen.literals import bytes_literal, number_literal, text_literal
from rpcgen.codegen.scope import Scope
from rpcgen.idl.durations import parse_iso_duration
from rpcgen.idl.model import (
    Enum,
    ListOf,
    MapOf,
    Named,
    Opaque,
    Scalar,
    ScalarName,
    Struct,
    TypeExpr,
    Union,
    Value,
)


class Spelled(NamedTuple):
    """An expression for a value; a `shared` one may be evaluated once and used by everybody."""

    text: str
    shared: bool


def spell(scope: Scope, value: Value, of: TypeExpr) -> Spelled:
    """Spell a value of a type."""
    if value is None:
        return Spelled("None", shared=True)
    match scope.bare(of):
        case Scalar(name):
            return _scalar(scope, name, value)
        case ListOf(item):
            return _list(scope, value, item)
        case MapOf(key, item):
            return _map(scope, value, key, item)
        case Named(name):
            return _named(scope, name, value)
        case _:
            raise AssertionError("unexpected type of a value")


def _scalar(scope: Scope, name: ScalarName, value: Value) -> Spelled:
    if name == "any":
        return _any(value)
    if name == "float" and isinstance(value, int):
        value = float(value)
    if not isinstance(value, str):
        assert isinstance(value, (bool, int, float)), f"unexpected value of {name}"
        text = number_literal(value)
        return Spelled(text, shared="(" not in text)
    if name == "string":
        return Spelled(text_literal(value), shared=True)
    if name == "bytes":
        return Spelled(bytes_literal(base64.b64decode(value)), shared=True)
    return Spelled(_made(scope, name, value), shared=False)


def _made(scope: Scope, name: ScalarName, value: str) -> str:
    literal = text_literal(value)
    if name == "uuid":
        return f"{scope.imports.use('uuid', 'UUID')}({literal})"
    if name == "decimal":
        return f"{scope.imports.use('decimal', 'Decimal')}({literal})"
    dt = scope.imports.module("datetime", "dt")
    if name == "duration":
        return f"{dt}.timedelta({_duration(value)})"
    return f"{dt}.{name}.fromisoformat({literal})"


def _duration(value: str) -> str:
    seconds = parse_iso_duration(value)
    assert seconds is not None, f"unexpected duration {value!r}"
    whole = int(seconds)
    micro = int((seconds - whole) * 1_000_000)
    return f"seconds={whole}, microseconds={micro}" if micro else f"seconds={whole}"


def plain(value: Value) -> str:
    """Spell a value as it travels, whatever its type."""
    return _any(value).text


def _any(value: Value) -> Spelled:
    match value:
        case list():
            return Spelled(f"[{', '.join(_any(item).text for item in value)}]", shared=False)
        case dict():
            items = (f"{text_literal(key)}: {_any(item).text}" for key, item in value.items())
            return Spelled(f"{{{', '.join(items)}}}", shared=False)
        case str():
            return Spelled(text_literal(value), shared=True)
        case None:
            return Spelled("None", shared=True)
        case _:
            return Spelled(number_literal(value), shared=True)


def _list(scope: Scope, value: Value, item: TypeExpr) -> Spelled:
    assert isinstance(value, list), "unexpected value of a list"
    return Spelled(f"[{', '.join(spell(scope, each, item).text for each in value)}]", shared=False)


def _map(scope: Scope, value: Value, key: TypeExpr, item: TypeExpr) -> Spelled:
    assert isinstance(value, dict), "unexpected value of a map"
    number = scope.bare(key) == Scalar("int")
    items = (
        f"{int(name) if number else text_literal(name)}: {spell(scope, each, item).text}"
        for name, each in value.items()
    )
    return Spelled(f"{{{', '.join(items)}}}", shared=False)


def _named(scope: Scope, name: str, value: Value) -> Spelled:
    definition = scope.interface.types[name]
    spelled = scope.named(name)
    if isinstance(definition, Enum):
        assert isinstance(value, str), "unexpected value of an enum"
        return Spelled(f"{spelled}.{scope.names.members[name][value]}", shared=True)
    assert isinstance(value, dict), "unexpected value of a struct"
    match definition:
        case Struct():
            fields = {
                field.name: field.type for field in struct_fields(scope.interface, definition)
            }
        case Union():
            fields = {tag: member.type for tag, member in definition.members.items()}
        case Opaque() | _:
            raise AssertionError(f"unexpected value of {name}")
    members = scope.names.members[name]
    items = (
        f"{members[key]}={spell(scope, each, fields[key]).text}" for key, each in value.items()
    )
    return Spelled(f"{spelled}({', '.join(items)})", shared=False)


def is_empty(spelled: Spelled) -> bool:
    """Whether it is an empty list or map, which a plain factory makes."""
    return spelled.text in {"[]", "{}"}
