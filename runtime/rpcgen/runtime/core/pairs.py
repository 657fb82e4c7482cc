"""Reading values of which no maps are made: each map is handed over as pairs. Knows no types, and no rules."""

# msgpack has no types.
# pyright: reportMissingTypeStubs=false, reportUnknownMemberType=false, reportUnknownVariableType=false

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any, Final

import msgpack
import msgspec
from rpcgen.runtime.core.codec import JSON, MSGPACK, Codec

#: Takes the pairs of one map; what it returns is put in the map's place.
TakePairs = Callable[[list[tuple[Any, Any]]], Any]


def read_pairs(data: bytes, codec: Codec, take: TakePairs, *, raw: bool = False) -> Any:
    """A value, inner maps first; of numbers in JSON nothing is kept.

    Args:
        raw: texts in MessagePack may be given as bytes, which takes a sixth of the time.

    Raises:
        What `take` raises, or one of DECODE_ERRORS.
    """
    return _READERS[codec](data, take, raw)


def _json(data: bytes, take: TakePairs, _raw: bool) -> Any:
    return json.loads(data, object_pairs_hook=take, parse_int=_nothing, parse_float=_nothing)


def _nothing(text: str) -> None:
    """A number, which nobody asks for."""


#: Passes over one value, and makes nothing of it.
_whole: Final = msgspec.msgpack.Decoder(msgspec.Raw).decode


def _msgpack(data: bytes, take: TakePairs, raw: bool) -> Any:
    # Some releases make room for as many elements as an array says that it has: that none lies has to be seen before.
    _whole(data)
    # Arrays become tuples and timestamps datetimes, as they do where msgspec reads them as keys.
    return msgpack.unpackb(
        data, object_pairs_hook=take, raw=raw, strict_map_key=False, use_list=False, timestamp=3
    )


_READERS: Final[Mapping[Codec, Callable[[bytes, TakePairs, bool], Any]]] = {
    MSGPACK: _msgpack,
    JSON: _json,
}
