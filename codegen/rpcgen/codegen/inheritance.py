"""Structs and errors with all that they inherit. Bases that lead nowhere, or in a circle, end the line."""

from __future__ import annotations

from rpcgen.idl.model import Error, Field, Interface, Struct
from rpcgen.idl.resolve import all_fields, lineage


def struct_line(interface: Interface, struct: Struct) -> list[Struct]:
    """The struct, its base, its base's base."""
    return lineage(struct, interface.types)


def error_line(interface: Interface, error: Error) -> list[Error]:
    """The error, its base, its base's base."""
    line = {error.name: error}
    base: Error | None = error
    while base is not None and base.extends is not None and base.extends not in line:
        base = interface.errors.get(base.extends)
        if base is not None:
            line[base.name] = base
    return list(line.values())


def struct_fields(interface: Interface, struct: Struct) -> list[Field]:
    """All fields of a struct, the base's first."""
    return list(all_fields(struct, interface.types).values())


def error_fields(interface: Interface, error: Error) -> list[Field]:
    """All fields of an error, the base's first."""
    fields: dict[str, Field] = {}
    for each in reversed(error_line(interface, error)):
        fields |= each.fields
    return list(fields.values())
