"""What a type expression comes down to: aliases followed, nullability and constraints gathered.

Pure functions over the model, for checks and for whoever holds an `Interface`. All of them tolerate unknown names and
alias loops, because checks run on files that have mistakes.
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Iterator, Mapping
from dataclasses import dataclass

from rpcgen.idl.model import (
    NO_CONSTRAINTS,
    Alias,
    Constraints,
    Enum,
    Error,
    Event,
    Field,
    ListOf,
    MapOf,
    Method,
    Named,
    Nullable,
    Opaque,
    Scalar,
    Struct,
    TypeDef,
    TypeExpr,
    Union,
)

Types = Mapping[str, TypeDef]

#: How long a chain of aliases or of `extends` may be; longer ones are reported, and not followed.
MAX_CHAIN = 64


@dataclass(frozen=True, slots=True)
class Resolved:
    """A type behind its aliases. `base` is never Nullable and never names an alias."""

    base: Scalar | ListOf | MapOf | Named
    nullable: bool = False
    constraints: tuple[Constraints, ...] = ()


def resolve(type_: TypeExpr, types: Types) -> Resolved | None:
    """Follow `?` and aliases to the type that travels; None if a name is unknown or an alias leads to itself."""
    nullable = False
    constraints: list[Constraints] = []
    seen: set[str] = set()
    while True:
        if isinstance(type_, Nullable):
            nullable, type_ = True, type_.inner
        elif isinstance(type_, Named):
            definition = types.get(type_.name)
            if definition is None or type_.name in seen or len(seen) > MAX_CHAIN:
                return None
            if not isinstance(definition, Alias):
                return Resolved(type_, nullable, tuple(constraints))
            seen.add(type_.name)
            if definition.constraints != NO_CONSTRAINTS:
                constraints.append(definition.constraints)
            type_ = definition.type
        else:
            return Resolved(type_, nullable, tuple(constraints))


def bare(type_: TypeExpr, types: Types) -> TypeExpr:
    """Return a type with the aliases in it looked through, as far as its names are known."""
    resolved = resolve(type_, types)
    if resolved is None:
        return type_
    match resolved.base:
        case ListOf(item):
            base: TypeExpr = ListOf(bare(item, types))
        case MapOf(key, value):
            base = MapOf(bare(key, types), bare(value, types))
        case other:
            base = other
    return Nullable(base) if resolved.nullable else base


def definition_of(type_: TypeExpr, types: Types) -> TypeDef | None:
    """Return the struct, enum, union or opaque type that a type comes down to, if it is one."""
    resolved = resolve(type_, types)
    if resolved is None or not isinstance(resolved.base, Named):
        return None
    return types.get(resolved.base.name)


def lineage(struct: Struct, types: Types) -> list[Struct]:
    """Return a struct and those that it extends, the struct itself first."""
    chain: list[Struct] = []
    seen: set[str] = set()
    current: TypeDef | None = struct
    while isinstance(current, Struct) and current.name not in seen and len(seen) <= MAX_CHAIN:
        seen.add(current.name)
        chain.append(current)
        current = definition_of(Named(current.extends), types) if current.extends else None
    return chain


def all_fields(struct: Struct, types: Types) -> dict[str, Field]:
    """Return a struct's fields with the inherited ones, base first."""
    fields: dict[str, Field] = {}
    for part in reversed(lineage(struct, types)):
        fields.update(part.fields)
    return fields


def error_fields(error: Error, errors: Mapping[str, Error]) -> dict[str, Field]:
    """Return an error's fields with the inherited ones, base first."""
    chain = [error]
    while len(chain) <= MAX_CHAIN:
        base = chain[-1].extends
        if base is None or base not in errors or any(each.name == base for each in chain):
            break
        chain.append(errors[base])
    fields: dict[str, Field] = {}
    for part in reversed(chain):
        fields.update(part.fields)
    return fields


def field_of(struct: Struct, name: str, types: Types) -> Field | None:
    """Return one of a struct's fields, inherited or not."""
    found = (part.fields.get(name) for part in lineage(struct, types))
    return next((field for field in found if field is not None), None)


def field_names(struct: Struct, types: Types) -> Iterator[str]:
    """Yield the names of a struct's fields, its own first."""
    for part in lineage(struct, types):
        yield from part.fields


def is_required(field: Field, types: Types) -> bool:
    """Say whether a message without this argument or field is refused."""
    if field.default is not None or field.constant is not None or field.presence == "explicit":
        return False
    resolved = resolve(field.type, types)
    return resolved is not None and not resolved.nullable


def names_in(type_: TypeExpr) -> Iterator[str]:
    """Yield the names that a type mentions."""
    waiting = [type_]
    while waiting:
        match waiting.pop():
            case Named(name):
                yield name
            case Nullable(inner) | ListOf(inner):
                waiting.append(inner)
            case MapOf(key, value):
                waiting += (value, key)
            case Scalar():
                pass


def direct_types(definition: TypeDef) -> Iterator[TypeExpr]:
    """Yield the types that a definition is made of, its base struct included."""
    match definition:
        case Alias():
            yield definition.type
        case Struct():
            if definition.extends:
                yield Named(definition.extends)
            yield from field_types(definition.fields.values())
        case Union():
            yield from (member.type for member in definition.members.values())
        case Opaque():
            yield from definition.attributes.values()
        case Enum():
            pass


def field_types(fields: Iterable[Field]) -> Iterator[TypeExpr]:
    """Yield the types that arguments or fields have and had."""
    for field in fields:
        yield field.type
        yield from (older.type for older in field.was_type.values())


def request_types(method: Method) -> Iterator[TypeExpr]:
    """Yield the types of a method's arguments, in all its forms."""
    yield from field_types(method.args.values())
    for form in method.was.values():
        yield from field_types((form.args or {}).values())


def result_types(method: Method) -> Iterator[TypeExpr]:
    """Yield what a method answers, in all its forms."""
    if method.returns is not None:
        yield method.returns
    for form in method.was.values():
        if form.returns is not None and form.returns.type is not None:
            yield form.returns.type


def used_types(
    methods: Iterable[Method], events: Iterable[Event], errors: Iterable[Error]
) -> list[str]:
    """Return the names of the types that methods, events and errors mention, at any version."""
    types: list[TypeExpr] = []
    for method in methods:
        types += (*request_types(method), *result_types(method))
    for error in errors:
        types += field_types(error.fields.values())
    names = [name for type_ in types for name in names_in(type_)]
    return [*names, *(event.payload for event in events)]


def reachable(roots: Iterable[str], types: Types, known: Container[str] = ()) -> dict[str, None]:
    """Return the names that can be reached from some names without passing `known` ones, in the order of a walk."""
    found: dict[str, None] = {}
    waiting = list(roots)
    waiting.reverse()
    while waiting:
        name = waiting.pop()
        if name in found or name in known or name not in types:
            continue
        found[name] = None
        below = [inner for type_ in direct_types(types[name]) for inner in names_in(type_)]
        waiting += reversed(below)
    return found
