"""Structs and errors with all that they inherit."""

from __future__ import annotations

from collections.abc import Iterator

from rpcgen.idl.model import Error, Field, Interface, Struct


def struct_line(interface: Interface, struct: Struct) -> Iterator[Struct]:
    """The struct, its base, its base's base."""
    yield struct
    while struct.extends is not None:
        base = interface.types[struct.extends]
        assert isinstance(base, Struct), "unexpected base"
        struct = base
        yield struct


def error_line(interface: Interface, error: Error) -> Iterator[Error]:
    """The error, its base, its base's base."""
    yield error
    while error.extends is not None:
        error = interface.errors[error.extends]
        yield error


def struct_fields(interface: Interface, struct: Struct) -> list[Field]:
    """All fields of a struct, the base's first."""
    line = list(struct_line(interface, struct))
    return [field for each in reversed(line) for field in each.fields.values()]


def error_fields(interface: Interface, error: Error) -> list[Field]:
    """All fields of an error, the base's first."""
    line = list(error_line(interface, error))
    return [field for each in reversed(line) for field in each.fields.values()]
