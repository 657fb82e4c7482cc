"""What surrounds a call: who asked, by when, in which trace. Knows nothing of frames or transports.

A handler gets its `Context` as first argument; calls that it makes find the same one through a context variable, so
deadlines shrink, and request ids, user fields and traces travel along without being passed by hand.
"""

from __future__ import annotations

import time
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from msgspec import Struct
from rpcgen.runtime.errors import ConfigurationError

#: The longest time that counts as a deadline: 10 years, in seconds. More, or no number from the wire, means none.
FOREVER = 10 * 365 * 86400.0

_NEVER = datetime.fromtimestamp(0, UTC)
_EMPTY: Mapping[str, Any] = MappingProxyType({})
_NOTHING_HELD: tuple[object, object] = (None, None)

#: Characters that a request id, or either part of a trace, may have (PROTOCOL.md 3.1); servers drop longer ones.
_MAX_NAME = 1024


class Context(Struct, eq=False):
    """One request's surroundings.

    Attributes:
        fields: the program's own values, as the caller set them (text keys, plain values).
        deadline: on this host's monotonic clock (seconds), or None.
        trace: W3C (traceparent, tracestate), or None.
        namespace, method: what was asked for; empty outside a handler.
        needs: the (major, minor) version that the message names.
        reader: the minor version that the caller understands.
        attempt: 1, or more for a message that was sent again.
        cancelled: True once the caller gave up. An asyncio handler is cancelled instead.
    """

    _request_id: str = ""
    fields: Mapping[str, Any] = _EMPTY
    deadline: float | None = None
    trace: tuple[str, str] | None = None
    namespace: str | None = None
    method: str = ""
    needs: tuple[int, int] = (0, 0)
    reader: int = 0
    attempt: int = 1
    _message_id: bytes = b""
    cancelled: bool = False
    _held: tuple[object, object] = _NOTHING_HELD

    @property
    def request_id(self) -> str:
        """Names the request through all services that it touches; made from the message's id if nobody named it."""
        if not self._request_id and self._message_id:
            self._request_id = f"req-{self._message_id.hex()}"
        return self._request_id

    def remaining(self) -> float | None:
        """Seconds until the deadline, at least 0.0; None if there is none."""
        return None if self.deadline is None else max(0.0, self.deadline - time.monotonic())

    def __repr__(self) -> str:
        # User fields may hold secrets, and a Context ends up in logs.
        return (
            f"<Context {self.request_id or '-'} {self.method or '-'} fields={sorted(self.fields)}>"
        )


class EventContext(Context):
    """One event's surroundings: as of a request, and who published it.

    Attributes:
        priority: as the interface says.
        source: who published it, in the publisher's own words.
        published: when, by the publisher's clock, in UTC.
    """

    priority: str = "info"
    source: str = ""
    published: datetime = _NEVER

    @property
    def event(self) -> str:
        """The event's name."""
        return self.method

    @property
    def id(self) -> str:
        """Tells the event from all others; the same in every group and at every attempt."""
        return self._message_id.hex()


def hold(context: Context, store: object, connection: object) -> None:
    """Let a handler reach its transaction; called by the shells."""
    context._held = (store, connection)  # pyright: ignore[reportPrivateUsage] - no name of a program's


def held_by(context: Context) -> tuple[object, object]:
    """The store that a handler runs in a transaction of, and its connection; (None, None) if it runs in none."""
    return context._held  # pyright: ignore[reportPrivateUsage]


_current: ContextVar[Context | None] = ContextVar("rpcgen_context", default=None)

#: Read, and set for a request in context variables of its own, by the shells.
current_context = _current.get
set_context = _current.set


@contextmanager
def use_context(
    *,
    request_id: str = "",
    fields: Mapping[str, Any] | None = None,
    timeout: float | None = None,
    trace: tuple[str, str] | None = None,
) -> Generator[Context]:
    """Surround the calls made in a `with` block, as if they were made by a handler.

    What is not given comes from the context around this one. A deadline never gets later.

    Args:
        request_id: names the request through all services that it touches.
        fields: values that every handler on the way can read; added to the surrounding ones.
        timeout: seconds within which all of the block's calls have to end.
        trace: W3C (traceparent, tracestate).

    Raises:
        ConfigurationError: a text is longer than 1,024 characters, or another argument cannot be used.
    """
    _check_name("request_id", request_id)
    if trace is not None:
        if len(trace) != 2:  # pyright: ignore[reportUnnecessaryComparison] - callers without a type checker
            raise ConfigurationError(f"trace has {len(trace)} parts, expected 2")
        for part in trace:
            _check_name("trace", part)
    if timeout is not None and timeout != timeout:
        raise ConfigurationError("timeout is no number")
    outer = _current.get()
    deadline = None if timeout is None or timeout >= FOREVER else time.monotonic() + timeout
    if outer is not None:
        request_id = request_id or outer.request_id
        fields = {**outer.fields, **(fields or {})}
        trace = trace or outer.trace
        if outer.deadline is not None:
            deadline = outer.deadline if deadline is None else min(deadline, outer.deadline)
    context = Context(request_id, fields or {}, deadline, trace)
    token = _current.set(context)
    try:
        yield context
    finally:
        _current.reset(token)


def _check_name(what: str, given: object) -> None:
    if not isinstance(given, str) or len(given) > _MAX_NAME or not _is_unicode(given):
        raise ConfigurationError(f"{what} cannot travel, expected at most {_MAX_NAME} characters")


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return True
