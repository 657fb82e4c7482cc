"""Plain values to bytes, lies included: text that is no text, keys that come twice, numbers that no reader has.

Knows nothing of frames. It shares no code with the product, which cannot say such things.
"""

from __future__ import annotations

import base64
import json
import struct
from typing import Any

MSGPACK = "msgpack"
JSON = "json"


class Exactly:
    """Bytes that stand for a value as they are, one text for each encoding."""

    def __init__(self, msgpack: bytes, text: bytes) -> None:
        self.texts = {MSGPACK: msgpack, JSON: text}


class Pairs(list[tuple[Any, Any]]):
    """A map whose keys may come twice."""


def write(value: Any, encoding: str) -> bytes:
    """One value."""
    return _pack(value) if encoding == MSGPACK else _text(value)


def _pack(value: Any) -> bytes:
    match value:
        case Exactly():
            return value.texts[MSGPACK]
        case None:
            return b"\xc0"
        case bool():
            return b"\xc3" if value else b"\xc2"
        case int():
            return _pack_int(value)
        case float():
            return struct.pack(">Bd", 0xCB, value)
        case str():
            raw = value.encode("utf-8", "surrogatepass")
            return _head(len(raw), (0xA0, 32), (0xD9, 0xDA, 0xDB)) + raw
        case bytes():
            return _head(len(value), None, (0xC4, 0xC5, 0xC6)) + value
        case Pairs():
            return _pack_map(value)
        case list():
            items: list[Any] = value
            return _head(len(items), (0x90, 16), (None, 0xDC, 0xDD)) + b"".join(map(_pack, items))
        case dict():
            return _pack_map(list(value.items()))
        case _:
            raise AssertionError(f"unexpected {value!r}")


def _pack_map(pairs: list[tuple[Any, Any]]) -> bytes:
    inner = b"".join(_pack(key) + _pack(value) for key, value in pairs)
    return _head(len(pairs), (0x80, 16), (None, 0xDE, 0xDF)) + inner


def _head(size: int, short: tuple[int, int] | None, marks: tuple[int | None, int, int]) -> bytes:
    if short is not None and size < short[1]:
        return bytes([short[0] + size])
    for mark, form, limit in zip(marks, ("B", "H", "I"), (8, 16, 32), strict=True):
        if mark is not None and size < 1 << limit:
            return struct.pack(f">B{form}", mark, size)
    raise AssertionError("unexpected size")


_INTS = ((0xCC, "B"), (0xCD, "H"), (0xCE, "I"), (0xCF, "Q"), (0xD0, "b"), (0xD1, "h"), (0xD2, "i"))


def _pack_int(value: int) -> bytes:
    if -32 <= value < 128:
        return struct.pack("b", value) if value < 0 else bytes([value])
    for mark, form in (*_INTS, (0xD3, "q")):
        try:
            return struct.pack(f">B{form}", mark, value)
        except struct.error:
            continue
    return struct.pack(">Bd", 0xCB, float(value))  # the encoding has no such number


def _text(value: Any) -> bytes:
    match value:
        case Exactly():
            return value.texts[JSON]
        case bytes():
            return b'"' + base64.b64encode(value) + b'"'
        case Pairs():
            return _object(value)
        case list():
            items: list[Any] = value
            return b"[" + b",".join(map(_text, items)) + b"]"
        case dict():
            return _object(list(value.items()))
        case _:
            return json.dumps(value).encode()


def _object(pairs: list[tuple[Any, Any]]) -> bytes:
    def name(key: Any) -> bytes:
        return _text(key if isinstance(key, str) else str(key))

    return b"{" + b",".join(name(key) + b":" + _text(each) for key, each in pairs) + b"}"
