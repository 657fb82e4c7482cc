"""The order in which keys of the language are written, and which texts are quoted.

Knows what may stand where from the grammar, and nothing of comments and lines.
"""

from __future__ import annotations

import re
from collections.abc import Collection as Names

from rpcgen.idl.fmt.tree import Collection, Node, Scalar
from rpcgen.idl.misread import is_misread, is_named, is_text, shape_of
from rpcgen.idl.shape import Shape

#: Of a file.
_HEAD = (
    "rpcgen",
    "interface",
    "namespace",
    "version",
    "serves",
    "supported_until",
    "send",
    "target",
    "refused_as",
    "doc",
    "releases",
    "imports",
    "types",
    "errors",
    "methods",
    "events",
)

#: Of methods, events, types, errors and what they hold. What stands in one line has one rank, and keeps its order: that of
#: `call` and `cast` says which is the default.
_OUTER = (
    "name",
    "doc",
    "extends",
    "version",
    "priority",
    "open",
    "enum",
    "fallback",
    "union",
    "opaque",
    "call cast",
    "since",
    "until",
    "deprecated",
    "retryable",
    "wire",
    "exchange",
    "topic to",
    "router",
    "also",
    "timeout",
    "idempotent",
    "delivery",
    "ttl",
    "ordering_key",
    "presence",
    "envelope",
    "attributes",
    "data",
    "constants",
    "args",
    "fields",
    "payload",
    "returns",
    "raises",
    "was",
    "examples",
    "min",
    "max",
    "use",
)

#: Of arguments, fields, aliases and whatever else begins with a type or a value.
_INNER = (
    "name",
    "type",
    "value",
    "error",
    "route",
    "constant",
    "min",
    "max",
    "size",
    "pattern",
    "unique",
    "default",
    "since",
    "until",
    "older",
    "send",
    "was",
    "was_type",
    "presence",
    "deprecated",
    "doc",
    "examples",
)

#: A map with one of these keys is of the last kind.
_MARKS = frozenset({"type", "value", "constant", "error", "route"})


def _ranks(order: tuple[str, ...]) -> dict[str, int]:
    return {key: rank for rank, keys in enumerate(order) for key in keys.split()}


_HEAD_RANKS, _OUTER_RANKS, _INNER_RANKS = _ranks(_HEAD), _ranks(_OUTER), _ranks(_INNER)


def ranks_for(names: Names[str]) -> dict[str, int]:
    """Return the order of the keys of a map, by the keys that it has."""
    if "rpcgen" in names:
        return _HEAD_RANKS
    return _OUTER_RANKS if _MARKS.isdisjoint(names) else _INNER_RANKS


#: A type, with a default or dates, that needs quotes inside of brackets and nowhere else.
_BARE = re.compile(r"[A-Za-z][A-Za-z0-9_]*\[[][A-Za-z0-9_?=., ]*[]A-Za-z0-9_?]")


def arrange(root: Collection, shape: Shape) -> None:
    """Bring keys into order, quote what others misread, and open the brackets round types that have their own."""
    waiting: list[tuple[Node, Shape]] = [(root, shape)]
    while waiting:
        node, shape = waiting.pop()
        if shape.anything:
            continue
        if isinstance(node, Scalar):
            _arrange_text(node, shape)
        elif not node.is_map:
            waiting += [(item.value, shape.items) for item in node.items if shape.items is not None]
        else:
            waiting += _arrange_map(node, shape)


def _arrange_text(node: Scalar, shape: Shape) -> None:
    if shape.text is None or not is_text(shape.text, node.value):
        return
    if shape.text.typed and node.style and _BARE.fullmatch(node.value):
        node.bare = True
    else:
        _quote(node)


def _quote(node: Scalar) -> None:
    if not node.style and not node.missing and is_misread(node.value):
        node.style, node.rows = '"', [f'"{node.value}"']


def _arrange_map(node: Collection, shape: Shape) -> list[tuple[Node, Shape]]:
    names = [item.name for item in node.items]
    inside = [(item.value, shape_of(names, item.name, shape)) for item in node.items]
    found = [(value, inner) for value, inner in inside if inner is not None]
    if is_named(shape):
        for item in node.items:
            if item.key is not None:
                _quote(item.key)
    else:
        ranks = ranks_for(names)
        node.items.sort(key=lambda item: ranks.get(item.name, len(ranks)))
    if any(_is_freed(value, inner) for value, inner in found):
        node.flow = False
    return found


def _is_freed(value: Node, shape: Shape) -> bool:
    """Whether a type would lose its quotes outside of brackets."""
    typed = shape.text is not None and shape.text.typed
    return (
        typed and isinstance(value, Scalar) and bool(value.style and _BARE.fullmatch(value.value))
    )
