"""What one argument, field, enum value or union member was at a version, by its `Part`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import inspect
from rpcgen.runtime.core.dates import exists, has_ended, in_effect, minor_in
from rpcgen.runtime.core.nodes import below
from rpcgen.runtime.dated import Gone, OlderType, Part
from rpcgen.runtime.descriptor import Interface, Since, Version

if TYPE_CHECKING:
    from rpcgen.runtime.core.words import Path


ALWAYS = Part()


class Unsayable(Exception):
    """A message of this version cannot hold something that is in the values.

    Attributes:
        path: where it is.
        needs: the lowest later version that can; None: it has ended.
    """

    def __init__(self, path: Path, needs: Version | None) -> None:
        super().__init__(path, needs)
        self.path = path
        self.needs = needs


def is_there(part: Part, at: Version) -> bool:
    """Whether the part exists at a version."""
    return exists(part.since, part.until, at)


def name_at(part: Part, name: str, at: Version) -> str:
    """What the part is called on the wire at a version."""
    return next((older for until, older in part.names if until > at), name)


def name_began(part: Part, at: Version) -> int:
    """The minor at which the part got the name that it has at a version."""
    own = [until[1] for until, _ in part.names if until <= at and until[0] == at[0]]
    return max(own, default=0)


def type_at(part: Part, at: Version) -> OlderType | None:
    """The older type that the part has at a version; None: its newest."""
    return in_effect(part.types, at)


def types_before(part: Part, at: Version) -> list[OlderType]:
    """The types that earlier minors of a version's major had, the youngest first."""
    found = [older for older in part.types if older.until <= at and older.until[0] == at[0]]
    return found[::-1]


def since_minor(part: Part, at: Version) -> int:
    """The minor, of a version's major, that a message needs to hold the part."""
    return max(minor_in(part.since, at[0]), name_began(part, at))


def gone_matters(gone: Gone, at: Version) -> bool:
    """Whether messages of a version, or of another minor of its major, hold something that the newest has not."""
    return not has_ended(gone.part.until, at) or minor_in(gone.part.until, at[0]) > 0


def last_change(node: inspect.Type, interface: Interface) -> int:
    """The last minor of the interface's own major at which something in a type changed."""
    major = interface.version[0]
    bounds: list[Version] = []
    for each in below(node):
        if isinstance(each, (inspect.StructType, inspect.EnumType)):
            parts = list(interface.parts.get(each.cls, {}).values())
            parts += [gone.part for gone in interface.gone.get(each.cls, ())]
            for part in parts:
                bounds += _bounds(part)
            bounds += interface.opened.get(each.cls, ())
    return max((minor for its_major, minor in bounds if its_major == major), default=0)


def _bounds(part: Part) -> Since:
    return (
        *part.since,
        *part.until,
        *(until for until, _ in part.names),
        *(older.until for older in part.types),
    )


def has_ended_members(node: inspect.Type, interface: Interface) -> bool:
    """Whether a type holds values or members that the newest version has not, and its Python classes still have."""
    return any(
        part.until
        for each in below(node)
        if isinstance(each, (inspect.StructType, inspect.EnumType))
        for part in interface.parts.get(each.cls, {}).values()
    )
