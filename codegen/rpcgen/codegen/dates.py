"""What began later than what contains it: the table that versions of messages are computed from."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rpcgen.codegen.fields import newer
from rpcgen.codegen.inheritance import error_fields, struct_fields
from rpcgen.codegen.scope import Scope
from rpcgen.codegen.view.structs import FieldSet
from rpcgen.idl.model import Dated, Enum, Method, Struct, Union
from rpcgen.idl.version import Version

Since = tuple[Version, ...]


class Dates:
    """The versions that one file mentions, each a constant, so that tables stay short."""

    def __init__(self) -> None:
        self._used: set[Since] = set()

    def use(self, since: Since) -> str:
        """The name of the constant for it."""
        self._used.add(since)
        return "_SINCE_" + "_".join(f"{version.major}_{version.minor}" for version in since)

    def constants(self) -> tuple[str, ...]:
        """The definitions, sorted."""
        return tuple(f"{self.use(since)} = {_spelled(since)}" for since in sorted(self._used))

    def collect(
        self, scope: Scope, methods: list[Method]
    ) -> Iterator[tuple[str, Mapping[str, Since]]]:
        """The Python name of every type with newer parts, and those."""
        for name, container, parts in _all_parts(scope, methods):
            found = {wire: since for wire, since in parts if newer(since, container)}
            if found:
                yield _spell(scope, name), found


def _spelled(since: Since) -> str:
    pairs = ", ".join(f"({version.major}, {version.minor})" for version in since)
    return f"({pairs},)" if len(since) == 1 else f"({pairs})"


Parts = list[tuple[str, Since]]


def _spell(scope: Scope, found: tuple[str, str]) -> str:
    module, name = found
    return scope.imports.use(module, name) if module else name


def _all_parts(
    scope: Scope, methods: list[Method]
) -> Iterator[tuple[tuple[str, str], Dated, Parts]]:
    names, interface = scope.names, scope.interface
    for name, definition in interface.types.items():
        parts: Parts = []
        match definition:
            case Struct():
                fields = FieldSet(struct_fields(interface, definition), {}, definition.dated).live()
                parts = [(field.name, field.dated.since) for field in fields]
            case Enum():
                parts = [(value, each.dated.since) for value, each in definition.members.items()]
            case Union():
                parts = [(tag, each.dated.since) for tag, each in definition.members.items()]
            case _:
                continue
        yield (".types", names.types[name]), definition.dated, parts
    for name, error in interface.errors.items():
        fields = FieldSet(error_fields(interface, error), {}, error.dated).live()
        parts = [(field.name, field.dated.since) for field in fields]
        yield (".errors", names.error_structs[name]), error.dated, parts
    for method in methods:
        fields = FieldSet(list(method.args.values()), {}, method.dated).live()
        parts = [(field.name, field.dated.since) for field in fields]
        yield ("", names.argument_structs[method.name]), method.dated, parts
