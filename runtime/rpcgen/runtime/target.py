"""Where a message goes. Knows nothing of transports."""

from __future__ import annotations

from msgspec import Struct
from rpcgen.runtime.errors import InvalidTarget

#: Printable ASCII without wildcards, separators of paths, or blanks: safe in queue names, file names and logs.
_ALLOWED = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_.:@+-"
_LONGEST = 255


class Target(Struct, frozen=True):
    """An address: a topic of an exchange, and within it one server, or all of them, or any one; or who hears an event.

    Raises:
        InvalidTarget: a name is empty, longer than 255 characters, starts with "amq.", or holds anything but ASCII
            letters, digits and ``_ . : @ + -``; or more than one of `server`, `fanout` and `event` were given.
    """

    exchange: str
    topic: str
    server: str | None = None
    fanout: bool = False
    event: str | None = None

    def __post_init__(self) -> None:
        for what, name in (
            ("exchange", self.exchange),
            ("topic", self.topic),
            ("server", self.server),
            ("event", self.event),
        ):
            if name is not None:
                check_name(what, name)
        if self.fanout and self.server is not None:
            raise InvalidTarget(
                f"a fanout goes to every server of {self.topic!r}, not to {self.server!r} alone"
            )

        if self.event is not None and (self.fanout or self.server is not None):
            raise InvalidTarget(f"event {self.event!r} goes to its subscribers, not to servers")

    def __str__(self) -> str:
        where = f"{self.exchange}/{self.topic}"
        if self.event is not None:
            return f"event {self.event!r} of {where}"
        if self.fanout:
            return f"every server of {where}"
        return f"server {self.server!r} of {where}" if self.server is not None else where


def check_name(what: str, name: str) -> None:
    """Raise InvalidTarget unless `name` may be an exchange, topic, server, event or group."""
    if not isinstance(name, str):  # pyright: ignore[reportUnnecessaryIsInstance] - callers without a type checker
        raise InvalidTarget(f"{what} is {type(name).__name__}, expected text")
    # What is left after stripping begins with a character that is not allowed.
    if not 0 < len(name) <= _LONGEST or name.strip(_ALLOWED) or name.startswith("amq."):
        shown = ascii(name[:64])
        raise InvalidTarget(
            f"{what} {shown} is not allowed; expected 1 to 255 ASCII letters, digits or _ . : @ + -, no wildcards"
        )
