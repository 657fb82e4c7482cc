"""The options of a URL that ask for an outbox. Knows no files."""

from __future__ import annotations

from typing import Final

from msgspec import Struct, structs
from rpcgen.runtime.errors import BadUrl
from rpcgen.runtime.url import TransportUrl, check_bounds

MEBIBYTE: Final = 1024 * 1024
DAY: Final = 86_400.0

#: Option name -> (smallest, largest) accepted value.
_BOUNDS: Final[dict[str, tuple[float, float]]] = {
    "outbox_bytes": (1, 1024 * 1024 * MEBIBYTE),
    "outbox_count": (1, 100_000_000),
    "outbox_age": (1, 3650 * DAY),
}


class OutboxOptions(Struct, frozen=True):
    """What the query of a URL may say of an outbox; times in seconds, sizes in bytes.

    Attributes:
        outbox: the folder in which casts that are delivered at least once are kept until the transport has them.
        outbox_bytes: the most that its messages may have, together with those that were put aside.
        outbox_count: the most messages, likewise.
        outbox_age: for how long one may wait before it is put aside.

    Raises:
        BadUrl: a value is out of bounds.
    """

    outbox: str
    outbox_bytes: int = 256 * MEBIBYTE
    outbox_count: int = 1_000_000
    outbox_age: float = 7 * DAY

    def __post_init__(self) -> None:
        if not self.outbox or "\0" in self.outbox:
            raise BadUrl(f"option 'outbox' is {self.outbox[:64]!r}, expected the path of a folder")
        check_bounds(self, _BOUNDS)


#: Names of the options; a driver does not see them.
NAMES: Final = frozenset(OutboxOptions.__struct_fields__)


def read_options(url: TransportUrl) -> OutboxOptions | None:
    """What a URL says of an outbox; None if it asks for none.

    Raises:
        BadUrl: an option is not of its type or out of bounds, or `outbox` itself is missing.
    """
    said = tuple(pair for pair in url.params if pair[0] in NAMES)
    return structs.replace(url, params=said).options(OutboxOptions) if said else None
