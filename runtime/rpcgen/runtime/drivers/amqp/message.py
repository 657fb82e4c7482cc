"""What is published and what comes: a body and its properties, and the exchanges by which it goes. Knows no connection."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from msgspec import Struct

TRANSIENT, PERSISTENT = 1, 2


class Properties(Struct, frozen=True):
    """What travels beside a message's body; names are AMQP's, None is absent."""

    content_type: str | None = None
    content_encoding: str | None = None
    type: str | None = None
    message_id: str | None = None
    correlation_id: str | None = None
    reply_to: str | None = None
    expiration: str | None = None
    app_id: str | None = None
    delivery_mode: int = TRANSIENT
    priority: int | None = None
    headers: dict[str, Any] | None = None


class Exchange(Struct, frozen=True):
    """An exchange, as it is declared.

    Attributes:
        passive: it is not made, only looked for.
    """

    name: str
    kind: str
    durable: bool = True
    auto_delete: bool = False
    passive: bool = False


class Message(Struct, frozen=True):
    """A message that came.

    Attributes:
        tag: its number on its channel, for acknowledging it.
    """

    body: bytes
    properties: Mapping[str, Any]
    tag: int = 0
    redelivered: bool = False

    def text(self, name: str) -> str | None:
        """A property, if it is text."""
        value = self.properties.get(name)
        return value if isinstance(value, str) else None
