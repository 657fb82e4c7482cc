"""What a program brings for its opaque types. Knows nothing of how they travel."""

from __future__ import annotations

from typing import Any, Protocol


class OpaqueCodec(Protocol):
    """Turns objects of one opaque type into plain values and back.

    Attributes:
        type: the program's class; generated opaque types are protocols, which many classes fit.
    """

    @property
    def type(self) -> type[Any]:
        """The program's class."""
        ...

    def encode(self, value: Any, /) -> tuple[str, Any]:
        """The version of the object's own format, and its plain data (None, bool, int, float, str, list, dict)."""
        ...

    def decode(self, version: str, data: Any, /) -> Any:
        """The object again; raise ValueError for a version that is not understood."""
        ...
