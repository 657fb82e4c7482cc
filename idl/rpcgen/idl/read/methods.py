"""Methods and events."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from rpcgen.idl.model import (
    NO_CONSTRAINTS,
    Delivery,
    Event,
    Method,
    Named,
    Raise,
    Value,
)
from rpcgen.idl.read.dates import form_dated, read_dated, read_deprecated
from rpcgen.idl.read.forms import read_forms
from rpcgen.idl.read.members import read_members
from rpcgen.idl.read.returns import read_returns
from rpcgen.idl.read.routes import (
    read_ordering_key,
    read_paths,
    read_routes,
    read_timeout,
    read_topic,
    read_ttl,
)
from rpcgen.idl.read.scope import (
    DOTTED,
    DOTTED_HINT,
    IDENTIFIER,
    IDENTIFIER_HINT,
    PendingValues,
    Scope,
    doc_at,
    flag_at,
    items_at,
    text_at,
)
from rpcgen.idl.read.shortform import split_dated
from rpcgen.idl.yamltext.nodes import Entry, Mapping, Node, Text


def read_method(
    entry: Entry, scope: Scope, methods: dict[str, Method], nodes: dict[str, Mapping]
) -> None:
    """Read one entry of `methods` into the map; `nodes` keeps what it was read from, for the checks to come."""
    name = scope.name(entry.key, IDENTIFIER, "a method", IDENTIFIER_HINT)
    node = entry.value
    if not isinstance(node, Mapping):
        return
    dated = read_dated(node, scope)
    returns = read_returns(node, scope)
    method = Method(
        name or "",
        read_routes(node, scope, dated),
        read_members(node.get("args"), "an argument", scope, dated),
        entry.key.at,
        returns.type,
        returns.constraints,
        _raises(node, scope),
        read_paths(node.get("to"), scope),
        read_timeout(node.get("timeout"), scope),
        flag_at(node, "idempotent") or False,
        read_topic(node.get("topic"), scope, dated),
        read_router(node, scope),
        read_forms(node, dated, scope),
        dated,
        doc_at(node),
        read_deprecated(node, scope, dated),
        delivery=_delivery(node),
        ttl=read_ttl(node.get("ttl"), scope),
        ordering_key=read_ordering_key(node.get("ordering_key"), scope),
    )
    _check_kinds(method, node, scope)
    if name is not None:
        methods[name] = method
        nodes[name] = node


def read_router(node: Mapping, scope: Scope) -> str | None:
    """Read the name of the program's router."""
    text = text_at(node, "router")
    return scope.name(text, DOTTED, "a router", DOTTED_HINT) if text is not None else None


def _delivery(node: Mapping) -> Delivery:
    text = text_at(node, "delivery")
    return "at_most_once" if text is None else cast("Delivery", text.value)


def _raises(node: Mapping, scope: Scope) -> tuple[Raise, ...]:
    raised: dict[str, Raise] = {}
    for item in items_at(node, "raises"):
        found = _raise(item, scope)
        if found is None:
            continue
        if found.error in raised:
            scope.report.error("duplicate-name", f'the error "{found.error}" occurs twice', item.at)
            continue
        raised[found.error] = found
    return tuple(raised.values())


def _raise(node: Node, scope: Scope) -> Raise | None:
    if isinstance(node, Mapping):
        text = text_at(node, "error")
        return Raise(text.value, text.at, read_dated(node, scope)) if text is not None else None
    if not isinstance(node, Text) or node.missing:
        return None
    form = split_dated(node.value)
    if form.rest is not None:
        scope.report.error(
            "bad-short-form", "an error is a name and perhaps `since VERSION`", node.at
        )
        return None
    return Raise(form.head.text, node.part(0, len(form.head.text)), form_dated(form, node, scope))


def _check_kinds(method: Method, node: Mapping, scope: Scope) -> None:
    """A cast has no answer, so nothing may describe one; a path needs a route that it can choose."""
    if not method.routes:
        return
    if not any(route.kind == "call" for route in method.routes):
        for key in ("returns", "raises"):
            if key in node.entries:
                scope.report.error(
                    "cast-with-answer",
                    f"a cast has no answer, so `{key}` means nothing",
                    node.entries[key].key.at,
                    hint="add call: server or call: any, or remove it",
                )
    kept = any(route.kind == "cast" and route.to != "fanout" for route in method.routes)
    if method.delivery == "at_least_once" and not kept:
        scope.report.error(
            "delivery-without-cast",
            "only a cast to any server, or to one, can be delivered at least once",
            node.entries["delivery"].key.at,
            hint="add cast: any or cast: server, or remove it",
        )
    if method.ttl is not None and not any(route.kind == "cast" for route in method.routes):
        scope.report.error(
            "ttl-without-cast",
            "only a cast waits for as long as its `ttl`; a call has a `timeout`",
            node.entries["ttl"].key.at,
            hint="write timeout instead, add a cast, or remove it",
        )
    if method.to and not any(route.to == "server" for route in method.routes):
        scope.report.error(
            "to-without-server",
            "`to` chooses a server, and no route goes to one",
            node.entries["to"].key.at,
        )


def read_event(entry: Entry, scope: Scope, events: dict[str, Event]) -> None:
    """Read one entry of `events` into the map."""
    name = scope.name(entry.key, DOTTED, "an event", DOTTED_HINT)
    node = entry.value
    if not isinstance(node, Mapping):
        return
    payload, priority = text_at(node, "payload"), text_at(node, "priority")
    dated = read_dated(node, scope)
    event = Event(
        name or "",
        payload.value if payload is not None else "",
        entry.key.at,
        priority.value if priority is not None else "info",
        dated,
        doc_at(node),
        read_deprecated(node, scope, dated),
        delivery=_delivery(node),
        ttl=read_ttl(node.get("ttl"), scope),
        ordering_key=read_ordering_key(node.get("ordering_key"), scope),
    )
    if name is None or payload is None:
        return
    events[name] = event
    scope.pending.references.append((payload.value, payload.at))

    def store(values: tuple[Value, ...]) -> None:
        events[name] = replace(events[name], examples=values)

    if examples := items_at(node, "examples"):
        type_ = Named(payload.value)
        scope.pending.values.append(PendingValues(examples, type_, NO_CONSTRAINTS, store))
