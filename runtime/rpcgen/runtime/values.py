"""Base classes and markers of generated types. Knows nothing of how they travel."""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated, Any, TypeVar

from msgspec import UNSET, Meta, Struct, UnsetType, field

T = TypeVar("T")

#: The value of an absent field of a `presence: explicit` type; it stays absent when written again.
ABSENT = UNSET
Absent = UnsetType


def sent(value: T) -> Callable[[], T]:
    """A default factory for a field that is written even when it holds its default.

    A struct with newer, optional parts leaves those out while they are unset (`omit_defaults`); its older fields
    always travel, and msgspec never leaves out what a factory of the program's own made.
    """
    return lambda: value


class TaggedUnion(Struct, frozen=True, omit_defaults=True, forbid_unknown_fields=True):
    """Base of tagged unions: exactly one field is not None, and its name is the tag that travels.

    Raises:
        ValueError: on construction with no member or more than one.
    """

    def __post_init__(self) -> None:
        given = [name for name in self.__struct_fields__ if getattr(self, name) is not None]
        if len(given) != 1:
            members = ", ".join(name for name in self.__struct_fields__ if name != "unknown")
            raise ValueError(f"expected exactly one of {members}; got {', '.join(given) or 'none'}")

    @property
    def tag(self) -> str:
        """The name of the member that is set, as it travels."""
        for name, wire in zip(self.__struct_fields__, self.__struct_encode_fields__, strict=True):
            if getattr(self, name) is not None:
                return wire
        raise AssertionError("unexpected empty union")


class OpenUnion(TaggedUnion, frozen=True, kw_only=True):
    """Base of open unions: a member that this version does not know is kept in `unknown`, as {tag: value}."""

    # The bound, which holds for what is read alone, lets no message say `{"": {tag: value}}`: that would be a second
    # spelling. `core/walk.py` reads the only one.
    unknown: Annotated[dict[str, Any], Meta(max_length=0)] | None = field(default=None, name="")

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.unknown is not None:
            tags = list(self.unknown)
            if len(tags) != 1 or not tags[0] or tags[0] in self.__struct_encode_fields__:
                raise ValueError(f"expected one member that is not known, found {tags[:8]}")

    @property
    def tag(self) -> str:
        """The name of the member that is set, as it travels, also of an unknown one."""
        if self.unknown is not None:
            return next(iter(self.unknown))
        return super().tag
