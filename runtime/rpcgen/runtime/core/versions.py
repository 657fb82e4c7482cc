"""The version in a message (LANGUAGE V1, V7): computed from what the message uses, never written by hand.

A `Measure` is compiled once per method from its argument types and the interface's table of dated parts, and works on
plain (untyped) values, so that the client and the server judge exactly the bytes that travel. Methods without dated
parts have no Measure and pay nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import msgspec
from msgspec import inspect
from rpcgen.runtime.core.dates import minor_in
from rpcgen.runtime.core.nodes import below
from rpcgen.runtime.core.words import Path, is_list, is_map
from rpcgen.runtime.descriptor import Since
from rpcgen.runtime.values import OpenUnion, TaggedUnion

Dated = Mapping[type, Mapping[str, Since]]


class Newest:
    """The newest part that a message was found to use, and whether finding it changed the message."""

    __slots__ = ("changed", "minor", "path")

    def __init__(self) -> None:
        self.changed = False
        self.minor = 0
        self.path: Path = ()

    def note(self, minor: int, path: Path) -> None:
        """Remember a part if it is newer than all before."""
        if minor > self.minor:
            self.minor, self.path = minor, path


Visit = Callable[[Any, Newest, Path], None]


class Measure:
    """Finds the lowest minor version at which plain values of a type are valid.

    Args:
        of: a type expression.
        dated: the interface's table of dated parts.
        major: the message's.
        writing: the values are about to be sent: take out dated parts that are unset, and put unknown members of open
            unions back in their place.

    Attributes:
        newest: the highest minor that any part could need; a message at that version or later needs no look.
    """

    __slots__ = ("_visit", "newest")

    def __init__(self, of: Any, dated: Dated, major: int, *, writing: bool) -> None:
        compiler = _Compiler(dated, major, writing=writing)
        self._visit = compiler.visit(inspect.type_info(of))
        self.newest = compiler.newest

    def __bool__(self) -> bool:
        """Whether there is anything to look for."""
        return self._visit is not None

    def find(self, plain: Any) -> Newest:
        """Look through the plain value, changing it in place where `writing` asks for that."""
        newest = Newest()
        if self._visit is not None:
            self._visit(plain, newest, ())
        return newest


class _Compiler:
    """Builds visiting functions; a type that holds nothing dated has none."""

    def __init__(self, dated: Dated, major: int, *, writing: bool) -> None:
        self._dated = dated
        self._major = major
        self._writing = writing
        self._structs: dict[type, Visit | None] = {}
        self.newest = 0

    def visit(self, node: Any) -> Visit | None:
        match node:
            case inspect.Metadata():
                return self.visit(node.type)
            case inspect.UnionType():
                inner = next(
                    (
                        self.visit(part)
                        for part in node.types
                        if not isinstance(part, inspect.NoneType)
                    ),
                    None,
                )
                return inner and _nullable(inner)
            case inspect.ListType():
                item = self.visit(node.item_type)
                return item and _each(item)
            case inspect.DictType():
                value = self.visit(node.value_type)
                return value and _values(value)
            case inspect.EnumType():
                return self._enum(node.cls)
            case inspect.StructType():
                return self._struct(node)
            case _:
                return None

    def _minors(self, cls: type) -> dict[str, int]:
        minors = {
            name: minor_in(since, self._major) for name, since in self._dated.get(cls, {}).items()
        }
        minors = {name: minor for name, minor in minors.items() if minor}
        self.newest = max(self.newest, *minors.values(), 0)
        return minors

    def _enum(self, cls: type) -> Visit | None:
        minors = self._minors(cls)
        if not minors:
            return None

        def visit(value: Any, newest: Newest, path: Path) -> None:
            newest.note(minors.get(value, 0), path)

        return visit

    def _struct(self, node: inspect.StructType) -> Visit | None:
        cls = node.cls
        if not self._concerns(node):
            return None
        if cls not in self._structs:

            def forward(value: Any, newest: Newest, path: Path) -> None:
                made(
                    value, newest, path
                )  # a recursive type finds this while its own function is being made

            self._structs[cls] = forward
            made = self._fields(node)
        return self._structs[cls]

    def _concerns(self, node: inspect.StructType) -> bool:
        """Whether there is anything to look for in a struct, or below it."""
        for part in below(node):
            if isinstance(part, inspect.EnumType) and self._minors(part.cls):
                return True
            if isinstance(part, inspect.StructType) and (
                self._minors(part.cls) or (self._writing and issubclass(part.cls, OpenUnion))
            ):
                return True
        return False

    def _fields(self, node: inspect.StructType) -> Visit:
        minors = self._minors(node.cls)
        drop = self._writing and not issubclass(node.cls, TaggedUnion)
        restore = self._writing and issubclass(node.cls, OpenUnion)
        fields = [
            (
                field.encode_name,
                minors.get(field.encode_name, 0),
                _unset(field),
                self.visit(field.type),
            )
            for field in node.fields
        ]
        fields = [row for row in fields if row[1] or row[3]]

        def visit(value: Any, newest: Newest, path: Path) -> None:
            if not is_map(value):
                return  # mistyped: the typed reader says so
            if restore and "" in value:
                value.update(value.pop(""))
                newest.changed = True
            for name, minor, is_unset, inner in fields:
                if name not in value:
                    continue
                item = value[name]
                here = (*path, name)
                if minor:
                    if drop and is_unset(item):
                        del value[name]
                        newest.changed = True
                        continue
                    newest.note(minor, here)
                if inner is not None:
                    inner(item, newest, here)

        return visit


def _nullable(inner: Visit) -> Visit:
    def visit(value: Any, newest: Newest, path: Path) -> None:
        if value is not None:
            inner(value, newest, path)

    return visit


def _each(item: Visit) -> Visit:
    def visit(value: Any, newest: Newest, path: Path) -> None:
        if is_list(value):
            for index, element in enumerate(value):
                item(element, newest, (*path, index))

    return visit


def _values(inner: Visit) -> Visit:
    def visit(value: Any, newest: Newest, path: Path) -> None:
        if is_map(value):
            for key, element in value.items():
                inner(element, newest, (*path, str(key)))

    return visit


def _unset(field: inspect.Field) -> Callable[[Any], bool]:
    """LANGUAGE 2: None, an empty string, list or map, or equal to the default of the same type."""
    default: Any = msgspec.NODEFAULT
    if field.default is not msgspec.NODEFAULT and field.default is not msgspec.UNSET:
        default = msgspec.to_builtins(field.default)
    elif field.default_factory is not msgspec.NODEFAULT:
        default = msgspec.to_builtins(field.default_factory())

    def is_unset(value: Any) -> bool:
        return (
            value is None
            or value in ("", [], {})
            or (type(value) is type(default) and value == default)
        )

    return is_unset
