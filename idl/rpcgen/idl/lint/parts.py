"""The parts of an interface that several rules go through, each with its kind in words. Knows no rule."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from rpcgen.idl.model import Deprecated, Enum, Field, Interface, Struct, TypeDef, Union
from rpcgen.idl.position import Position


@dataclass(frozen=True, slots=True)
class Part:
    """Something that has a name of the author's: `kind` is "argument", `owner` the method that has it."""

    kind: str
    name: str
    position: Position
    deprecated: Deprecated | None = None
    owner: str = ""


def fields_of(interface: Interface) -> Iterator[tuple[str, str, Field]]:
    """Yield arguments and fields, each with its kind and its owner, as they are now."""
    for method in interface.methods.values():
        for argument in method.args.values():
            yield "argument", method.name, argument
    for error in interface.errors.values():
        for field in error.fields.values():
            yield "field", error.name, field
    for type_ in interface.types.values():
        if isinstance(type_, Struct):
            for field in type_.fields.values():
                yield "field", type_.name, field


def members_of(interface: Interface) -> Iterator[Part]:
    """Yield what has a name in lower case: methods, arguments, fields and members of unions."""
    for method in interface.methods.values():
        yield Part("method", method.name, method.position, method.deprecated)
    for kind, owner, field in fields_of(interface):
        yield Part(kind, field.name, field.position, field.deprecated, owner)
    for type_ in interface.types.values():
        if isinstance(type_, Union):
            for member in type_.members.values():
                yield Part("member", member.tag, member.position, member.deprecated, type_.name)


def classes_of(interface: Interface) -> Iterator[Part]:
    """Yield what becomes a class: types and errors."""
    for type_ in interface.types.values():
        yield Part("type", type_.name, type_.position, type_.deprecated)
    for error in interface.errors.values():
        yield Part("error", error.name, error.position, error.deprecated)


def parts_of(interface: Interface) -> Iterator[Part]:
    """Yield everything that can be deprecated."""
    yield from members_of(interface)
    yield from classes_of(interface)
    for event in interface.events.values():
        yield Part("event", event.name, event.position, event.deprecated)
    for type_ in interface.types.values():
        if isinstance(type_, Enum):
            for value in type_.members.values():
                yield Part("value", value.value, value.position, value.deprecated, type_.name)


def own_types(interface: Interface) -> Iterator[TypeDef]:
    """Yield the types of the interface file itself, without imported ones."""
    return (each for each in interface.types.values() if each.position.file == interface.source)
