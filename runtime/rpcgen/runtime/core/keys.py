"""Keys that come twice in one map: which of the two counts is for each reader to say, so such a message is refused.

The libraries that decode do not look for them. That a value, encoded again, gives the same bytes tells that there are
none, for a fraction of what reading it costs (`reading.py`); what comes out otherwise, because of numbers in longer forms
than they need or spaces in JSON, is looked through here. The bytes are a value: somebody has read it. How deep it is does
not matter: no function here calls itself.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Container, Iterator, Mapping
from typing import Any, Final

from rpcgen.runtime.core.codec import JSON, MSGPACK, Codec, Undecodable
from rpcgen.runtime.core.words import Path, is_list

#: Bytes of MessagePack that are looked through at most: a MiB of small lists takes half a second.
LONGEST: Final = 1024 * 1024


def twice(data: bytes, codec: Codec) -> Path | None:
    """Where a key comes twice in a value, None if none does.

    Raises:
        One of DECODE_ERRORS: nobody can read its keys, or it is too long to be looked through.
    """
    return _SEARCHES[codec](data)


def twice_beside(data: bytes, bodies: Container[object]) -> Path | None:
    """Where a key comes twice in a JSON value, anywhere but in those members of the outermost map."""
    return _json(data, bodies)


# --- JSON -------------------------------------------------------------------------------------------------------------


class _Pairs(list[tuple[Any, Any]]):
    """A map as it was written. Lists are lists, and of numbers nothing is kept."""


class _Twice(Exception):
    """Some map has a key twice."""


def _json(data: bytes, bodies: Container[object] = ()) -> Path | None:
    try:
        json.loads(data, object_pairs_hook=_once, parse_int=_nothing, parse_float=_nothing)
    except _Twice:
        whole = json.loads(data, object_pairs_hook=_Pairs, parse_int=_nothing, parse_float=_nothing)
        return _below(whole, bodies)
    return None


def _once(pairs: list[tuple[str, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise _Twice


def _nothing(text: str) -> None:
    """A number, which nobody asks for."""


def _below(whole: list[Any], bodies: Container[object]) -> Path | None:
    path: list[str | int] = []
    rest = [_steps(whole)]
    while rest:
        step, value, again = next(rest[-1], _END)
        if step is None:
            rest.pop()
            del path[-1:]
        elif again:
            return (*path, step)
        elif is_list(value) and (path or step not in bodies):
            path.append(step)
            rest.append(_steps(value))
    return None


_END: Final = (None, None, False)


def _steps(of: list[Any]) -> Iterator[tuple[str | int, Any, bool]]:
    """Each key or index of a map or a list, what is there, and whether the key has come before."""
    if not isinstance(of, _Pairs):
        yield from ((index, value, False) for index, value in enumerate(of))
        return
    seen = set[str]()
    for key, value in of:
        yield key, value, key in seen
        seen.add(key)


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


class _Open:
    """A map or a list that is not at its end: how many values are left in it, and the way to the last one that was met."""

    __slots__ = ("left", "seen", "step")

    def __init__(self, left: int, *, is_map: bool) -> None:
        self.left = left
        self.seen: set[Any] | None = set() if is_map else None
        self.step: Any = -1


def _msgpack(data: bytes) -> Path | None:
    if len(data) > LONGEST:
        raise Undecodable("more than 1 MiB that is not in the shortest forms")
    inside: list[_Open] = []
    at = 0
    while True:
        at, count, is_map = _head(data, at)
        if count:
            inside.append(_Open(count, is_map=is_map))
        while inside and not inside[-1].left:
            inside.pop()
        if not inside:
            return None
        here = inside[-1]
        here.left -= 1
        if here.seen is None:
            here.step += 1
            continue
        end = _end(data, at)
        (here.step,) = MSGPACK.untyped(b"\x81" + data[at:end] + b"\xc0")  # a list becomes a tuple
        at = end
        if here.step in here.seen:
            return tuple(each.step if each.seen is None else str(each.step) for each in inside)
        here.seen.add(here.step)


def _end(data: bytes, at: int) -> int:
    """Where the value ends that begins there."""
    left = 1
    while left:
        at, count, is_map = _head(data, at)
        left += count * (1 + is_map) - 1
    return at


def _head(data: bytes, at: int) -> tuple[int, int, bool]:
    """What begins there: where its first element, or what comes behind it, begins; its elements; whether it is a map."""
    mark, at = data[at], at + 1
    if mark < 0x80 or mark >= 0xE0:
        return at, 0, False
    if mark < 0xA0:
        return at, mark & 15, mark < 0x90
    if mark < 0xC0:
        return at + (mark & 31), 0, False
    if mark in _WIDTHS:
        return at + _WIDTHS[mark], 0, False
    begin = at + _LENGTHS[mark]
    length = int.from_bytes(data[at:begin], "big")
    if mark >= 0xDC:
        return begin, length, mark >= 0xDE
    return begin + length + (0xC7 <= mark <= 0xC9), 0, False


_SEARCHES: Final[Mapping[Codec, Callable[[bytes], Path | None]]] = {
    MSGPACK: _msgpack,
    JSON: _json,
}
