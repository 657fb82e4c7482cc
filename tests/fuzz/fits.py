"""Whether Python values are of their annotated types, all the way down, and say what the wire said."""

from __future__ import annotations

import base64
import datetime as dt
import types
import uuid
from decimal import Decimal
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

import msgspec
from rpcgen.runtime import Opaque
from rpcgen.runtime.values import ABSENT, OpenUnion, TaggedUnion

from tests.fuzz.strict import Extension, Unsure

hints_of = cache(get_type_hints)


def fits(value: Any, hint: Any) -> bool:
    """Whether a value is of a type, exactly: True is no int, and 1 is no float."""
    origin, inside = get_origin(hint), get_args(hint)
    if hint is Any:
        return True
    if origin in (Union, types.UnionType):
        return any(fits(value, each) for each in inside)
    if origin is list:
        return type(value) is list and all(fits(each, inside[0]) for each in value)
    if origin is dict:
        return type(value) is dict and all(
            fits(key, inside[0]) and fits(each, inside[1]) for key, each in value.items()
        )
    if hint is None or hint is type(None):
        return value is None
    if isinstance(hint, type) and issubclass(hint, msgspec.Struct):
        return type(value) is hint and _struct_fits(value, hint)
    if isinstance(hint, type) and issubclass(hint, Enum):
        return isinstance(value, hint)
    if getattr(hint, "_is_protocol", False):
        return type(value) is Opaque and value.name == hint.__name__
    return type(value) is hint


def _struct_fits(value: Any, cls: Any) -> bool:
    names = cls.__struct_fields__
    hints = hints_of(cls)
    if (
        issubclass(cls, TaggedUnion)
        and sum(getattr(value, name) is not None for name in names) != 1
    ):
        return False
    if issubclass(cls, OpenUnion) and value.unknown is not None:
        # What is unknown has one name, and none that is known: else `tag` and the member would contradict each other.
        known = {*cls.__struct_encode_fields__} - {""}
        return (
            type(value.unknown) is dict
            and len(value.unknown) == 1
            and not known & set(value.unknown)
        )
    return all(fits(getattr(value, name), hints[name]) for name in names)


def same(got: Any, said: Any) -> bool:
    """Whether a value is what the wire said, in either encoding; the oracle's plain values on the right.

    Raises:
        Unsure: it is nested too deep.
    """
    try:
        return _same(got, said)
    except RecursionError as error:
        raise Unsure from error


def _same(got: Any, said: Any) -> bool:
    match got:
        case OpenUnion() if got.unknown is not None:
            return _same(got.unknown, said)
        case TaggedUnion():
            return _same_map({got.tag: getattr(got, _attribute(got))}, said)
        case Opaque():
            return _same({"name": got.name, "version": got.version, "data": got.data}, said)
        case msgspec.Struct():
            wire = zip(got.__struct_fields__, got.__struct_encode_fields__, strict=True)
            there = {name: getattr(got, field) for field, name in wire}
            return _same_map({k: each for k, each in there.items() if each is not ABSENT}, said)
        case Enum():
            return bool(got.value == said)
        case list() | tuple():
            items: list[Any] = list(got)
            return (
                isinstance(said, type(got))
                and len(items) == len(said)
                and all(map(_same, items, said))
            )
        case dict():
            return _same_map(got, said)
        case bytes():
            return got == said or (isinstance(said, str) and got == base64.b64decode(said))
        case dt.datetime() | dt.date() | dt.timedelta():
            return isinstance(said, str | Extension)
        case msgspec.msgpack.Ext():
            return bool(Extension(got.code, bytes(got.data)) == said)
        case uuid.UUID():
            plain = said.hex() if isinstance(said, bytes) else str(said).replace("-", "").lower()
            return bool(got.hex == plain)
        case Decimal():
            return str(got) == str(Decimal(str(said)))
        case float():
            return isinstance(said, int | float) and (got == float(said) or got != got)
        case _:
            return type(got) is type(said) and bool(got == said)


def _attribute(union: Any) -> str:
    names: tuple[str, ...] = union.__struct_fields__
    return next(name for name in names if getattr(union, name) is not None)


def _same_map(got: dict[Any, Any], said: Any) -> bool:
    if not isinstance(said, dict):
        return False
    given: dict[Any, Any] = said
    if all(type(key) is int for key in got) and all(isinstance(key, str) for key in given):
        given = {int(key): each for key, each in given.items()}
    return given.keys() == got.keys() and all(_same(each, given[key]) for key, each in got.items())
