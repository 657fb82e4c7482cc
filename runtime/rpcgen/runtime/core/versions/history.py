"""Does a type have a history? What has none goes straight through msgspec."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import inspect
from rpcgen.runtime.core.codec import DECODE_ERRORS, Codec, Undecodable
from rpcgen.runtime.core.nodes import below
from rpcgen.runtime.descriptor import Interface


def has_history(node: inspect.Type, interface: Interface) -> bool:
    """Whether anything in a type was another one at some version, or has versions of its own."""
    tables = (
        interface.parts,
        interface.gone,
        interface.opened,
        interface.fallbacks,
        interface.clocks,
    )
    return any(tables) and any(
        any(part.cls in table for table in tables)
        for part in below(node)
        if isinstance(part, (inspect.StructType, inspect.EnumType))
    )


def untyped(codec: Codec, data: bytes | msgspec.Raw) -> Any:
    """Plain values of bytes; raises Undecodable."""
    try:
        return codec.untyped(data)
    except DECODE_ERRORS as error:
        raise undecodable(error) from error


def undecodable(error: BaseException) -> Undecodable:
    """What a payload is that some reader gave up on; also one that is nested too deep to be visited."""
    return Undecodable(f"{type(error).__name__}: the payload could not be decoded")
