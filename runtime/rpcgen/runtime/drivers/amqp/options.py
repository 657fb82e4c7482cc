"""The options of an `amqp://` URL."""

from __future__ import annotations

from typing import Final, Literal

from msgspec import Struct
from rpcgen.runtime.errors import BadUrl, InvalidTarget
from rpcgen.runtime.target import check_name
from rpcgen.runtime.url import check_bounds

MEBIBYTE: Final = 1024 * 1024

#: Option name -> (smallest, largest) accepted value.
_BOUNDS: Final[dict[str, tuple[float, float]]] = {
    "max_message": (1, 1024 * MEBIBYTE),
    "connect_timeout": (0.01, 60),
    "reconnect_max": (0.1, 600),
    "heartbeat": (1, 600),
}


class AmqpOptions(Struct, frozen=True):
    """What the query of an `amqp://` or `amqps://` URL may have; times in seconds, sizes in bytes.

    Attributes:
        wire: what messages look like.
        prefix: of all names that are made on the broker; programs of different prefixes do not meet.
        max_message: the largest frame that is sent, or taken.
        connect_timeout: time from connecting to one host until the broker has let us in.
        reconnect_max: the longest pause between two attempts at one host.
        heartbeat: either side says something at least twice in this time; silence for two of them ends a connection.
        queue_type: of the queues that keep messages: `classic`, or `quorum`, which several nodes have.
        stream_fanout: fanouts go through one stream for all servers of a topic, which read on where they left after a break.
        confirms: what the broker confirms one by one: what it keeps, or all that is published. Of the rest it is asked at
            times how far it has come.
        login: how the broker is told who we are.
        name: what the broker calls our connections; the program and its process by default.
        ca: file of the certificates that may have signed the broker's; else the system's (`amqps` only).
        cert, key: files of our own certificate and its key (`amqps` only).
        check_host: whether the broker's certificate has to be for the host of the URL (`amqps` only).

    Raises:
        BadUrl: a value is out of bounds.
    """

    wire: Literal["native", "oslo"] = "native"
    prefix: str = "rpcgen"
    max_message: int = 16 * MEBIBYTE
    connect_timeout: float = 2.0
    reconnect_max: float = 5.0
    heartbeat: int = 10
    queue_type: Literal["classic", "quorum"] = "classic"
    stream_fanout: bool = False
    confirms: Literal["kept", "always"] = "kept"
    login: Literal["PLAIN", "AMQPLAIN", "EXTERNAL"] = "PLAIN"
    name: str = ""
    ca: str | None = None
    cert: str | None = None
    key: str | None = None
    check_host: bool = True

    def __post_init__(self) -> None:
        check_bounds(self, _BOUNDS)
        try:
            check_name("option 'prefix'", self.prefix)
        except InvalidTarget as error:
            raise BadUrl(str(error)) from None
        if len(self.prefix) > 64:
            raise BadUrl(f"option 'prefix' has {len(self.prefix)} characters, expected 64 at most")
        if self.key is not None and self.cert is None:
            raise BadUrl("option 'key' is the key of a certificate, but there is no option 'cert'")
