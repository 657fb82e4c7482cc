"""What the parts of an interface are at one version: names, types, defaults, forms, routes and topics."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from rpcgen.idl.model import (
    Alias,
    Constraints,
    Default,
    Enum,
    Field,
    Form,
    Interface,
    ListOf,
    MapOf,
    Method,
    Named,
    Nullable,
    OlderType,
    Route,
    Scalar,
    Struct,
    TypeExpr,
    Union,
)
from rpcgen.idl.version import Version

from tests.versions.reference.dates import begun, ended, exists, pending, spoken
from tests.versions.reference.messages import Plain, Step

Fields = Mapping[str, Field]


@dataclass(frozen=True)
class Bare:
    """A type without `?` and aliases."""

    base: Scalar | ListOf | MapOf | Named
    nullable: bool
    constraints: tuple[Constraints, ...]


def bare(type_: TypeExpr, interface: Interface) -> Bare:
    """Follow `?` and aliases."""
    nullable, constraints = False, list[Constraints]()
    while True:
        match type_:
            case Nullable(inner):
                nullable, type_ = True, inner
            case Named(name) if isinstance(alias := interface.types[name], Alias):
                constraints.append(alias.constraints)
                type_ = alias.type
            case Scalar(name):
                return Bare(type_, nullable or name == "any", tuple(constraints))
            case _:
                return Bare(type_, nullable, tuple(constraints))


@dataclass(frozen=True)
class At:
    """What a field is at a version where it exists."""

    name: str
    type: TypeExpr
    constraints: Constraints
    default: Default | None
    required: bool


def field_at(field: Field, at: Version, interface: Interface) -> At:
    """A field's name, type, bounds and default at a version."""
    names, types = pending(field.was, at), pending(field.was_type, at)
    now = OlderType(field.type, field.constraints, field.default)
    then = types[0][1] if types else now
    required = (
        then.default is None
        and field.constant is None
        and field.presence == "implicit"
        and not bare(then.type, interface).nullable
    )
    name = names[0][1] if names else field.name
    return At(name, then.type, then.constraints, then.default, required)


def names_of(field: Field) -> set[str]:
    """Every name that a field ever had."""
    return {field.name, *field.was.values()}


def fields_of(struct: Struct, interface: Interface) -> dict[str, Field]:
    """A struct's fields, those of its base first."""
    base = interface.types[struct.extends] if struct.extends else None
    inherited = fields_of(base, interface) if isinstance(base, Struct) else {}
    return {**inherited, **struct.fields}


def newest_of(method: Method, interface: Interface) -> Version:
    """The version whose shape programs see: the file's, or the last spoken one that has the method."""
    for last in reversed(spoken(interface).values()):
        for minor in range(last.minor, -1, -1):
            if exists(method.dated, at := Version(last.major, minor)):
                return at
    raise AssertionError(f"unexpected method {method.name}: no spoken version has it")


# --- methods ------------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Shape:
    """A method at a version; `step` is there if its arguments go through the program's converter."""

    name: str
    args: Fields
    routes: tuple[Route, ...]
    step: Step | None


def form_at(method: Method, at: Version) -> tuple[Version, Form] | None:
    """The older form that a method had, and until when; None: the one that it has now."""
    forms = pending(method.was, at)
    return forms[0] if forms else None


def method_at(method: Method, at: Version) -> Shape:
    """A method's name, arguments and routes: "what a form leaves out is as now"."""
    found = form_at(method, at)
    if found is None:
        return Shape(method.name, method.args, method.routes, None)
    until, form = found
    routes = method.routes if form.routes is None else form.routes
    if form.args is None:
        return Shape(form.name or method.name, method.args, routes, None)
    return Shape(form.name or method.name, form.args, routes, Step(method.name, until))


def result_step(method: Method, at: Version) -> Step | None:
    """The change of a method's result since a version, if it had another one."""
    found = form_at(method, at)
    return Step(f"{method.name}()", found[0]) if found and found[1].returns else None


def returns_at(method: Method, at: Version) -> TypeExpr | None:
    """What a method answers at a version."""
    found = form_at(method, at)
    return found[1].returns.type if found and found[1].returns else method.returns


def topic_at(method: Method, interface: Interface, at: Version) -> str:
    """Where clients of a version send: the method's topic, or the interface's, each from its `since` on."""
    if method.topic is not None and begun(method.topic.since, at):
        return method.topic.name
    target = interface.target
    return target.topic.name if begun(target.topic.since, at) else target.also[0]


# --- values -------------------------------------------------------------------------------------------------------


def is_unset(value: Plain, field: Field, interface: Interface) -> bool:
    """Unset: not given, None, an empty string, list or map, or equal to the default (same type: False is not 0).

    A struct that is given is no map, however little there is in it.
    """
    if value is None or (value in ("", [], {}) and not _is_struct(field.type, interface)):
        return True
    default = field.default
    return default is not None and type(value) is type(default.value) and value == default.value


def _is_struct(of: TypeExpr, interface: Interface) -> bool:
    base = bare(of, interface).base
    return isinstance(base, Named) and isinstance(interface.types[base.name], Struct)


def is_open(definition: Enum | Union, at: Version) -> bool:
    """Whether readers of a version keep what they do not know."""
    return definition.open and begun(definition.open_since, at)


def there(field: Field, at: Version) -> bool:
    """Whether a field exists at a version."""
    return exists(field.dated, at)


def gone(field: Field, at: Version) -> bool:
    """Whether a field has ended."""
    return ended(field.dated.until, at)
