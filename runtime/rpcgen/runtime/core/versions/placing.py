"""Putting unknown members of open unions in their place, inside values of this process that were encoded.

`OpenUnion.unknown` is a field with an empty name, so what msgspec encodes is `{"": {tag: value}}`; a message says
`{tag: value}`. Nothing else is changed: types with versions of their own stay as they are encoded.
"""

from __future__ import annotations

from typing import Any

from msgspec import inspect
from rpcgen.runtime.core.nodes import is_open_union
from rpcgen.runtime.core.versions.visiting import Compiler, Found, Visit
from rpcgen.runtime.core.words import Path, is_map


class Placing(Compiler):
    """Builds visits of values that may hold such members."""

    def __init__(self) -> None:
        self._structs = {}

    def concerns(self, cls: type) -> bool:
        return is_open_union(cls)

    def enum(self, node: inspect.EnumType) -> Visit:
        raise AssertionError("an enum is no union")

    def union(self, node: inspect.StructType) -> Visit:
        inner = self._fields(node)

        def visit(value: Any, found: Found, path: Path) -> Any:
            if is_map(value) and "" in value:
                value.update(value.pop(""))
                found.changed = True
            return inner(value, found, path)

        return visit

    def struct(self, node: inspect.StructType) -> Visit:
        return self._fields(node)

    def _fields(self, node: inspect.StructType) -> Visit:
        found_in = {f.encode_name: self.visit(f.type) for f in node.fields if f.encode_name}
        visits = {name: visit for name, visit in found_in.items() if visit is not None}

        def visit(value: Any, found: Found, path: Path) -> Any:
            if is_map(value):
                for name in visits.keys() & value.keys():
                    value[name] = visits[name](value[name], found, (*path, name))
            return value

        return visit
