"""Frames: what one message looks like on the native wire (PROTOCOL.md 2 and 3).

Knows positions and numbers, not what they mean for a call. Every frame is one array whose first element is its kind;
elements that a reader does not know, at the end, are ignored.
"""

# No `from __future__ import annotations`: of text msgspec would compile each again when a decoder is made.

from datetime import UTC, datetime
from typing import Annotated, Any

from msgspec import Meta, Raw, Struct, defstruct

#: The version of the native wire. It changes when a reader of the old one could misread the new one.
PROTOCOL = 1

CALL = 0
CAST = 1

EPOCH = datetime.fromtimestamp(0, UTC)

ID_BYTES = 16
FINGERPRINT_BYTES = 8

Id = Annotated[bytes, Meta(min_length=ID_BYTES, max_length=ID_BYTES)]
Number = Annotated[int, Meta(ge=0, lt=2**31)]
#: Half of a version: one that nobody serves has to be refused, so large numbers are read.
Half = Annotated[int, Meta(ge=0, le=2**63 - 1)]
#: What ends in logs and contexts.
Name = Annotated[str, Meta(max_length=1024)]


class Request(Struct, array_like=True, tag=1):
    """A call or a cast (PROTOCOL.md 3.1)."""

    id: Id
    how: Annotated[int, Meta(ge=CALL, le=CAST)]
    #: These two are looked up in tables, never interpreted: a long one is unknown, as any other.
    namespace: str | None
    method: str
    major: Half
    minor: Half
    reader: Half
    remaining: float | None
    body: Raw
    beat: float | None = None
    attempt: Number = 1
    fingerprint: bytes = b""
    request_id: Name | None = None
    trace: tuple[Name, Name] | None = None
    context: dict[str, Any] | None = None
    fanout: tuple[Id, Number] | None = None


class Reply(Struct, array_like=True, tag=2):
    """The result of a call (PROTOCOL.md 3.2)."""

    id: Id
    body: Raw
    minor: Number | None = None


class Failure(Struct, array_like=True, tag=3):
    """A declared error (PROTOCOL.md 3.3)."""

    id: Id
    name: Name
    message: str
    body: Raw
    minor: Number | None = None


class Fault(Struct, array_like=True, tag=4):
    """An error that the interface does not declare (PROTOCOL.md 3.4)."""

    id: Id
    code: Name
    type_name: str
    message: str
    traceback: str | None = None


class Refusal(Struct, array_like=True, tag=5):
    """A proof that no handler ran (PROTOCOL.md 3.5)."""

    id: Id
    code: Name
    message: str
    path: str | None = None
    retry_after: float | None = None


class Beat(Struct, array_like=True, tag=6):
    """The handler is still at work (PROTOCOL.md 3.6)."""

    id: Id


class Cancel(Struct, array_like=True, tag=7):
    """The caller no longer waits (PROTOCOL.md 3.7)."""

    id: Id


class Event(Request, array_like=True, tag=8):
    """Something that was published, to whoever subscribes (PROTOCOL.md 3.8): a cast, and who says it when."""

    source: Name = ""
    priority: Name = "info"
    published: Annotated[datetime, Meta(tz=True)] = EPOCH


#: A request or an event whose elements are as they are written; what is behind them is passed over.
Written = defstruct(
    "Written",
    [("kind", Raw, Raw()), *((name, Raw, Raw()) for name in Request.__struct_fields__)],
    array_like=True,
)

#: What a client may send, and what a server may answer.
ToServer = Request | Cancel
ToClient = Reply | Failure | Fault | Refusal | Beat

#: `Fault.code`: the handler raised; its result did not fit the interface.
RAISED = "raised"
BAD_RESULT = "bad_result"
#: Another server had the request before, and may have run it.
LOST = "lost"
