"""Numbers for which JSON has no words: it writes NaN and the infinities as null, which may be read as another value.

Knows nothing of MessagePack, which has them, but that it tells where they are.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from typing import Any

import msgspec
from msgspec import inspect
from rpcgen.runtime.core.codec import JSON, MSGPACK, EncHook
from rpcgen.runtime.core.nodes import bare, below
from rpcgen.runtime.core.words import Path, is_list, is_map, out_of_bounds

#: What MessagePack makes of such a number, and perhaps of something else.
_LOOKS_INFINITE = re.compile(rb"\xcb[\x7f\xff][\xf0-\xff]")


def finite_encoder(hook: EncHook | None, node: inspect.Type) -> Callable[[Any], bytes]:
    """What writes values of a type in JSON, and raises BadArguments where one would become null in silence."""
    encode = JSON.encoder(hook)
    if not _may_be_null(node):
        return encode
    encode_all = MSGPACK.encoder(hook)

    def looks_infinite(value: Any) -> bool:
        try:
            return _LOOKS_INFINITE.search(encode_all(value)) is not None
        except OverflowError:  # JSON has whole numbers of more than 64 bits, too
            return True

    def encode_finite(value: Any) -> bytes:
        data = encode(value)
        if b"null" in data and looks_infinite(value):
            _refuse_infinite(msgspec.to_builtins(value, enc_hook=hook))
        return data

    return encode_finite


def _may_be_null(node: inspect.Type) -> bool:
    """Whether a float of the type stands where null can be read, too. Elsewhere null is refused when it is read back."""
    for part in below(node):
        match part:
            case inspect.AnyType() | inspect.CustomType():
                return True
            case inspect.UnionType(types):
                if any(isinstance(bare(each), inspect.FloatType) for each in types):
                    return True
            case inspect.StructType(fields=fields):
                if any(
                    isinstance(bare(field.type), inspect.FloatType) and not field.required
                    for field in fields
                ):
                    return True
            case _:
                pass
    return False


def _refuse_infinite(plain: Any) -> None:
    """Raise BadArguments, with the path, for the first number that is not finite."""
    waiting: list[tuple[Any, Path]] = [(plain, ())]
    while waiting:
        value, path = waiting.pop()
        if is_map(value):
            waiting += [(inner, (*path, str(key))) for key, inner in value.items()]
        elif is_list(value):
            waiting += [(inner, (*path, index)) for index, inner in enumerate(value)]
        elif isinstance(value, float) and not math.isfinite(value):
            raise out_of_bounds(path, "a finite number")
