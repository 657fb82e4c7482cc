"""What a driver may want to know of a frame that it sends. Knows nothing of what is in it."""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct


class Outgoing(Protocol):
    """What a driver may want to know of a frame that it sends; a `Call` fits.

    Attributes:
        id: of the message; the empty bytes if it has none.
        deadline: monotonic seconds after which its sender does not wait any more, or None.
        expires: monotonic seconds after which nobody is to begin it any more, or None.
        worthless: the same, if it is the interface that says so, and not only its sender who waits for so long.
        kept: it is to be delivered at least once.
        ordered: it goes to any server, and may have to be handled after others that do.
        required: somebody has to get it, or its sender is told that nobody did.
        copied: of what is kept: it may have been sent before.
    """

    @property
    def id(self) -> bytes: ...
    @property
    def deadline(self) -> float | None: ...
    @property
    def expires(self) -> float | None: ...
    @property
    def worthless(self) -> float | None: ...
    @property
    def kept(self) -> bool: ...
    @property
    def ordered(self) -> bool: ...
    @property
    def required(self) -> bool: ...
    @property
    def copied(self) -> bool: ...


class Letter(Struct, frozen=True):
    """An `Outgoing` that is no call."""

    id: bytes = b""
    deadline: float | None = None
    expires: float | None = None
    worthless: float | None = None
    kept: bool = False
    ordered: bool = False
    required: bool = True
    copied: bool = False
