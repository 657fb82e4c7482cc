"""One thing that a command found, as every format needs it. Knows no rule, and no format."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from rpcgen.idl import Diagnostic, Position

Level = Literal["error", "warning", "note"]


@dataclass(frozen=True, slots=True)
class Entry:
    """One finding.

    Attributes:
        rule: its id, which `rpcgen explain` knows.
        level: a note asks for nothing.
        message: what is wrong, on one line.
        place: where.
        details: what else there is to say, line by line.
        fingerprint: what stays the same when lines move; empty if the rule has none.
        waived: why it is accepted; empty if it is not.
        group: what it belongs to, such as the name of an interface.
        facts: more about it for programs.
    """

    rule: str
    level: Level
    message: str
    place: Position
    details: tuple[str, ...] = ()
    fingerprint: str = ""
    waived: str = ""
    group: str = ""
    facts: Mapping[str, str] = field(default_factory=dict[str, str])

    @property
    def text(self) -> str:
        """The message with the details below."""
        return "\n".join([self.message, *self.details])


@dataclass(frozen=True, slots=True)
class Group:
    """What was looked at, whether anything was found or not."""

    name: str
    file: str
    entries: Sequence[Entry]


def of_diagnostic(diagnostic: Diagnostic, group: str = "") -> Entry:
    """The entry that says the same as a diagnostic."""
    details = [f"hint: {diagnostic.hint}"] if diagnostic.hint else []
    details += [f"{place}: {label}" for place, label in diagnostic.related]
    return Entry(
        diagnostic.rule,
        diagnostic.severity,
        diagnostic.message,
        diagnostic.position,
        tuple(details),
        group=group or diagnostic.position.file,
    )
