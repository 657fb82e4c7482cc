"""What the readers share: where mistakes go, which interface's dates count, and what has to wait.

Knows nothing of any part of a file in particular.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field

from rpcgen.idl.model import Constraints, TypeExpr, Value
from rpcgen.idl.patterns import PatternChecker
from rpcgen.idl.position import Position
from rpcgen.idl.report import Report
from rpcgen.idl.typetext import TypeMistake, parse_type
from rpcgen.idl.version import Version
from rpcgen.idl.yamltext.nodes import Entry, Mapping, Node, Sequence, Text

IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9_]{0,127}", re.ASCII)
TYPE_NAME = re.compile(r"[A-Z][A-Za-z0-9_]{0,127}", re.ASCII)
WIRE_NAME = re.compile(r"[A-Za-z0-9_.:@+-]{1,255}", re.ASCII)
DOTTED = re.compile(r"[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z][A-Za-z0-9_]*)*", re.ASCII)


@dataclass(frozen=True, slots=True)
class PendingValues:
    """A default, a constant, or all examples of something, which their type reads once all types are known."""

    nodes: list[Node]
    type: TypeExpr
    constraints: Constraints
    store: Callable[[tuple[Value, ...]], None]


@dataclass(frozen=True, slots=True)
class PendingConstraints:
    """Constraints whose fit to their type is checked once all types are known."""

    type: TypeExpr
    limits: Constraints
    places: dict[str, Position]


@dataclass(slots=True)
class Pending:
    """What all files of an interface leave for later."""

    references: list[tuple[str, Position]] = field(default_factory=list[tuple[str, Position]])
    #: Names of types and errors that are there, but could not be read; who refers to them does nothing wrong.
    broken: set[str] = field(default_factory=set[str])
    #: Types whose map keys or nullable names have to be looked at.
    types: list[tuple[TypeExpr, Position]] = field(default_factory=list[tuple[TypeExpr, Position]])
    values: list[PendingValues] = field(default_factory=list[PendingValues])
    constraints: list[PendingConstraints] = field(default_factory=list[PendingConstraints])
    patterns: PatternChecker = field(default_factory=PatternChecker)


@dataclass(slots=True)
class Scope:
    """One file being read. `interface` and `version` are those of the main file, also while a library is read.

    Inside a type with a version of its own, `version` is that one, and `clock` is True.
    """

    report: Report
    pending: Pending
    interface: str
    version: Version | None
    serves: tuple[Version, ...] = ()
    library: bool = False
    clock: bool = False

    def type(self, node: Text, text: str | None = None, offset: int = 0) -> TypeExpr | None:
        """Read a type text, which may be a part of the node's; None after a reported mistake."""
        found = parse_type(node.value if text is None else text)
        if isinstance(found, TypeMistake):
            at = node.part(offset + found.offset, found.length)
            self.report.error("bad-type", found.message, at, hint=found.hint)
            return None
        for reference in found.references:
            at = node.part(offset + reference.offset, len(reference.name))
            self.pending.references.append((reference.name, at))
        if found.needs_look:
            self.pending.types.append((found.type, node.part(offset, len(text or node.value))))
        return found.type

    def name(self, key: Text, pattern: re.Pattern[str], what: str, hint: str) -> str | None:
        """Check a name that the author chose."""
        if pattern.fullmatch(key.value) and len(key.value) <= 255:
            return key.value
        self.report.error(
            "bad-name", f'"{key.value[:80]}" cannot be the name of {what}', key.at, hint=hint
        )
        return None


IDENTIFIER_HINT = "a letter, then letters, digits and underscores, at most 128, all ASCII"
TYPE_HINT = "an upper-case letter, then letters, digits and underscores, at most 128, all ASCII"
DOTTED_HINT = "names of ASCII letters, digits and underscores, joined by dots"
WIRE_HINT = "1 to 255 of A-Z a-z 0-9 _ . : @ + -, without wildcards, not starting with amq."


def text_at(node: Mapping, key: str) -> Text | None:
    """Return the text behind a key; None if there is none, or something else."""
    value = node.get(key)
    return value if isinstance(value, Text) and not value.missing else None


def items_at(node: Mapping, key: str) -> list[Node]:
    """Return the items of the list behind a key."""
    value = node.get(key)
    return value.items if isinstance(value, Sequence) else []


def entries_at(node: Mapping, key: str) -> list[Entry]:
    """Return the entries of the map behind a key."""
    value = node.get(key)
    return list(value.entries.values()) if isinstance(value, Mapping) else []


def flag_at(node: Mapping, key: str) -> bool | None:
    """Return the flag behind a key."""
    text = text_at(node, key)
    return text.value == "true" if text is not None else None


def doc_at(node: Mapping) -> str:
    """Return the `doc` of a node."""
    text = text_at(node, "doc")
    return text.value.strip() if text is not None else ""


def wire_name(text: Text, scope: Scope, what: str) -> str:
    """Check the name of an exchange, a topic or a namespace."""
    if not WIRE_NAME.fullmatch(text.value) or text.value.startswith("amq."):
        wildcard = any(character in text.value for character in "*#")
        message = f'"{text.value[:80]}" cannot be {what}'
        if wildcard:
            message += ": wildcards are not allowed"
        scope.report.error("bad-wire-name", message, text.at, hint=WIRE_HINT)
    return text.value
