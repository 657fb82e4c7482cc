"""The options of every `zmq+...` URL. What they mean for a socket is in `sockets.py`."""

# No `from __future__ import annotations`: of text msgspec would compile each again when a decoder is made.

from typing import Final, Literal

from msgspec import Struct
from rpcgen.runtime.errors import BadUrl
from rpcgen.runtime.url import check_bounds

MEBIBYTE: Final = 1024 * 1024

#: Option name -> (smallest, largest) accepted value.
_BOUNDS: Final[dict[str, tuple[float, float]]] = {
    "max_message": (1, 1024 * MEBIBYTE),
    "hwm": (1, 1_000_000),
    "connect_timeout": (0.01, 60),
    "handshake_timeout": (0.01, 60),
    "heartbeat": (0.01, 600),
    "heartbeat_timeout": (0.01, 3600),
    "reconnect_max": (0.1, 600),
}

#: Option name -> what it is the path of.
_PATHS: Final = {
    "curve_key": "the path of our secret key",
    "curve_peers": "the path of the public keys of all whom we trust",
}


class ZmqOptions(Struct, frozen=True):
    """What the query of every `zmq+...` URL may have; times in seconds, sizes in bytes. Matchmakers add their own.

    Attributes:
        max_message: the largest frame that is sent or accepted.
        hwm: messages that may wait in one direction of one connection.
        choice: how one of several servers is chosen: `least` (fewer outstanding calls of two random ones) or
            `round_robin`.
        connect_timeout: time from connecting to the server's WELCOME.
        handshake_timeout: time that a server gives a connection to become a ZeroMQ one.
        heartbeat: between two pings of a silent connection.
        heartbeat_timeout: silence after which a connection counts as lost.
        reconnect_max: the longest pause between two attempts to connect in the background.
        curve_key: file of our own secret key; with it connections are encrypted, and both ends prove who they are.
        curve_peers: file, or directory of files, of the public keys of all whom we trust.

    Raises:
        BadUrl: a value is out of bounds.
    """

    max_message: int = 16 * MEBIBYTE
    hwm: int = 10_000
    choice: Literal["least", "round_robin"] = "least"
    connect_timeout: float = 2.0
    handshake_timeout: float = 5.0
    heartbeat: float = 2.0
    heartbeat_timeout: float = 6.0
    reconnect_max: float = 5.0
    curve_key: str | None = None
    curve_peers: str | None = None

    def __post_init__(self) -> None:
        check_bounds(self, _BOUNDS)
        for option, expected in _PATHS.items():
            if getattr(self, option) == "":
                raise BadUrl(f"option {option!r} is empty, expected {expected}")
        if (self.curve_key is None) != (self.curve_peers is None):
            raise BadUrl(
                "options 'curve_key' (our secret key) and 'curve_peers' (the public keys of all whom we trust) "
                "go together: encryption without knowing with whom protects nothing"
            )
