"""The options of a `kombu+SCHEME://` URL."""

from __future__ import annotations

import re
from typing import Final

from msgspec import Struct
from rpcgen.runtime.errors import BadUrl
from rpcgen.runtime.url import check_bounds

MEBIBYTE: Final = 1024 * 1024

#: Option name -> (smallest, largest) accepted value.
_BOUNDS: Final[dict[str, tuple[float, float]]] = {
    "max_message": (1, 1024 * MEBIBYTE),
    "connect_timeout": (0.01, 60),
    "reconnect_max": (0.1, 600),
    "poll": (0.001, 10),
}

#: What every one of kombu's transports can have in the name of a queue and of an exchange.
_PREFIX: Final = re.compile(r"[A-Za-z0-9_-]{1,64}", re.ASCII)


class KombuOptions(Struct, frozen=True):
    """What the query of every `kombu+SCHEME://` URL may have; times in seconds, sizes in bytes.

    Attributes:
        prefix: of all names that are made; programs of different prefixes do not meet.
        max_message: the largest frame that is sent.
        reconnect_max: the longest pause between two attempts to connect.

    Raises:
        BadUrl: a value is out of bounds.
    """

    prefix: str = "rpcgen"
    max_message: int = 16 * MEBIBYTE
    reconnect_max: float = 2.0

    def __post_init__(self) -> None:
        check_bounds(self, _BOUNDS)
        if not _PREFIX.fullmatch(self.prefix):
            raise BadUrl(
                f"option 'prefix' is {self.prefix[:70]!a}, expected 1 to 64 ASCII letters, digits, _ or -"
            )


class RedisOptions(KombuOptions, frozen=True):
    """Of redis, too.

    Attributes:
        connect_timeout: how long redis may take to let us in, and to answer.
        ca: file of the certificates that may have signed redis's; else the system's (`rediss` only).
        check_host: whether redis's certificate has to be for the host of the URL (`rediss` only).
    """

    connect_timeout: float = 2.0
    ca: str | None = None
    check_host: bool = True


class PollingOptions(KombuOptions, frozen=True):
    """Of transports that are looked at again and again.

    Attributes:
        poll: seconds between two looks.
    """

    poll: float = 0.02
