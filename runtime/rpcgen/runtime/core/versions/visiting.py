"""Compiling functions that walk through plain values, type by type; what is done to a value is up to subclasses.

A visit gets a plain value and returns what takes its place. Maps and lists are changed in place. A type whose values
nothing has to be done to has no visit, so that it costs nothing.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import Any

from msgspec import inspect
from rpcgen.runtime.core.nodes import below
from rpcgen.runtime.core.words import Path, is_list, is_map
from rpcgen.runtime.dated import Part
from rpcgen.runtime.descriptor import Interface, Version
from rpcgen.runtime.values import TaggedUnion


class Found:
    """What one walk through a message found.

    Attributes:
        minor: the lowest minor that can hold what was seen.
        changed: whether the value is another one now.
    """

    __slots__ = ("changed", "minor")

    def __init__(self) -> None:
        self.minor = 0
        self.changed = False


Visit = Callable[[Any, Found, Path], Any]


class Compiler(ABC):
    """Builds visits for one interface at one version. For one thread: what is half made is found by others."""

    def __init__(self, interface: Interface, at: Version) -> None:
        self.interface = interface
        self.at = at
        self._structs: dict[type, Visit] = {}

    def visit(self, node: inspect.Type) -> Visit | None:
        """The visit of values of a type; None: there is nothing to do."""
        match node:
            case inspect.Metadata():
                return self.visit(node.type)
            case inspect.UnionType():
                parts = (part for part in node.types if not isinstance(part, inspect.NoneType))
                inner = next((visit for part in parts if (visit := self.visit(part))), None)
                return inner and _nullable(inner)
            case inspect.ListType():
                item = self.visit(node.item_type)
                return item and _each(item)
            case inspect.DictType():
                value = self.visit(node.value_type)
                return value and _values(value)
            case inspect.EnumType():
                return self.enum(node) if self.concerns(node.cls) else None
            case inspect.StructType():
                return self._struct(node)
            case _:
                return None

    def parts_of(self, cls: type) -> dict[str, Part]:
        """What the interface says of the parts of a type."""
        return dict(self.interface.parts.get(cls, {}))

    @abstractmethod
    def concerns(self, cls: type) -> bool:
        """Whether something has to be done to values of this very class, whatever they hold."""

    @abstractmethod
    def enum(self, node: inspect.EnumType) -> Visit:
        """The visit of an enum that is concerned."""

    @abstractmethod
    def union(self, node: inspect.StructType) -> Visit:
        """The visit of a tagged union."""

    @abstractmethod
    def struct(self, node: inspect.StructType) -> Visit:
        """The visit of any other struct."""

    def _struct(self, node: inspect.StructType) -> Visit | None:
        cls = node.cls
        if cls not in self._structs:
            if not self._concerns_below(node):
                return None

            def forward(value: Any, found: Found, path: Path) -> Any:
                # a recursive type finds this while its own visit is being made
                return made(value, found, path)

            self._structs[cls] = forward
            made = self.union(node) if issubclass(cls, TaggedUnion) else self.struct(node)
            self._structs[cls] = made
        return self._structs[cls]

    def _concerns_below(self, node: inspect.Type) -> bool:
        return any(
            isinstance(part, (inspect.StructType, inspect.EnumType)) and self.concerns(part.cls)
            for part in below(node)
        )


def _nullable(inner: Visit) -> Visit:
    return lambda value, found, path: None if value is None else inner(value, found, path)


def _each(item: Visit) -> Visit:
    def visit(value: Any, found: Found, path: Path) -> Any:
        if is_list(value):  # else it is mistyped, and the typed reader says so
            for index, element in enumerate(value):
                value[index] = item(element, found, (*path, index))
        return value

    return visit


def _values(inner: Visit) -> Visit:
    def visit(value: Any, found: Found, path: Path) -> Any:
        if is_map(value):
            for key, element in value.items():
                value[key] = inner(element, found, (*path, str(key)))
        return value

    return visit
