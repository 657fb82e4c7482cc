"""Keys that come twice in one map: which of the two counts is for each reader to say, so such a message is refused.

The libraries that decode do not look for them. That a value, encoded again, gives the same bytes tells that there are
none, for a fraction of what reading it costs (`reading.py`); what comes out otherwise, because of numbers in longer forms
than they need or spaces in JSON, is looked through here. The bytes are a value: somebody has read it, and its maps are
none that `alike.py` refuses.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from typing import Any, Final

from rpcgen.runtime.core.codec import JSON, MSGPACK, Codec, Undecodable
from rpcgen.runtime.core.pairs import read_pairs
from rpcgen.runtime.core.words import Path, is_list

#: Bytes of MessagePack that are looked through at most.
LONGEST: Final = 1024 * 1024


def twice(data: bytes, codec: Codec) -> Path | None:
    """Where a key comes twice in a value, None if none does.

    Raises:
        One of DECODE_ERRORS: nobody can read its keys, or it is too long to be looked through.
    """
    if codec is MSGPACK and len(data) > LONGEST:
        raise Undecodable("more than 1 MiB that is not in the shortest forms")
    return _twice(data, codec)


def twice_beside(data: bytes, bodies: Container[object]) -> Path | None:
    """Where a key comes twice in a JSON value, anywhere but in those members of the outermost map."""
    return _twice(data, JSON, bodies)


class _Pairs(list[tuple[Any, Any]]):
    """A map as it was written. Lists are lists or tuples."""


class _Twice(Exception):
    """Some map has a key twice."""


def _twice(data: bytes, codec: Codec, bodies: Container[object] = ()) -> Path | None:
    try:
        read_pairs(data, codec, _once)
    except _Twice:
        return _below(read_pairs(data, codec, _Pairs), bodies)
    return None


def _once(pairs: list[tuple[Any, Any]]) -> None:
    if len(dict(pairs)) != len(pairs):
        raise _Twice


def _below(whole: Any, bodies: Container[object]) -> Path | None:
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
    seen = set[Any]()
    for key, value in of:
        yield str(key), value, key in seen
        seen.add(key)
