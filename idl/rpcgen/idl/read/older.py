"""`was` and `was_type`: what a member was called, and what it was, until a version.

Knows the entries one by one; whether an older type differs from the next is checked once all types are known.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace

from rpcgen.idl.model import Dated, Default, Field, OlderType, Presence, Value
from rpcgen.idl.position import Position
from rpcgen.idl.read.constraints import read_constraints
from rpcgen.idl.read.dates import check_not_future, of_interface, undated, version_of
from rpcgen.idl.read.scope import (
    IDENTIFIER,
    IDENTIFIER_HINT,
    PendingValues,
    Scope,
    entries_at,
    text_at,
)
from rpcgen.idl.read.shortform import split_short_form
from rpcgen.idl.read.texts import value_node
from rpcgen.idl.shape import begins_with_letter
from rpcgen.idl.version import Version
from rpcgen.idl.yamltext.nodes import Entry, Mapping, Node, Text

#: Stands for a default that is read once all types are known; whether there is one matters before.
UNREAD = Default(None)


@dataclass(frozen=True, slots=True)
class Past:
    """One entry of a history: what stood `until` a version."""

    until: Version
    node: Node
    at: Position


@dataclass(slots=True)
class OlderTypes:
    """The entries of a `was_type`, and the nodes of their defaults, which are read later."""

    types: dict[Version, OlderType] = field(default_factory=dict[Version, OlderType])
    defaults: dict[Version, Node] = field(default_factory=dict[Version, Node])


def read_history(node: Mapping, key: str, dated: Dated, scope: Scope) -> list[Past]:
    """Read the versions of `was` or `was_type`, which ascend and lie inside the thing's life."""
    found: list[Past] = []
    for entry in _entries(node, key, scope):
        at = entry.key.at
        version = version_of(entry.key.value, at, scope, bare_major=True)
        if version is None:
            continue
        if found and version <= found[-1].until:
            message = f"{version} follows {found[-1].until}, expected ascending versions"
            scope.report.error("dates-unordered", message, at)
            continue
        check_not_future(version, at, scope)
        _check_life(version, dated, at, scope)
        found.append(Past(version, entry.value, at))
    return found


def _entries(node: Mapping, key: str, scope: Scope) -> Iterator[Entry]:
    """Yield the entries that count for the interface: by version, or by version below its name."""
    for entry in entries_at(node, key):
        name = entry.key.value
        if scope.library and not begins_with_letter(name):
            undated(entry.key.at, scope)
        elif scope.clock and isinstance(entry.value, Mapping) and begins_with_letter(name):
            of_interface(entry.key.at, scope)
        elif name == scope.interface and isinstance(entry.value, Mapping):
            yield from entry.value.entries.values()
        elif not scope.library:
            yield entry


def _check_life(version: Version, dated: Dated, at: Position, scope: Scope) -> None:
    """Refuse an older form of something that did not exist yet, or not any more."""
    if dated.since and version <= dated.since[0]:
        message = f"nothing was different until {version}: it began at {dated.since[0]}"
        scope.report.error("was-outside", message, at)
    elif dated.until and version >= dated.until[-1]:
        message = f"nothing changed at {version}: it ended at {dated.until[-1]}"
        scope.report.error("was-outside", message, at)


def read_was(node: Mapping, name: str, dated: Dated, scope: Scope) -> dict[Version, str]:
    """Read the older names of an argument or a field."""
    names: dict[Version, str] = {}
    places: list[Position] = []
    for past in read_history(node, "was", dated, scope):
        if isinstance(past.node, Text) and not past.node.missing:
            older = scope.name(past.node, IDENTIFIER, "an argument or field", IDENTIFIER_HINT)
            if older is not None:
                names[past.until] = older
                places.append(past.node.at)
    check_renamed(list(names.values()), name, places, scope)
    return names


def check_renamed(names: list[str], name: str, places: list[Position], scope: Scope) -> None:
    """Refuse an older name that is the next one."""
    for older, newer, at in zip(names, [*names[1:], name], places, strict=False):
        if older == newer:
            message = f'the older name "{older}" is the next one, too, so nothing changed'
            scope.report.error("was-unchanged", message, at)


def read_was_type(node: Mapping, dated: Dated, presence: Presence, scope: Scope) -> OlderTypes:
    """Read the older types of an argument or a field; their defaults wait."""
    found = OlderTypes()
    for past in read_history(node, "was_type", dated, scope):
        if isinstance(past.node, Mapping):
            older, default = _long(past.node, scope)
        elif isinstance(past.node, Text) and not past.node.missing:
            older, default = _short(past.node, scope)
        else:
            continue
        if older is None:
            continue
        if default is not None and presence == "explicit":
            message = "absent reads as the default, and `presence: explicit` keeps it apart"
            scope.report.error("default-with-presence", message, default.at)
            default = None
        found.types[past.until] = older if default is None else replace(older, default=UNREAD)
        if default is not None:
            found.defaults[past.until] = default
    return found


def _long(node: Mapping, scope: Scope) -> tuple[OlderType | None, Node | None]:
    text = text_at(node, "type")
    type_ = scope.type(text) if text is not None else None
    limits = read_constraints(node, type_, scope)
    return (OlderType(type_, limits) if type_ is not None else None), node.get("default")


def _short(node: Text, scope: Scope) -> tuple[OlderType | None, Node | None]:
    form = split_short_form(node.value)
    extra = form.since or form.until or form.rest
    if extra is not None:
        scope.report.error(
            "bad-short-form",
            f'expected the end, found "{extra.text[:80]}"',
            node.part(extra.offset, len(extra.text)),
            hint="an older type is TYPE or TYPE = DEFAULT; its key says until when",
        )
    type_ = scope.type(node, form.head.text)
    default = value_node(node, form.default, scope) if form.default is not None else None
    return (OlderType(type_) if type_ is not None else None), default


def put_off_older_defaults(
    members: dict[str, Field], name: str, defaults: dict[Version, Node], scope: Scope
) -> None:
    """Have the defaults of older types read by those types once all types are known."""
    for version, node in defaults.items():
        older = members[name].was_type[version]

        def store(values: tuple[Value, ...], version: Version = version) -> None:
            field = members[name]
            read = replace(field.was_type[version], default=Default(values[0]))
            members[name] = replace(field, was_type={**field.was_type, version: read})

        waiting = PendingValues([node], older.type, older.constraints, store)
        scope.pending.values.append(waiting)
