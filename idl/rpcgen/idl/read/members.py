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
    Presence,
    Scalar,
    Send,
    TypeExpr,
    Value,
)
from rpcgen.idl.position import Position
from rpcgen.idl.read.constraints import read_constraints
from rpcgen.idl.read.dates import form_dated, read_dated, read_deprecated
from rpcgen.idl.read.older import UNREAD, put_off_older_defaults, read_was, read_was_type
from rpcgen.idl.read.scope import (
    IDENTIFIER,
    IDENTIFIER_HINT,
    PendingValues,
    Scope,
    doc_at,
    items_at,
    text_at,
)
from rpcgen.idl.read.shortform import split_short_form
from rpcgen.idl.read.texts import value_node
from rpcgen.idl.yamltext.nodes import Entry, Mapping, Node, Text

_ANY = Scalar("any")
_KEPT_APART = "absent reads as the default, and `presence: explicit` keeps it apart"


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
    value = value_node(node, form.default, scope) if form.default is not None else None
    if type_ is None or name is None:
        return
    members[name] = Field(
        name,
        type_,
        at,
        default=UNREAD if value is not None else None,
        dated=dated,
        presence=presence,
    )
    if value is not None and form.default is not None:
        if presence == "explicit":
            at = node.part(form.default.offset, len(form.default.text))
            scope.report.error("default-with-presence", _KEPT_APART, at)
        _put_off(members, name, "default", [value], scope)


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
    presence = cast("Presence", own_presence.value) if own_presence is not None else presence
    older = read_was_type(node, dated, presence, scope)
    field = Field(
        name or "",
        type_ or _ANY,
        at,
        default=UNREAD if default is not None else None,
        constraints=constraints,
        dated=dated,
        older=cast("Older | None", _choice(node, "older")),
        send=cast("Send | None", _choice(node, "send")),
        was=read_was(node, name or "", dated, scope),
        was_type=older.types,
        constant=UNREAD if constant is not None else None,
        presence=presence,
        doc=doc_at(node),
        deprecated=read_deprecated(node, scope, dated),
    )
    _check_combination(field, node, scope)
    if type_ is None or name is None:
        return
    members[name] = field
    _put_off(members, name, "default", [default] if default is not None else [], scope)
    _put_off(members, name, "constant", [constant] if constant is not None else [], scope)
    _put_off(members, name, "examples", items_at(node, "examples"), scope)
    put_off_older_defaults(members, name, older.defaults, scope)


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


def _check_combination(field: Field, node: Mapping, scope: Scope) -> None:
    if field.older is not None and not field.dated.since and not scope.library:
        scope.report.error(
            "older-without-since",
            "`older` says what a peer from before `since` is sent, and there is no `since`",
            node.entries["older"].key.at,
        )
    if field.send is not None and not field.dated.since and not scope.library:
        scope.report.error(
            "send-without-since",
            "`send` is about what began later, and there is no `since`: this is always sent",
            node.entries["send"].key.at,
        )
    if field.constant is not None:
        for key in ("default", "older", "send", "examples", "presence", "was_type"):
            if key in node.entries:
                message = f"a constant has no use for `{key}`: nobody passes it"
                scope.report.error("useless-key", message, node.entries[key].key.at)
    elif field.presence == "explicit" and field.default is not None:
        scope.report.error("default-with-presence", _KEPT_APART, node.entries["default"].key.at)


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
