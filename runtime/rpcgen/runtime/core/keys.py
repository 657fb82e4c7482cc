"""Keys that come twice in one map: which of the two counts is for each reader to say, so such a message is refused.

The libraries that decode do not look for them. That a value, encoded again, gives the same bytes tells that there are
none, for a fraction of what reading it costs (`reading.py`); what comes out otherwise, because of numbers in longer forms
than they need or spaces in JSON, is looked through here. The bytes are a value: somebody has read it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Mapping
from typing import Any, Final

from rpcgen.runtime.core.codec import JSON, MSGPACK, Codec
from rpcgen.runtime.core.words import Path, is_list


class _Pairs(list[tuple[Any, Any]]):
    """A map as it was written. Lists are lists, and of all other values nothing is kept."""


def twice(data: bytes, codec: Codec) -> Path | None:
    """Where a key comes twice in a value, None if none does; raises one of DECODE_ERRORS for what is too deep."""
    return _find(_SKELETONS[codec](data), ())


def _find(skeleton: Any, path: Path) -> Path | None:
    if not is_list(skeleton):
        return None
    is_map, seen = isinstance(skeleton, _Pairs), set[Any]()
    pairs: Iterable[tuple[Any, Any]] = skeleton if is_map else enumerate(skeleton)
    for key, value in pairs:
        if is_map:
            if key in seen:
                return (*path, str(key))
            seen.add(key)
        if value:
            found = _find(value, (*path, str(key) if is_map else key))
            if found:
                return found
    return None


# --- JSON -------------------------------------------------------------------------------------------------------------


def _json(data: bytes) -> Any:
    try:
        json.loads(data, object_pairs_hook=_once, parse_int=_nothing, parse_float=_nothing)
    except _Twice:
        return json.loads(data, object_pairs_hook=_Pairs)
    return None


class _Twice(Exception):
    """Some map has a key twice."""


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise _Twice


def _nothing(text: str) -> None:
    """A number, which nobody asks for."""


# --- MessagePack ------------------------------------------------------------------------------------------------------

#: Bytes behind the first one, of values that have a fixed length.
_WIDTHS: Final[Mapping[int, int]] = {
    0xC0: 0, 0xC2: 0, 0xC3: 0, 0xCA: 4, 0xCB: 8, 0xCC: 1, 0xCD: 2, 0xCE: 4, 0xCF: 8,
    0xD0: 1, 0xD1: 2, 0xD2: 4, 0xD3: 8, 0xD4: 2, 0xD5: 3, 0xD6: 5, 0xD7: 9, 0xD8: 17,
}  # fmt: skip

#: Bytes of the length, of all others; extensions have one byte more, for their type.
_LENGTHS: Final[Mapping[int, int]] = {
    0xC4: 1, 0xC5: 2, 0xC6: 4, 0xC7: 1, 0xC8: 2, 0xC9: 4, 0xD9: 1, 0xDA: 2, 0xDB: 4,
    0xDC: 2, 0xDD: 4, 0xDE: 2, 0xDF: 4,
}  # fmt: skip


def _msgpack(data: bytes) -> Any:
    return _value(data, 0)[0]


def _value(data: bytes, at: int) -> tuple[Any, int]:
    """The skeleton of the value that begins there, and where it ends."""
    mark, at = data[at], at + 1
    if mark < 0x80 or mark >= 0xE0:
        return None, at
    if mark < 0x90:
        return _map(data, at, mark & 15)
    if mark < 0xA0:
        return _list(data, at, mark & 15)
    if mark < 0xC0:
        return None, at + (mark & 31)
    if mark in _WIDTHS:
        return None, at + _WIDTHS[mark]
    begin = at + _LENGTHS[mark]
    length = int.from_bytes(data[at:begin], "big")
    if mark >= 0xDE:
        return _map(data, begin, length)
    if mark >= 0xDC:
        return _list(data, begin, length)
    return None, begin + length + (0xC7 <= mark <= 0xC9)


def _list(data: bytes, at: int, length: int) -> tuple[list[Any], int]:
    items: list[Any] = []
    for _ in range(length):
        item, at = _value(data, at)
        items.append(item)
    return items, at


def _map(data: bytes, at: int, length: int) -> tuple[_Pairs, int]:
    pairs = _Pairs()
    for _ in range(length):
        _, end = _value(data, at)
        (key,) = MSGPACK.untyped(b"\x81" + data[at:end] + b"\xc0")  # a list, as a key, is a tuple
        value, at = _value(data, end)
        pairs.append((key, value))
    return pairs, at


_SKELETONS: Final[Mapping[Codec, Callable[[bytes], Any]]] = {MSGPACK: _msgpack, JSON: _json}
