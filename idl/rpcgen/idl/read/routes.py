"""How messages of a method travel: routes, topics, destination paths and timeouts."""

from __future__ import annotations

import re
from typing import cast

from rpcgen.idl.durations import parse_duration
from rpcgen.idl.grammar import ROUTES
from rpcgen.idl.model import (
    ALWAYS,
    Dated,
    DestinationPath,
    Index,
    Kind,
    Route,
    RouteName,
    Timeout,
    Topic,
)
from rpcgen.idl.read.dates import check_nested, form_dated, read_dated, read_dates
from rpcgen.idl.read.scope import Scope, text_at, wire_name
from rpcgen.idl.read.shortform import split_dated
from rpcgen.idl.yamltext.nodes import Mapping, Node, Sequence, Text

PROFILES = ("long",)
MAX_PATHS = 16
MAX_TIMEOUT = 30 * 24 * 3600
MAX_TTL = 30 * 24 * 3600
_STEP = re.compile(r"\.([A-Za-z][A-Za-z0-9_]*)|\[(0|[1-9][0-9]{0,5})\]", re.ASCII)
_ARGUMENT = re.compile(r"[A-Za-z][A-Za-z0-9_]*", re.ASCII)

_ROUTES: dict[str, RouteName] = {route: route for route in ROUTES}


def read_routes(node: Mapping, scope: Scope, inside: Dated) -> tuple[Route, ...]:
    """Read `call` and `cast`; routes keep the order of the file, the first being the default."""
    routes: list[Route] = []
    for key in node.entries:
        if key not in {"call", "cast"}:
            continue
        value = node.entries[key].value
        for item in value.items if isinstance(value, Sequence) else [value]:
            route = _route(item, cast("Kind", key), scope, inside)
            if route is None:
                continue
            if any((route.kind, route.to) == (known.kind, known.to) for known in routes):
                scope.report.error(
                    "duplicate-name", f'the route "{key}: {route.to}" occurs twice', item.at
                )
                continue
            routes.append(route)
        if isinstance(value, Sequence) and not value.items:
            scope.report.error("bad-route", f"`{key}` names no route", value.at)
    return tuple(routes)


def _route(node: Node, kind: Kind, scope: Scope, inside: Dated) -> Route | None:
    if isinstance(node, Mapping):
        text = text_at(node, "route")
        dated = read_dated(node, scope, inside)
        name = text.value if text is not None else ""
    elif isinstance(node, Text) and not node.missing:
        text = node
        form = split_dated(node.value)
        name = node.value if form.rest else form.head.text
        dated = form_dated(form, node, scope, inside)
    else:
        return None
    to = _ROUTES.get(name)
    if text is None or to is None:
        if text is not None and text is node:
            hint = scope.report.suggest(name, ROUTES) or "any, server or fanout"
            scope.report.error("bad-route", f'unknown route "{name[:80]}"', text.at, hint=hint)
        return None
    if kind == "call" and to == "fanout":
        scope.report.error(
            "fanout-call",
            "a call has one answer and fanout goes to every server",
            text.at,
            hint="write cast: fanout, or call: any",
        )
        return None
    return Route(kind, to, dated)


def read_topic(node: Node | None, scope: Scope, inside: Dated = ALWAYS) -> Topic | None:
    """Read `topic`: a name, or {name, since}."""
    if isinstance(node, Mapping):
        text, since = text_at(node, "name"), node.get("since")
        if text is None:
            return None
        dates = read_dates(since, scope) if since is not None else ()
        check_nested(Dated(dates), inside, since.at if since is not None else node.at, scope)
        return Topic(wire_name(text, scope, "a topic"), dates)
    if isinstance(node, Text) and not node.missing:
        return Topic(wire_name(node, scope, "a topic"))
    return None


def read_paths(node: Node | None, scope: Scope) -> tuple[DestinationPath, ...]:
    """Read `to`: one path, or a list of them."""
    texts = node.items if isinstance(node, Sequence) else [node]
    if len(texts) > MAX_PATHS and node is not None:
        scope.report.error("bad-path", f"there are more than {MAX_PATHS} paths", node.at)
        return ()
    paths = [_path(text, scope) for text in texts if isinstance(text, Text) and not text.missing]
    return tuple(path for path in paths if path is not None)


def read_ordering_key(node: Node | None, scope: Scope) -> DestinationPath | None:
    """Read `ordering_key`: one path."""
    return _path(node, scope) if isinstance(node, Text) and not node.missing else None


def _path(text: Text, scope: Scope) -> DestinationPath | None:
    value = text.value
    first = _ARGUMENT.match(value)
    offset = first.end() if first is not None else 0
    steps: list[str | Index] = []
    while first is not None and (step := _STEP.match(value, offset)) is not None:
        steps.append(step[1] if step[1] is not None else Index(int(step[2])))
        offset = step.end()
    if first is None or offset != len(value) or len(value) > 255:
        scope.report.error(
            "bad-path",
            f'"{value[:80]}" is no path',
            text.part(offset, max(1, len(value) - offset)),
            hint="a path is an argument, then attributes and indexes: instance.host, instances[0].host",
        )
        return None
    return DestinationPath(value, first[0], tuple(steps), text.at)


def read_timeout(node: Node | None, scope: Scope) -> Timeout | None:
    """Read `timeout`: 30s, 2m, 1.5h, a number of seconds, or a profile."""
    if not isinstance(node, Text) or node.missing:
        return None
    if node.value in PROFILES:
        return Timeout(profile=node.value)
    seconds = parse_duration(node.value)
    if seconds is None or not 0 < seconds <= MAX_TIMEOUT:
        scope.report.error(
            "bad-timeout",
            f'"{node.value[:80]}" is no timeout',
            node.at,
            hint="write 30s, 2m, 1.5h or a number of seconds, at most 30 days, or the profile long",
        )
        return None
    return Timeout(seconds=float(seconds))


def read_ttl(node: Node | None, scope: Scope) -> float | None:
    """Read `ttl`: 30s, 2m, 1.5h, or a number of seconds."""
    if not isinstance(node, Text) or node.missing:
        return None
    seconds = parse_duration(node.value)
    if seconds is None or not 0 < seconds <= MAX_TTL:
        scope.report.error(
            "bad-ttl",
            f'"{node.value[:80]}" is no time for which a message may wait',
            node.at,
            hint="write 30s, 2m, 1.5h or a number of seconds, at most 30 days",
        )
        return None
    return float(seconds)
