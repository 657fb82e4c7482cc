"""The options of a `carrier` URL."""

from __future__ import annotations

from msgspec import Struct
from rpcgen.runtime.url import check_bounds


class Options(Struct, frozen=True):
    """The query of a `carrier` URL.

    Attributes:
        max_message: bytes of the largest message that is sent or accepted.
    """

    max_message: int = 16 * 1024 * 1024

    def __post_init__(self) -> None:
        check_bounds(self, {"max_message": (1, 1024**3)})
