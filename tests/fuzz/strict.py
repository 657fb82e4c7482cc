"""A second reader of both encodings, which decides what a frame says: slow, strict, and nothing of the product's."""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any


class Unreadable(ValueError):
    """The bytes are no value, or more than one."""


class Unsure(Exception):
    """Too deep for this reader: it has no opinion."""


@dataclass(frozen=True)
class BadText:
    """Where text should be: bytes that are no UTF-8, or half a surrogate pair."""

    raw: bytes


@dataclass(frozen=True)
class Extension:
    """A MessagePack extension."""

    code: int
    data: bytes


@dataclass(frozen=True)
class Doubled:
    """A map in which a key comes twice: it says two things."""


def read(frame: bytes) -> Any:
    """The one value that the bytes say.

    Raises:
        Unreadable: they say none.
        Unsure: it is nested too deep.
    """
    try:
        return _json(frame) if frame[:1] == b"[" else _msgpack(frame)
    except RecursionError as error:
        raise Unsure from error


def _json(frame: bytes) -> Any:
    try:
        return _marked(
            json.loads(
                frame.decode("utf-8", "surrogateescape"),
                parse_int=_int,
                parse_constant=_no_constant,
                object_pairs_hook=_pairs,
            )
        )
    except ValueError as error:
        raise Unreadable(str(error)) from error


def _pairs(pairs: list[tuple[str, Any]]) -> Any:
    found = dict(pairs)
    return found if len(found) == len(pairs) else Doubled()


def _int(digits: str) -> int | float:
    return int(digits) if len(digits) < 4000 else float("inf")  # more than Python reads


def _no_constant(name: str) -> Any:
    raise Unreadable(name)


def _marked(value: Any) -> Any:
    """The value with BadText where half a surrogate pair was."""
    if isinstance(value, str):
        return (
            value
            if value.isascii() or _is_text(value)
            else BadText(value.encode("utf-8", "replace"))
        )
    if isinstance(value, list):
        return [_marked(each) for each in value]
    if isinstance(value, dict):
        return {_marked(key): _marked(each) for key, each in value.items()}
    return value


def _is_text(value: str) -> bool:
    return not any("\ud800" <= character <= "\udfff" for character in value)


def _msgpack(frame: bytes) -> Any:
    try:
        value, end = _value(frame, 0)
    except (IndexError, struct.error) as error:
        raise Unreadable("cut") from error
    if end != len(frame):
        raise Unreadable("more than one value")
    return value


_FIXED: dict[int, Any] = {0xC0: None, 0xC2: False, 0xC3: True}
_NUMBERS = {
    0xCA: ">f", 0xCB: ">d", 0xCC: ">B", 0xCD: ">H", 0xCE: ">I", 0xCF: ">Q",
    0xD0: ">b", 0xD1: ">h", 0xD2: ">i", 0xD3: ">q",
}  # fmt: skip
_LENGTHS = {
    0xC4: ">B", 0xC5: ">H", 0xC6: ">I", 0xC7: ">B", 0xC8: ">H", 0xC9: ">I",
    0xD9: ">B", 0xDA: ">H", 0xDB: ">I", 0xDC: ">H", 0xDD: ">I", 0xDE: ">H", 0xDF: ">I",
}  # fmt: skip


def _value(frame: bytes, at: int) -> tuple[Any, int]:
    mark, at = frame[at], at + 1
    if mark < 0x80:
        return mark, at
    if mark >= 0xE0:
        return mark - 256, at
    if mark < 0x90:
        return _map(frame, at, mark & 15)
    if mark < 0xA0:
        return _list(frame, at, mark & 15)
    if mark < 0xC0:
        return _str(frame, at, mark & 31)
    if mark in _FIXED:
        return _FIXED[mark], at
    if mark in _NUMBERS:
        form = _NUMBERS[mark]
        return struct.unpack_from(form, frame, at)[0], at + struct.calcsize(form)
    if 0xD4 <= mark <= 0xD8:
        return _extension(frame, at, 1 << (mark - 0xD4))
    if mark not in _LENGTHS:
        raise Unreadable(f"no value begins with {mark:#x}")
    form = _LENGTHS[mark]
    length, at = struct.unpack_from(form, frame, at)[0], at + struct.calcsize(form)
    if mark <= 0xC6:
        return _bytes(frame, at, length)
    if mark <= 0xC9:
        return _extension(frame, at, length)
    if mark <= 0xDB:
        return _str(frame, at, length)
    return _list(frame, at, length) if mark <= 0xDD else _map(frame, at, length)


def _bytes(frame: bytes, at: int, length: int) -> tuple[bytes, int]:
    if at + length > len(frame):
        raise Unreadable("cut")
    return frame[at : at + length], at + length


def _str(frame: bytes, at: int, length: int) -> tuple[str | BadText, int]:
    raw, at = _bytes(frame, at, length)
    try:
        return raw.decode(), at
    except UnicodeDecodeError:
        return BadText(raw), at


def _extension(frame: bytes, at: int, length: int) -> tuple[Extension, int]:
    code = struct.unpack_from(">b", frame, at)[0]
    data, at = _bytes(frame, at + 1, length)
    return Extension(code, data), at


def _list(frame: bytes, at: int, length: int) -> tuple[list[Any], int]:
    items: list[Any] = []
    for _ in range(length):
        item, at = _value(frame, at)
        items.append(item)
    return items, at


def _map(frame: bytes, at: int, length: int) -> tuple[dict[Any, Any] | Doubled, int]:
    items: dict[Any, Any] = {}
    for _ in range(length):
        key, at = _value(frame, at)
        value, at = _value(frame, at)
        items[_key(key)] = value
    return items if len(items) == length else Doubled(), at


def _key(value: Any) -> Any:
    """What may be a key in Python."""
    if isinstance(value, list):
        return tuple(map(_key, value))
    if isinstance(value, dict | Doubled):
        raise Unreadable("a map as a key")
    return value
