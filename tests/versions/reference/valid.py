"""Whether a plain value is valid at a version, and what is wrong with it if not (V2: strict in)."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal, NamedTuple

from rpcgen.idl.model import (
    NO_CONSTRAINTS,
    Constraints,
    Enum,
    Field,
    Interface,
    ListOf,
    MapOf,
    Named,
    Opaque,
    Scalar,
    Struct,
    TypeExpr,
    Union,
)
from rpcgen.idl.version import Version

from tests.versions.reference.dates import begun, ended, exists
from tests.versions.reference.messages import Plain
from tests.versions.reference.shapes import (
    Fields,
    bare,
    field_at,
    fields_of,
    is_open,
    names_of,
    there,
)

FaultKind = Literal[
    "unknown", "missing", "mistyped", "not_in_version", "older_type", "null", "past"
]


class Fault(NamedTuple):
    """One thing that is wrong.

    `older_type`: the field takes it at a newer version; `null`: and it is null; `past`: it is an older name, or ended.
    """

    kind: FaultKind
    path: str


_SCALARS: dict[str, tuple[type, ...]] = {
    "bool": (bool,),
    "int": (int,),
    "float": (int, float),
    "string": (str,),
    "bytes": (bytes,),
    "uuid": (str,),
    "datetime": (str,),
    "date": (str,),
    "duration": (str,),
    "decimal": (str,),
}


@dataclass(frozen=True)
class Schema:
    """What one version of an interface allows."""

    interface: Interface
    at: Version

    def fields(self, fields: Fields, value: Plain, path: str = "") -> Iterator[Fault]:
        """What is wrong with a map of arguments or fields."""
        if not isinstance(value, dict):
            yield Fault("mistyped", path)
            return
        given: dict[str, Any] = value
        now = {
            field_at(field, self.at, self.interface).name: field
            for field in fields.values()
            if there(field, self.at)
        }
        newest = self.interface.version
        later = {
            name
            for name, field in fields.items()
            if not begun(field.dated.since, self.at) and not ended(field.dated.until, newest)
        }
        ever = {name for field in fields.values() for name in names_of(field)} | set(fields)
        for name, item in given.items():
            here = f"{path}.{name}" if path else name
            if name in now:
                yield from self._field(now[name], item, here)
            else:
                known: FaultKind = "past" if name in ever else "unknown"
                yield Fault("not_in_version" if name in later else known, here)
        for name, field in now.items():
            if name not in given and field_at(field, self.at, self.interface).required:
                yield Fault("missing", f"{path}.{name}" if path else name)

    def _field(self, field: Field, value: Plain, path: str) -> Iterator[Fault]:
        if field.constant is not None and ended(field.dated.until, self.interface.version):
            return  # "its value is not compared", and nobody is given it
        then = field_at(field, self.at, self.interface)
        if value is None and (then.default is not None or field.constant is not None):
            return  # reads as if it were absent
        found = list(self.value(value, then.type, then.constraints, path))
        if any(until > self.at for until in field.was_type):
            older: FaultKind = "null" if value is None else "older_type"
            found = [
                Fault(older if fault.kind == "mistyped" else fault.kind, fault.path)
                for fault in found
            ]
        yield from found

    def value(
        self, value: Plain, type_: TypeExpr, limits: Constraints, path: str
    ) -> Iterator[Fault]:
        """What is wrong with a value of a type."""
        here = bare(type_, self.interface)
        if value is None:
            if not here.nullable:
                yield Fault("mistyped", path)
            return
        match here.base:
            case Scalar(name):
                yield from self._scalar(name, value, path)
            case ListOf(item):
                yield from self._list(item, value, path)
            case MapOf(key, inner):
                yield from self._map(key, inner, value, path)
            case Named(name):
                yield from self._named(name, value, path)
        if any(breaks(value, each) for each in (limits, *here.constraints)):
            yield Fault("mistyped", path)

    def _scalar(self, name: str, value: Plain, path: str) -> Iterator[Fault]:
        if name != "any" and (
            not isinstance(value, _SCALARS[name]) or (isinstance(value, bool) and name != "bool")
        ):
            yield Fault("mistyped", path)

    def _list(self, item: TypeExpr, value: Plain, path: str) -> Iterator[Fault]:
        if not isinstance(value, list):
            yield Fault("mistyped", path)
            return
        for index, each in enumerate(list[Any](value)):
            yield from self.value(each, item, NO_CONSTRAINTS, f"{path}[{index}]")

    def _map(self, key: TypeExpr, inner: TypeExpr, value: Plain, path: str) -> Iterator[Fault]:
        if not isinstance(value, dict):
            yield Fault("mistyped", path)
            return
        entries: dict[Any, Any] = value
        for name, each in entries.items():
            yield from self.value(name, key, NO_CONSTRAINTS, f"{path}.{name}")
            yield from self.value(each, inner, NO_CONSTRAINTS, f"{path}.{name}")

    def _named(self, name: str, value: Plain, path: str) -> Iterator[Fault]:
        definition = self.interface.types[name]
        match definition:
            case Struct():
                yield from self.fields(fields_of(definition, self.interface), value, path)
            case Enum():
                yield from self._enum(definition, value, path)
            case Union():
                yield from self._union(definition, value, path)
            case Opaque():
                if not isinstance(value, dict) or set(value) != {"name", "version", "data"}:
                    yield Fault("mistyped", path)
            case _:
                raise AssertionError(f"unexpected {name}: aliases were followed")

    def _enum(self, definition: Enum, value: Plain, path: str) -> Iterator[Fault]:
        if not isinstance(value, str):
            yield Fault("mistyped", path)
        elif (member := definition.members.get(value)) is not None:
            # Also of an open one: "one known to be newer than needs is refused".
            if not exists(member.dated, self.at):
                yield Fault("not_in_version", path)
        elif not is_open(definition, self.at):
            yield Fault("older_type" if definition.open else "mistyped", path)

    def _union(self, definition: Union, value: Plain, path: str) -> Iterator[Fault]:
        if not isinstance(value, dict) or len(value) != 1:
            yield Fault("mistyped", path)
            return
        ((tag, inner),) = dict[str, Any](value).items()
        here = f"{path}.{tag}"
        if (member := definition.members.get(tag)) is not None:
            if not exists(member.dated, self.at):
                yield Fault("not_in_version", here)
            else:
                yield from self.value(inner, member.type, NO_CONSTRAINTS, here)
        elif not is_open(definition, self.at):
            yield Fault("older_type" if definition.open else "unknown", here)


def breaks(value: Plain, limits: Constraints) -> bool:
    """Whether a value of the right type breaks a bound."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        low, high = limits.min, limits.max
        return (low is not None and value < low) or (high is not None and value > high)
    if isinstance(value, str | bytes | list | dict):
        size = len(value)  # pyright: ignore[reportUnknownArgumentType]
        if limits.min_size is not None and size < limits.min_size:
            return True
        if limits.max_size is not None and size > limits.max_size:
            return True
    if isinstance(value, str) and limits.pattern is not None:
        return re.search(limits.pattern, value) is None
    if isinstance(value, list) and limits.unique:
        texts = [repr(each) for each in list[Any](value)]
        return len(set(texts)) != len(texts)
    return False
