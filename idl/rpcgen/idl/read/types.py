"""Named types: aliases, structs, enums, tagged unions and opaque objects."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from rpcgen.idl.model import (
    ALWAYS,
    NO_CONSTRAINTS,
    Alias,
    Dated,
    Enum,
    EnumMember,
    Named,
    Opaque,
    TypeDef,
    TypeExpr,
    Union,
    UnionMember,
    Value,
)
from rpcgen.idl.position import Position
from rpcgen.idl.read.constraints import read_constraints
from rpcgen.idl.read.dates import (
    check_nested,
    form_dated,
    read_dated,
    read_dates,
    read_deprecated,
)
from rpcgen.idl.read.scope import (
    IDENTIFIER,
    IDENTIFIER_HINT,
    TYPE_HINT,
    TYPE_NAME,
    PendingValues,
    Scope,
    doc_at,
    entries_at,
    flag_at,
    items_at,
    text_at,
)
from rpcgen.idl.read.shortform import split_dated, split_short_form
from rpcgen.idl.read.structs import read_struct
from rpcgen.idl.version import Version
from rpcgen.idl.yamltext.nodes import Entry, Mapping, Node, Sequence, Text

MAX_VALUE = 255


def read_type(entry: Entry, scope: Scope, types: dict[str, TypeDef]) -> None:
    """Read one entry of `types` into the map."""
    name = scope.name(entry.key, TYPE_NAME, "a type", TYPE_HINT)
    node, at = entry.value, entry.key.at
    definition: TypeDef | None = None
    if isinstance(node, Text) and not node.missing:
        definition = _short_alias(name or "", at, node, scope)
    elif isinstance(node, Mapping):
        for key, read in _READERS.items():
            if key in node.entries:
                definition = read(name or "", at, node, scope)
                break
    if definition is None or name is None:
        scope.pending.broken.add(entry.key.value)
        return
    types[name] = definition
    if isinstance(node, Mapping):
        _put_off_examples(node, types, name, scope)


def _put_off_examples(node: Mapping, types: dict[str, TypeDef], name: str, scope: Scope) -> None:
    def store(values: tuple[Value, ...]) -> None:
        definition = types[name]
        if not isinstance(definition, Opaque):
            types[name] = replace(definition, examples=values)

    examples, definition = items_at(node, "examples"), types[name]
    if examples:
        limits = definition.constraints if isinstance(definition, Alias) else NO_CONSTRAINTS
        type_ = definition.type if isinstance(definition, Alias) else Named(name)
        scope.pending.values.append(PendingValues(examples, type_, limits, store))


def _short_alias(name: str, at: Position, node: Text, scope: Scope) -> Alias | None:
    form = split_short_form(node.value)
    if form.default is not None or form.rest is not None:
        scope.report.error(
            "bad-short-form",
            "another spelling of a type is only a type; it has no default",
            node.at,
            hint="give the default where the type is used",
        )
        return None
    type_ = scope.type(node, form.head.text)
    dated = form_dated(form, node, scope)
    return Alias(name, type_, at, dated=dated) if type_ is not None else None


def _alias(name: str, at: Position, node: Mapping, scope: Scope) -> Alias | None:
    text = text_at(node, "type")
    type_ = scope.type(text) if text is not None else None
    constraints = read_constraints(node, type_, scope)
    dated = read_dated(node, scope)
    deprecated = read_deprecated(node, scope, dated)
    if type_ is None:
        return None
    return Alias(name, type_, at, constraints, doc_at(node), deprecated, dated=dated)


def _enum(name: str, at: Position, node: Mapping, scope: Scope) -> Enum:
    dated = read_dated(node, scope)
    members: dict[str, EnumMember] = {}
    values = node.get("enum")
    if isinstance(values, Sequence):
        for item in values.items:
            _enum_member(item, None, scope, dated, members)
    elif isinstance(values, Mapping):
        for entry in values.entries.values():
            label = scope.name(entry.key, IDENTIFIER, "an enum value", IDENTIFIER_HINT)
            _enum_member(entry.value, label, scope, dated, members)
    if values is not None and not members and not isinstance(values, Text):
        scope.report.error(
            "empty-type", "an enum needs at least one value", node.entries["enum"].key.at
        )
    is_open, open_since = _read_open(node, scope, dated)
    return Enum(
        name,
        members,
        at,
        is_open,
        open_since,
        _read_fallback(node, members, scope),
        doc_at(node),
        read_deprecated(node, scope, dated),
        dated=dated,
    )


def _enum_member(
    node: Node, label: str | None, scope: Scope, inside: Dated, members: dict[str, EnumMember]
) -> None:
    if isinstance(node, Mapping):
        text, dated = text_at(node, "value"), read_dated(node, scope, inside)
        value = text.value if text is not None else ""
        doc, deprecated = doc_at(node), read_deprecated(node, scope, dated)
    elif isinstance(node, Text):
        value, dated, doc, deprecated = node.value, ALWAYS, "", None
        text = node
        if node.plain:
            form = split_dated(value)
            if (form.since or form.until) and form.rest is None:
                value = form.head.text
                dated = form_dated(form, node, scope, inside)
    else:
        return
    if text is None:
        return
    if not 1 <= len(value) <= MAX_VALUE or any(ord(character) < 0x20 for character in value):
        scope.report.error(
            "bad-enum-value",
            f"an enum value is a text of 1 to {MAX_VALUE} characters on one line",
            node.at,
        )
        return
    if value in members:
        _twice("enum value", value, node.at, members[value].position, scope)
        return
    members[value] = EnumMember(value, node.at, label, dated, doc, deprecated)


def _twice(what: str, name: str, at: Position, first: Position, scope: Scope) -> None:
    scope.report.error(
        "duplicate-name",
        f'the {what} "{name[:80]}" occurs twice',
        at,
        related=[(first, "first given here")],
    )


def _read_open(node: Mapping, scope: Scope, inside: Dated) -> tuple[bool, tuple[Version, ...]]:
    value = node.get("open")
    if isinstance(value, Mapping):
        since = value.get("since")
        dates = read_dates(since, scope) if since is not None else ()
        check_nested(Dated(dates), inside, value.at, scope)
        return True, dates
    return flag_at(node, "open") or False, ()


def _read_fallback(node: Mapping, members: dict[str, EnumMember], scope: Scope) -> dict[str, str]:
    fallback: dict[str, str] = {}
    for entry in entries_at(node, "fallback"):
        if not isinstance(entry.value, Text):
            continue
        ok = True
        for text in (entry.key, entry.value):
            if text.value not in members:
                hint = scope.report.suggest(text.value, members)
                message = f'"{text.value[:80]}" is no value of the enum'
                scope.report.error("bad-fallback", message, text.at, hint=hint)
                ok = False
        if ok and not members[entry.key.value].dated.since and not scope.library:
            message = f'"{entry.key.value}" has no `since`, so every reader knows it'
            scope.report.error("bad-fallback", message, entry.key.at)
        elif ok and entry.value.value == entry.key.value:
            scope.report.error("bad-fallback", "a value cannot stand for itself", entry.value.at)
        elif ok:
            fallback[entry.key.value] = entry.value.value
    return fallback


def _union(name: str, at: Position, node: Mapping, scope: Scope) -> Union:
    dated = read_dated(node, scope)
    members: dict[str, UnionMember] = {}
    for entry in entries_at(node, "union"):
        tag = scope.name(entry.key, IDENTIFIER, "a tag", IDENTIFIER_HINT)
        member = _union_member(tag or "", entry, scope, dated)
        if tag is not None and member is not None:
            members[tag] = member
    if isinstance(union := node.get("union"), Mapping) and not union.entries:
        scope.report.error("empty-type", "a union needs at least one member", union.at)
    is_open, open_since = _read_open(node, scope, dated)
    return Union(
        name,
        members,
        at,
        is_open,
        open_since,
        doc_at(node),
        read_deprecated(node, scope, dated),
        dated=dated,
    )


def _union_member(tag: str, entry: Entry, scope: Scope, inside: Dated) -> UnionMember | None:
    node = entry.value
    if isinstance(node, Mapping):
        text = text_at(node, "type")
        type_ = scope.type(text) if text is not None else None
        dated = read_dated(node, scope, inside)
        doc, deprecated = doc_at(node), read_deprecated(node, scope, dated)
        return (
            UnionMember(tag, type_, entry.key.at, dated, doc, deprecated)
            if type_ is not None
            else None
        )
    if not isinstance(node, Text) or node.missing:
        return None
    form = split_dated(node.value)
    if form.rest is not None:
        scope.report.error(
            "bad-short-form", "a member is a type and perhaps `since VERSION`", node.at
        )
        return None
    type_ = scope.type(node, form.head.text)
    dated = form_dated(form, node, scope, inside)
    return UnionMember(tag, type_, entry.key.at, dated) if type_ is not None else None


def _opaque(name: str, at: Position, node: Mapping, scope: Scope) -> Opaque | None:
    if flag_at(node, "opaque") is False:
        scope.report.error(
            "useless-key", "`opaque: false` describes no type", node.entries["opaque"].key.at
        )
        return None
    attributes: dict[str, TypeExpr] = {}
    for entry in entries_at(node, "attributes"):
        attribute = scope.name(entry.key, IDENTIFIER, "an attribute", IDENTIFIER_HINT)
        type_ = scope.type(entry.value) if isinstance(entry.value, Text) else None
        if attribute is not None and type_ is not None:
            attributes[attribute] = type_
    dated = read_dated(node, scope)
    deprecated = read_deprecated(node, scope, dated)
    return Opaque(name, at, attributes, doc_at(node), deprecated, dated)


_READERS: dict[str, Callable[[str, Position, Mapping, Scope], TypeDef | None]] = {
    "enum": _enum,
    "union": _union,
    "opaque": _opaque,
    "fields": read_struct,
    "extends": read_struct,
    "type": _alias,
}
