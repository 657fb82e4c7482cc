"""What a YAML file is to the rest of the compiler: texts, lists and maps with their places.

A scalar is its characters and whether it was quoted; nothing here turns `no` into False or 5.10 into 5.1.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from rpcgen.idl.position import Position


@dataclass(slots=True)
class Text:
    """A scalar. `plain` is False for a quoted or block one; `literal` says that what is seen is what is meant."""

    value: str
    at: Position
    plain: bool = True
    #: Column of the first character of `value` when it stands on one line without escapes, else 0.
    first_column: int = 0
    #: Stands in for something that was refused and reported, so that nobody complains about it again.
    refused: bool = False

    @property
    def missing(self) -> bool:
        """Whether nothing stands where a value could."""
        return self.plain and not self.value

    @property
    def null(self) -> bool:
        """Whether this is an unquoted `null`, or nothing at all."""
        return self.plain and self.value in {"", "null"}

    def part(self, offset: int, length: int) -> Position:
        """Return the place of some of the characters, or of the whole scalar where columns cannot be counted."""
        if not self.first_column:
            return self.at
        return Position(self.at.file, self.at.line, self.first_column + offset, max(1, length))


@dataclass(slots=True)
class Sequence:
    """A list."""

    items: list[Node]
    at: Position


@dataclass(slots=True)
class Entry:
    """A key with its value."""

    key: Text
    value: Node


@dataclass(slots=True)
class Mapping:
    """A map, in source order; keys are scalars and occur once."""

    entries: dict[str, Entry] = field(default_factory=dict[str, Entry])
    at: Position = field(default_factory=lambda: Position("", 1, 1))
    #: An entry was refused and reported; keys that seem to be missing may have been in it.
    partial: bool = False

    def get(self, key: str) -> Node | None:
        """Return the value of a key, if it is there."""
        entry = self.entries.get(key)
        return entry.value if entry is not None else None


Node = Text | Sequence | Mapping
