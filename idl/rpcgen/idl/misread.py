"""Texts that other readers of YAML take for something else: `no`, 1.10, 2027-01-31.

Nothing here changes what a text means to us: it is its characters, quoted or not.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterator
from functools import cache
from typing import Any

from rpcgen.idl.shape import Shape, TextShape, begins_with_letter
from rpcgen.idl.yamltext.nodes import Mapping, Node, Sequence, Text
from yaml.nodes import ScalarNode
from yaml.resolver import Resolver

_TEXT = "tag:yaml.org,2002:str"

#: What YAML 1.2 takes for a number and YAML 1.1, which PyYAML resolves, does not.
_NEWER = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?|0o[0-7]+")


@cache
def _resolver() -> Any:
    # PyYAML's resolver carries no types.
    return Resolver()


def is_misread(value: str) -> bool:
    """Say whether some reader of YAML takes this for something else than a text when it is not quoted."""
    if not value or _NEWER.fullmatch(value):
        return True
    return bool(_resolver().resolve(ScalarNode, value, (True, False)) != _TEXT)


def texts(root: Node, shape: Shape) -> Iterator[tuple[Text, TextShape | None]]:
    """Yield every text that stands where the language wants a text, with its shape; a name of the author's has none."""
    waiting: list[tuple[Node, Shape]] = [(root, shape)]
    while waiting:
        node, shape = waiting.pop()
        if shape.anything:
            continue
        if isinstance(node, Text):
            if shape.text is not None and is_text(shape.text, node.value):
                yield node, shape.text
        elif isinstance(node, Sequence):
            waiting += [(item, shape.items) for item in node.items if shape.items is not None]
        else:
            yield from _named(node, shape)
            waiting += _entries(node, shape)


def is_text(shape: TextShape, value: str) -> bool:
    """Say whether the language takes this for a text, quoted or not.

    A value of an enum is one, whatever an editor takes it for; elsewhere, an unquoted null is nothing.
    """
    return "null" in shape.json or (shape.json == ("string",) and value != "null")


def is_named(shape: Shape) -> bool:
    """Say whether the keys of a map are names of the author's."""
    return shape.entries is not None and shape.keys is None and shape.variants is None


def _named(node: Mapping, shape: Shape) -> Iterator[tuple[Text, TextShape | None]]:
    if is_named(shape):
        for entry in node.entries.values():
            yield entry.key, None


def _entries(node: Mapping, shape: Shape) -> Iterator[tuple[Node, Shape]]:
    for name, entry in node.entries.items():
        inner = shape_of(node.entries, name, shape)
        if inner is not None:
            yield entry.value, inner


def shape_of(names: Container[str], name: str, shape: Shape) -> Shape | None:
    """Return what may stand behind one of the keys of a map; None if there is no such key."""
    if shape.entries is not None and is_named(shape):
        named = shape.entries.named
        return named if named is not None and begins_with_letter(name) else shape.entries.value
    variants = shape.variants or {}
    keys = next((keys for mark, keys in variants.items() if mark in names), shape.keys or {})
    key = keys.get(name)
    return key.shape if key is not None else None
