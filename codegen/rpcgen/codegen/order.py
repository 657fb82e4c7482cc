"""The order of definitions in `types.py` and `errors.py`: the file's own, except where Python needs one name earlier.

Python evaluates the base of a class, the right side of an alias and a default when it reaches them. Annotations it
does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import TypeVar

from rpcgen.idl.model import (
    Alias,
    Enum,
    Error,
    Interface,
    ListOf,
    MapOf,
    Named,
    Nullable,
    Struct,
    TypeDef,
    TypeExpr,
)

T = TypeVar("T")


def ordered_types(interface: Interface) -> list[TypeDef]:
    """The types of an interface, what they need at once before them."""
    return _sorted(interface.types, lambda definition: _needs(interface, definition))


def ordered_errors(errors: Mapping[str, Error]) -> list[Error]:
    """Errors, bases first."""
    return _sorted(errors, lambda error: [error.extends] if error.extends else [])


def _needs(interface: Interface, definition: TypeDef) -> Iterator[str]:
    if isinstance(definition, Alias):
        yield from mentioned(definition.type)
    if isinstance(definition, Struct):
        if definition.extends is not None:
            yield definition.extends
        for field in definition.fields.values():
            if field.default is not None or field.constant is not None:
                yield from _enums(interface, field.type)


def mentioned(of: TypeExpr) -> Iterator[str]:
    """The named types in a type expression."""
    match of:
        case Named(name):
            yield name
        case ListOf(item) | Nullable(item):
            yield from mentioned(item)
        case MapOf(key, value):
            yield from mentioned(key)
            yield from mentioned(value)
        case _:
            pass


def _enums(interface: Interface, of: TypeExpr) -> Iterator[str]:
    """Enums behind aliases, whose members a default may name. Other defaults are made later, by functions."""
    for name in mentioned(of):
        found = interface.types[name]
        if isinstance(found, Enum):
            yield name
        elif isinstance(found, Alias):
            yield from _enums(interface, found.type)


def _sorted(items: Mapping[str, T], needs: Callable[[T], Iterable[str]]) -> list[T]:
    """Depth first, without recursion: a chain of bases may be long."""
    done: dict[str, T] = {}
    for start in items:
        waiting = [(start, iter(needs(items[start])))]
        while waiting:
            name, rest = waiting[-1]
            following = next((other for other in rest if other not in done), None)
            if following is None:
                done.setdefault(name, items[name])
                waiting.pop()
            else:
                waiting.append((following, iter(needs(items[following]))))
    return list(done.values())
