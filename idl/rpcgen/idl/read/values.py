"""Values of the file (defaults, constants, examples) as their type reads them.

An unquoted `null`, `true` or number is what its type makes of it; a quoted one is text. Nothing is converted: a
value that its type does not read is a mistake.
"""

from __future__ import annotations

from collections.abc import Iterable
from collections.abc import Mapping as MappingOf
from itertools import islice
from typing import Final

from rpcgen.idl.check.limits import violation
from rpcgen.idl.model import (
    Alias,
    Constraints,
    Enum,
    Field,
    ListOf,
    MapOf,
    Named,
    Opaque,
    Scalar,
    Struct,
    TypeExpr,
    Union,
    Value,
)
from rpcgen.idl.position import Position
from rpcgen.idl.read.scalars import SCALAR_READERS, Unreadable, plain_any
from rpcgen.idl.report import Report
from rpcgen.idl.resolve import Types, all_fields, is_required, resolve
from rpcgen.idl.timeline import has_ended
from rpcgen.idl.typetext import type_text
from rpcgen.idl.version import Version
from rpcgen.idl.yamltext.nodes import Mapping, Node, Sequence, Text


class Invalid:
    """The type of `INVALID`, which stands for a value whose mistake was reported."""


INVALID: Final = Invalid()


class ValueReader:
    """Reads nodes by type, as things are at a version; needs every type of the interface."""

    def __init__(self, types: Types, report: Report, at: Version | None) -> None:
        self._types = types
        self._report = report
        self._at = at
        self._fields: dict[str, tuple[MappingOf[str, Field], list[str]]] = {}

    def read(self, node: Node, type_: TypeExpr, *constraints: Constraints) -> Value | Invalid:
        """Return the value in the shape that travels, or INVALID after reporting why not."""
        resolved = resolve(type_, self._types)
        if resolved is None or (isinstance(node, Text) and node.refused):
            return INVALID
        if isinstance(node, Text) and node.null:
            if resolved.nullable or resolved.base == Scalar("any"):
                return None
            return self._refuse(
                node, type_, "null", hint=f"a value that may be null is {type_text(type_)}?"
            )
        value = self._base(node, resolved.base, type_)
        if isinstance(value, Invalid):
            return value
        for limits in (*resolved.constraints, *constraints):
            problem = violation(value, limits, resolved.base)
            if problem:
                self._report.error("value-constraint", problem, node.at)
                return INVALID
        return value

    def _refuse(self, node: Node, type_: TypeExpr, found: str, hint: str = "") -> Invalid:
        self._report.error(
            "value-type", f"expected {type_text(type_)}, found {found}", node.at, hint=hint
        )
        return INVALID

    def _base(
        self, node: Node, base: Scalar | ListOf | MapOf | Named, type_: TypeExpr
    ) -> Value | Invalid:
        match base:
            case Scalar("any"):
                return self._any(node)
            case Scalar(name):
                if not isinstance(node, Text):
                    return self._refuse(node, type_, kind_of(node))
                read = SCALAR_READERS[name](node.value, node.plain)
                if isinstance(read, Unreadable):
                    return self._refuse(node, type_, kind_of(node), read.hint)
                return read
            case ListOf(item):
                if not isinstance(node, Sequence):
                    return self._refuse(node, type_, kind_of(node))
                return _all([self.read(each, item) for each in node.items])
            case MapOf(key, value):
                if not isinstance(node, Mapping):
                    return self._refuse(node, type_, kind_of(node))
                return self._map(node, key, value)
            case Named(name):
                return self._named(node, name)

    def _map(self, node: Mapping, key: TypeExpr, value: TypeExpr) -> Value | Invalid:
        read: dict[str, Value] = {}
        places: dict[str, Position] = {}
        wrong = False
        for entry in node.entries.values():
            found_key = self.read(entry.key, key)
            found = self.read(entry.value, value)
            if isinstance(found_key, Invalid) or isinstance(found, Invalid):
                wrong = True
                continue
            text = str(found_key)
            first = places.setdefault(text, entry.key.at)
            if text in read:  # two texts, one number
                self._report.error(
                    "yaml-duplicate-key",
                    f'the key "{text}" occurs twice',
                    entry.key.at,
                    related=[(first, "first given here")],
                )
                wrong = True
            read[text] = found
        return INVALID if wrong else read

    def _named(self, node: Node, name: str) -> Value | Invalid:
        definition = self._types[name]
        match definition:
            case Enum():
                return self._enum(node, definition)
            case Struct():
                return self._struct(node, definition)
            case Union():
                return self._union(node, definition)
            case Opaque():
                hint = (
                    "only the program can make one; the default of an opaque type is null or none"
                )
                return self._refuse(node, Named(name), kind_of(node), hint)
            case Alias():
                raise AssertionError(f"unexpected alias {name} behind resolve()")

    def _enum(self, node: Node, enum: Enum) -> Value | Invalid:
        if isinstance(node, Text) and (node.value in enum.members):
            return node.value
        known = ", ".join(islice(enum.members, 10))
        suggestion = (
            self._report.suggest(node.value, enum.members) if isinstance(node, Text) else ""
        )
        return self._refuse(
            node, Named(enum.name), kind_of(node), suggestion or f"its values are {known}"
        )

    def _struct(self, node: Node, struct: Struct) -> Value | Invalid:
        if not isinstance(node, Mapping):
            return self._refuse(node, Named(struct.name), kind_of(node))
        known = self._fields.get(struct.name)
        if known is None:
            fields = self._present(all_fields(struct, self._types), struct.version or self._at)
            known = self._fields[struct.name] = fields, self.required(fields)
        return self._read_fields(node, *known, struct.name)

    def _present(self, fields: MappingOf[str, Field], at: Version | None) -> MappingOf[str, Field]:
        """Leave out what has ended."""
        if at is None or not any(field.dated.until for field in fields.values()):
            return fields
        return {name: f for name, f in fields.items() if not has_ended(f.dated.until, at)}

    def required(self, fields: MappingOf[str, Field]) -> list[str]:
        """Return the names of the fields or arguments that have to be there."""
        return [name for name, field in fields.items() if is_required(field, self._types)]

    def read_all(
        self, nodes: list[Node], type_: TypeExpr, limits: Constraints
    ) -> tuple[Value, ...] | Invalid:
        """Read several values of one type."""
        return _tuple(self.read(node, type_, limits) for node in nodes)

    def read_calls(
        self, nodes: list[Node], args: MappingOf[str, Field], method: str
    ) -> tuple[Value, ...] | Invalid:
        """Read example calls."""
        args = self._present(args, self._at) if nodes else args
        required = self.required(args) if nodes else []
        return _tuple(self._call(node, args, required, method) for node in nodes)

    def _call(
        self, node: Node, args: MappingOf[str, Field], required: list[str], method: str
    ) -> Value | Invalid:
        if isinstance(node, Mapping):
            return self._read_fields(node, args, required, method)
        message = f"expected a map of arguments, found {kind_of(node)}"
        self._report.error("value-type", message, node.at)
        return INVALID

    def _read_fields(
        self, node: Mapping, known: MappingOf[str, Field], required: list[str], what: str
    ) -> Value | Invalid:
        read: dict[str, Value] = {}
        wrong = False
        for name, entry in node.entries.items():
            field = known.get(name)
            if field is None:
                message = f'{what} has no field "{name[:80]}"'
                self._report.error(
                    "value-type", message, entry.key.at, hint=self._report.suggest(name, known)
                )
                wrong = True
                continue
            value = self.read(entry.value, field.type, field.constraints)
            if isinstance(value, Invalid):
                wrong = True
            else:
                read[name] = value
        for name in required:
            if name not in node.entries:
                self._report.error("value-type", f'{what} needs the field "{name}"', node.at)
                wrong = True
                if self._report.full:
                    break
        return INVALID if wrong else read

    def _union(self, node: Node, union: Union) -> Value | Invalid:
        if not isinstance(node, Mapping) or len(node.entries) != 1:
            tags = ", ".join(union.members)
            return self._refuse(
                node, Named(union.name), kind_of(node), f"a map with one key of {tags}"
            )
        ((tag, entry),) = node.entries.items()
        member = union.members.get(tag)
        if member is None:
            hint = self._report.suggest(tag, union.members)
            self._report.error(
                "value-type", f'{union.name} has no tag "{tag[:80]}"', entry.key.at, hint=hint
            )
            return INVALID
        value = self.read(entry.value, member.type)
        return value if isinstance(value, Invalid) else {tag: value}

    def _any(self, node: Node) -> Value | Invalid:
        if isinstance(node, Text):
            return None if node.null else plain_any(node.value) if node.plain else node.value
        if isinstance(node, Sequence):
            return _all([self._any(item) for item in node.items])
        read = {key: self._any(entry.value) for key, entry in node.entries.items()}
        return {key: value for key, value in read.items() if not isinstance(value, Invalid)}


def _tuple(values: Iterable[Value | Invalid]) -> tuple[Value, ...] | Invalid:
    read = list(values)
    valid = tuple(value for value in read if not isinstance(value, Invalid))
    return valid if len(valid) == len(read) else INVALID


def _all(items: list[Value | Invalid]) -> Value | Invalid:
    read = [item for item in items if not isinstance(item, Invalid)]
    return read if len(read) == len(items) else INVALID


def kind_of(node: Node) -> str:
    """Say what was found."""
    if isinstance(node, Text):
        return f'"{node.value[:80]}"' if node.plain else f'the text "{node.value[:80]}"'
    return "a list" if isinstance(node, Sequence) else "a map"
