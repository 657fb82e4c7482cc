"""Arguments and fields, in their short form and their long form."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal, cast

from rpcgen.idl.model import (
    ALWAYS,
    Dated,
    Default,
    Field,
    Older,
    OlderType,
    Presence,
    Scalar,
    Send,
    TypeExpr,
    Value,
)
from rpcgen.idl.position import Position
from rpcgen.idl.read.constraints import read_constraints
from rpcgen.idl.read.dates import (
    check_not_future,
    form_dated,
    read_dated,
    read_deprecated,
    version_of,
)
from rpcgen.idl.read.scope import (
    IDENTIFIER,
    IDENTIFIER_HINT,
    PendingValues,
    Scope,
    doc_at,
    entries_at,
    items_at,
    text_at,
)
from rpcgen.idl.read.shortform import Piece, split_short_form
from rpcgen.idl.report import Report
from rpcgen.idl.version import Version
from rpcgen.idl.yamltext.compose import compose
from rpcgen.idl.yamltext.nodes import Entry, Mapping, Node, Text

_ANY = Scalar("any")
#: Stands for a default that is read once all types are known; whether there is one matters before.
_UNREAD = Default(None)


def read_members(
    node: Node | None,
    what: str,
    scope: Scope,
    inside: Dated = ALWAYS,
    presence: Presence = "implicit",
) -> dict[str, Field]:
    """Read a map of members; `what` is "an argument" or "a field"."""
    members: dict[str, Field] = {}
    if isinstance(node, Mapping):
        for entry in node.entries.values():
            _read_member(entry, what, scope, inside, presence, members)
    for member in members.values():
        for older in member.was.values():
            if older in members:
                message = f'"{older}", the older name of "{member.name}", is {what} of its own'
                scope.report.error("bad-was", message, member.position)
    return members


def _read_member(
    entry: Entry,
    what: str,
    scope: Scope,
    inside: Dated,
    presence: Presence,
    members: dict[str, Field],
) -> None:
    name = scope.name(entry.key, IDENTIFIER, what, IDENTIFIER_HINT)
    node = entry.value
    if isinstance(node, Mapping):
        _long(name, entry.key.at, node, scope, inside, presence, members)
    elif isinstance(node, Text) and not node.missing:
        _short(name, entry.key.at, node, scope, inside, presence, members)


def _short(
    name: str | None,
    at: Position,
    node: Text,
    scope: Scope,
    inside: Dated,
    presence: Presence,
    members: dict[str, Field],
) -> None:
    form = split_short_form(node.value)
    if form.rest is not None:
        scope.report.error(
            "bad-short-form",
            f'expected "since VERSION" or the end, found "{form.rest.text[:80]}"',
            node.part(form.rest.offset, len(form.rest.text)),
            hint="the short form is TYPE = DEFAULT since VERSION; anything more needs the long form",
        )
    type_ = scope.type(node, form.head.text, form.head.offset)
    dated = form_dated(form, node, scope, inside)
    value = _default_node(node, form.default, scope) if form.default is not None else None
    if type_ is None or name is None:
        return
    members[name] = Field(
        name,
        type_,
        at,
        default=_UNREAD if value is not None else None,
        dated=dated,
        presence=presence,
    )
    if value is not None:
        _put_off(members, name, "default", [value], scope)


def _default_node(node: Text, piece: Piece, scope: Scope) -> Node | None:
    at = node.part(piece.offset, len(piece.text))
    if not piece.text:
        scope.report.error(
            "bad-short-form",
            'expected a value after "="',
            node.part(max(0, piece.offset - 1), 1),
            hint="a text that starts with # must be quoted, else it is a comment: \"string = '#fff'\"",
        )
        return None
    if piece.text[0] not in "\"'[{":
        return Text(piece.text, at)
    found = compose(piece.text, at.file, inner := Report())
    if found is None or inner.failed:
        message = next((d.message for d in inner.diagnostics(())), "it is not readable")
        scope.report.error("bad-short-form", f"the default is not readable: {message}", at)
        return None
    return _moved(found, at)


def _moved(node: Node, at: Position) -> Node:
    """Give a node from inside a scalar the place that it has in the file."""
    if isinstance(node, Text):
        return Text(node.value, at, node.plain)
    if isinstance(node, Mapping):
        entries = {
            key: Entry(Text(entry.key.value, at, entry.key.plain), _moved(entry.value, at))
            for key, entry in node.entries.items()
        }
        return Mapping(entries, at)
    node.items = [_moved(item, at) for item in node.items]
    node.at = at
    return node


def _long(
    name: str | None,
    at: Position,
    node: Mapping,
    scope: Scope,
    inside: Dated,
    presence: Presence,
    members: dict[str, Field],
) -> None:
    type_ = _long_type(node, scope)
    constraints = read_constraints(node, type_, scope)
    dated = read_dated(node, scope, inside)
    default, constant = node.get("default"), node.get("constant")
    own_presence = text_at(node, "presence")
    field = Field(
        name or "",
        type_ or _ANY,
        at,
        default=_UNREAD if default is not None else None,
        constraints=constraints,
        dated=dated,
        older=cast("Older | None", _choice(node, "older")),
        send=cast("Send | None", _choice(node, "send")),
        was=_read_was(node, scope),
        was_type=_read_was_type(node, scope),
        constant=_UNREAD if constant is not None else None,
        presence=cast("Presence", own_presence.value) if own_presence is not None else presence,
        doc=doc_at(node),
        deprecated=read_deprecated(node, scope),
    )
    _check_combination(field, node, scope)
    if type_ is None or name is None:
        return
    members[name] = field
    _put_off(members, name, "default", [default] if default is not None else [], scope)
    _put_off(members, name, "constant", [constant] if constant is not None else [], scope)
    _put_off(members, name, "examples", items_at(node, "examples"), scope)


def _long_type(node: Mapping, scope: Scope) -> TypeExpr | None:
    text = text_at(node, "type")
    if text is not None:
        form = split_short_form(text.value)
        if form.default is not None or form.since is not None:
            extra = "default" if form.default is not None else "since"
            scope.report.error(
                "bad-short-form",
                f"found a {extra} inside the text of `type`",
                text.at,
                hint=f"give it a key of its own: {extra}: …",
            )
            return None
        return scope.type(text)
    return _ANY if "constant" in node.entries and "type" not in node.entries else None


def _choice(node: Mapping, key: str) -> str | None:
    text = text_at(node, key)
    return text.value if text is not None else None


def _read_was(node: Mapping, scope: Scope) -> dict[Version, str]:
    names: dict[Version, str] = {}
    for entry in entries_at(node, "was"):
        version = version_of(entry.key.value, entry.key.at, scope, bare_major=True)
        if isinstance(entry.value, Text) and version is not None:
            name = scope.name(entry.value, IDENTIFIER, "an argument or field", IDENTIFIER_HINT)
            check_not_future(version, entry.key.at, scope)
            if name is not None:
                names[version] = name
    return names


def _read_was_type(node: Mapping, scope: Scope) -> dict[Version, OlderType]:
    types: dict[Version, OlderType] = {}
    for entry in entries_at(node, "was_type"):
        version = version_of(entry.key.value, entry.key.at, scope, bare_major=True)
        if isinstance(entry.value, Mapping):
            scope.report.error(
                "not-supported-yet",
                "constraints in `was_type` are not supported yet",
                entry.value.at,
            )
        elif isinstance(entry.value, Text):
            type_ = scope.type(entry.value)
            if type_ is not None and version is not None:
                check_not_future(version, entry.key.at, scope)
                types[version] = OlderType(type_)
    return types


def _check_combination(field: Field, node: Mapping, scope: Scope) -> None:
    if field.older is not None and not field.dated.since and not scope.library:
        scope.report.error(
            "older-without-since",
            "`older` says what a peer from before `since` is sent, and there is no `since`",
            node.entries["older"].key.at,
        )
    if field.constant is not None:
        for key in ("default", "older", "send", "examples", "presence"):
            if key in node.entries:
                message = f"a constant has no use for `{key}`: nobody passes it"
                scope.report.error("useless-key", message, node.entries[key].key.at)
    elif field.presence == "explicit" and field.default is not None:
        message = "absent reads as the default, and `presence: explicit` keeps it apart"
        scope.report.error("default-with-presence", message, node.entries["default"].key.at)


def _put_off(
    members: dict[str, Field],
    name: str,
    part: Literal["default", "constant", "examples"],
    nodes: list[Node],
    scope: Scope,
) -> None:
    """Have values read once all types are known. The map is not public yet, so it may still change."""

    def store(values: tuple[Value, ...]) -> None:
        field = members[name]
        match part:
            case "default":
                members[name] = replace(field, default=Default(values[0]))
            case "constant":
                members[name] = replace(field, constant=Default(values[0]))
            case "examples":
                members[name] = replace(field, examples=values)

    if nodes:
        field = members[name]
        scope.pending.values.append(PendingValues(nodes, field.type, field.constraints, store))
