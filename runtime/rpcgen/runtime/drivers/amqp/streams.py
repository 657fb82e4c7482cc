"""Reading a stream: a queue that keeps what was read, and that every server reads for itself, by an offset."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from rpcgen.runtime.drivers.amqp.message import Message

#: Where a consumer begins, and where each message says what its offset is.
_OFFSET = "x-stream-offset"


class Reader:
    """How far one server has read a stream: from the next message on, and after a break from where it left."""

    def __init__(self) -> None:
        self._next: str | int = "next"

    def arguments(self) -> dict[str, Any]:
        """What a consumer asks for, now."""
        return {_OFFSET: self._next}

    def following(self, came: Callable[[Message], None]) -> Callable[[Message], None]:
        """`came`, and this notes how far it has got."""

        def noted(message: Message) -> None:
            headers: dict[str, Any] = message.properties.get("application_headers") or {}
            offset: object = headers.get(_OFFSET)
            if isinstance(offset, int):
                self._next = offset + 1
            came(message)

        return noted
