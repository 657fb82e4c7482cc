"""Answers on the oslo wire: results, failures, beats (PROTOCOL.md 7.3). What a failure says is in `failures.py`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import Raw, Struct, field
from rpcgen.runtime.core.codec import JSON
from rpcgen.runtime.core.envelope import Beat, Failure, Fault, Refusal, Reply
from rpcgen.runtime.core.wires.oslo import failures
from rpcgen.runtime.core.wires.oslo.requests import their_id

if TYPE_CHECKING:
    from rpcgen.runtime.core.call import Call

NULL = Raw(b"null")


class Said(Struct):
    """What came for a call."""

    call_id: str = field(name="_msg_id")
    result: Raw = NULL
    failure: Any = None
    ending: bool = False

    @property
    def id(self) -> bytes:
        """The call's, as its client made it."""
        return bytes.fromhex(self.call_id)


_decode = msgspec.json.Decoder(Said).decode


def write(
    call_id: bytes, *, result: Raw = NULL, failure: str | None = None, ending: bool = True
) -> bytes:
    """The payload of an answer; `call_id` as `requests.read` made it."""
    said = {"result": result, "failure": failure, "ending": ending, "_msg_id": their_id(call_id)}
    return JSON.encode(said)


def read(frame: bytes) -> Said:
    """What came, if it belongs to a call; raises one of DECODE_ERRORS."""
    said = _decode(frame)
    bytes.fromhex(said.call_id)
    return said


def understand(call: Call, said: Said) -> Reply | Failure | Fault | Refusal | Beat:
    """What it means: old peers send the result first, and the end of the call in a message of its own."""
    answer: Reply | Failure | Fault | Refusal | None = None
    if said.failure:
        answer = failures.read(call, said.failure)
    elif bytes(said.result) != b"null":
        answer = Reply(call.id, said.result, call.needs)
    if said.ending:
        return answer or call.part or Reply(call.id, NULL, call.needs)
    if answer is not None:
        call.part = answer
    return Beat(call.id)
