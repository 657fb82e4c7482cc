"""Requests on the oslo wire (PROTOCOL.md 7.2). Knows neither who is asked nor where answers go."""

from __future__ import annotations

from itertools import count
from typing import Any, cast

import msgspec
from msgspec import Raw, Struct, field
from rpcgen.runtime.context import FOREVER
from rpcgen.runtime.core.codec import JSON
from rpcgen.runtime.core.envelope import CALL, CAST, Name, Request

CONTEXT = "_context_"

#: Names in the context that mean what they mean elsewhere, too.
REQUEST_ID = "request_id"
TRACE = ("traceparent", "tracestate")

#: The version of a message that names none.
FIRST = "1.0"

#: A version that nobody serves: what a text that is no version is read as.
NO_VERSION = (2**31 - 1, 0)


class Payload(Struct):
    """What everybody sends. The keys of the context are read apart: their names are the program's."""

    method: str
    args: Raw = Raw(b"{}")
    namespace: str | None = None
    version: str | None = None
    id: Name | None = field(name="_msg_id", default=None)
    timeout: Any = field(name="_timeout", default=None)
    unique_id: Name | None = field(name="_unique_id", default=None)


_decode = msgspec.json.Decoder(Payload).decode
_decode_members = msgspec.json.Decoder(dict[str, Raw]).decode
_casts = count()


def write(request: Request) -> bytes:
    """The payload of a call or a cast."""
    payload: dict[str, Any] = {"method": request.method, "args": request.body}
    if request.namespace is not None:
        payload["namespace"] = request.namespace
    payload["version"] = f"{request.major}.{request.minor}"
    if request.how == CALL:
        payload["_msg_id"] = request.id.hex()
        payload["_timeout"] = None if request.beat is None else int(request.beat * 2)
    context = dict(request.context or {})
    if request.request_id is not None:
        context.setdefault(REQUEST_ID, request.request_id)
    for name, value in zip(TRACE, request.trace or (), strict=False):
        context.setdefault(name, value)
    payload["_unique_id"] = _copy_id(request)
    for name, value in context.items():
        payload[CONTEXT + name] = value
    return JSON.encode(payload)


def read(frame: bytes) -> Request:
    """Whatever a peer of any age sent; raises one of DECODE_ERRORS. How long its caller waits is not said in it."""
    payload = _decode(frame)
    major, minor = _version(payload.version or FIRST)
    context = _context(frame)
    name = payload.id or payload.unique_id or f"cast-{next(_casts)}"
    return Request(
        id=_own_id(name, payload.unique_id),
        how=CALL if payload.id else CAST,
        namespace=payload.namespace,
        method=payload.method,
        major=major,
        minor=minor,
        reader=minor,
        remaining=None,
        body=payload.args,
        beat=_beat(payload.timeout),
        request_id=_text(context, REQUEST_ID) or f"req-{name}",
        trace=_trace(context),
        context=context or None,
    )


def _copy_id(request: Request) -> str:
    """As random as the request's id, and another one for each attempt."""
    return f"{(int.from_bytes(request.id, 'big') + request.attempt) % 2**128:032x}"


def _own_id(name: str, copy: str | None) -> bytes:
    """Tells apart what is sent again by its sender, which may be run, and what only comes again."""
    return f"{name}\0{copy or name}".encode()


def their_id(own: bytes) -> str:
    """What an answer has to name."""
    return own.partition(b"\0")[0].decode()


def _version(text: str) -> tuple[int, int]:
    """A third number counts as oslo.messaging counts it: who has only the first two is older."""
    numbers = [int(part) if _is_number(part) else -1 for part in text.split(".", 3)]
    if len(numbers) > 3 or -1 in numbers:
        return NO_VERSION
    major, minor, revision = (*numbers, 0, 0)[:3]
    return major, minor + (revision > 0)


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) < 10


def _context(frame: bytes) -> dict[str, Any]:
    if CONTEXT.encode() not in frame:
        return {}
    members = _decode_members(frame)
    return {
        key.removeprefix(CONTEXT): JSON.untyped(value)
        for key, value in members.items()
        if key.startswith(CONTEXT)
    }


def _text(context: dict[str, Any], name: str) -> str | None:
    given = cast("object", context.get(name))
    return given if isinstance(given, str) and len(given) <= 1024 else None


def _trace(context: dict[str, Any]) -> tuple[str, str] | None:
    parent, state = (_text(context, name) for name in TRACE)
    return None if not parent else (parent, state or "")


def _beat(timeout: object) -> float | None:
    """Seconds between beats for a caller that gives up after `timeout` seconds of silence."""
    if isinstance(timeout, bool) or not isinstance(timeout, (int, float)):
        return None
    return timeout / 2 if 0 < timeout < FOREVER else None
