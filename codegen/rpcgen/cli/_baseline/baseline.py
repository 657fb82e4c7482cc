"""The releases of one interface, wherever they were found. Knows no source of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from rpcgen.idl import Interface, Position, Version


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was released of an interface.

    Attributes:
        releases: by version.
        origin: where they are from, for people.
        digests: of what is kept of them, for those that have one.
        rewritten: those that are not what their digest says, and where they are.
        sources: the texts of the files that they were read from, by the names that places use.
    """

    releases: Mapping[Version, Interface]
    origin: str
    digests: Mapping[Version, str] = field(default_factory=dict[Version, str])
    rewritten: Mapping[Version, Position] = field(default_factory=dict[Version, Position])
    sources: Mapping[str, str] = field(default_factory=dict[str, str])
