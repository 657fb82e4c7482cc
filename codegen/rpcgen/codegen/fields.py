"""One field or argument in its places: in a struct, in a client's signature, in a handler's signature.

The difference is who fills in a default. A struct does, so user code that reads one never sees None for it; a client's
signature shows the default where it is a plain value, and otherwise takes None for it.
"""

from __future__ import annotations

from typing import NamedTuple

from rpcgen.codegen.annotations import annotation, optional
from rpcgen.codegen.layout import Expr, around, bracket, call, flat, subscript
from rpcgen.codegen.literals import text_literal
from rpcgen.codegen.order import mentioned
from rpcgen.codegen.scope import Scope
from rpcgen.codegen.values import Spelled, is_empty, spell
from rpcgen.idl.model import (
    NO_CONSTRAINTS,
    Constraints,
    Field,
    ListOf,
    MapOf,
    Named,
    Scalar,
    TypeExpr,
)

_NONE = Spelled("None", shared=True)


class Shape(NamedTuple):
    """What a field can hold when it was read.

    Attributes:
        type: without None, except where an alias has it.
        constraints: of the type.
        null, absent: whether it can also be None, or UNSET.
        default: what it holds if nothing was sent; None if something must be.
    """

    type: TypeExpr
    constraints: Constraints
    null: bool
    absent: bool
    default: Spelled | None


def shape(scope: Scope, field: Field, *, late: bool = False) -> Shape:
    """Work out the shape.

    Args:
        scope: the file that it is for.
        field: the field.
        late: older peers of its major do not send it, so it may be missing even if the file says that it is required.
    """
    given = field.constant or field.default
    nullable = scope.nullable(field.type)
    absent = field.presence == "explicit"
    if absent:
        null = nullable
        default: Spelled | None = Spelled("UNSET", shared=True)
    elif given is not None:
        null = given.value is None
        default = spell(scope, given.value, field.type)
    else:
        null = nullable or late
        default = _NONE if null else None
    if null and isinstance(field.type, Named) and field.constraints == NO_CONSTRAINTS:
        return Shape(field.type, NO_CONSTRAINTS, null, absent, default)
    bare, constraints = scope.not_null(field.type, field.constraints)
    return Shape(bare, constraints, null, absent, default)


def stored(
    scope: Scope, field: Field, name: str, form: Shape, *, keep: bool
) -> tuple[Expr, Expr | None]:
    """The annotation and the default of a struct's field.

    Args:
        scope: the file that it is for.
        field: the field.
        name: its Python name.
        form: its shape.
        keep: its struct leaves defaults out of messages, but not this one's.
    """
    spelled = annotation(scope, form.type, form.constraints)
    return _widened(scope, spelled, form), _stored_default(scope, field, name, form, keep=keep)


def is_late(scope: Scope, field: Field, form: Shape) -> bool:
    """Whether it may be missing only because older peers do not send it."""
    given = field.default or field.constant
    return form.null and given is None and not form.absent and not scope.nullable(field.type)


def needed(scope: Scope, spelled: Expr) -> Expr:
    """The annotation of a late field of requests: no request can hold its struct and be older than the field."""
    meta = call(scope.msgspec("Meta"), 'extra={"needed": True}')
    return subscript(scope.typing("Annotated"), spelled, meta)


def _stored_default(
    scope: Scope, field: Field, name: str, form: Shape, *, keep: bool
) -> Expr | None:
    options: list[Expr] = []
    default = form.default
    if default is not None and form.absent:
        scope.msgspec("UNSET")
    if default is None:
        pass
    elif is_empty(default) and not keep:
        options.append(f"default={default.text}")  # which msgspec copies, and leaves out
    elif not default.shared:
        options.append(around("default_factory=", _factory(scope, form.type, default)))
    elif keep and not form.absent:
        sent = scope.imports.use("rpcgen.runtime", "sent", as_="_sent")
        options.append(f"default_factory={sent}({default.text})")
    elif name == field.name:
        return default.text
    else:
        options.append(f"default={default.text}")
    if name != field.name:
        options.append(f"name={text_literal(field.name)}")
    if not options:
        return None
    make = scope.imports.use("msgspec", "field", as_="_field")
    return bracket(f"{make}(", options, ")")


def _factory(scope: Scope, of: TypeExpr, default: Spelled) -> Expr:
    if not is_empty(default):
        return f"lambda: {default.text}"
    match scope.bare(of):
        case ListOf(item):
            return subscript("list", _maybe_later(scope, item))
        case MapOf(key, value):
            return subscript("dict", _maybe_later(scope, key), _maybe_later(scope, value))
        case Scalar() as bare:  # `any`
            return "list[Any]" if default.text == "[]" else f"dict[str, {annotation(scope, bare)}]"
        case _:
            raise AssertionError("unexpected type of an empty default")


def _maybe_later(scope: Scope, of: TypeExpr) -> Expr:
    """A type in an expression that runs at once: among the types themselves, it may be defined further down."""
    spelled = annotation(scope, of, checked=False)
    if scope.module == ".types" and any(mentioned(of)):
        return f'"{flat(spelled)}"'
    return spelled


def parameter(scope: Scope, field: Field, name: str, form: Shape) -> str:
    """The field as a keyword of a client's method or of an error's constructor."""
    default = form.default
    if default is None:
        return f"{name}: {flat(handled(scope, form))}"
    spelled = annotation(scope, form.type, checked=False)
    if form.absent:
        return f"{name}: {flat(_widened(scope, spelled, form))} = {scope.msgspec('UNSET')}"
    if default == _NONE or not default.shared:
        return f"{name}: {flat(_optional(scope, spelled, form))} = None"
    if scope.nullable(field.type):
        spelled = _optional(scope, spelled, form)
    return f"{name}: {flat(spelled)} = {default.text}"


def passed(scope: Scope, field: Field, name: str, form: Shape) -> str:
    """The parameter's value as the struct wants it."""
    default = form.default
    if default is None or default == _NONE or form.absent:
        return name
    if default.shared and not scope.nullable(field.type):
        return name
    return f"{default.text} if {name} is None else {name}"


def handled(scope: Scope, form: Shape) -> Expr:
    """The annotation of the field where user code reads it."""
    return _widened(scope, annotation(scope, form.type, checked=False), form)


def _widened(scope: Scope, expr: Expr, form: Shape) -> Expr:
    if form.absent:
        expr = around("", expr, f" | {scope.msgspec('UnsetType')}")
    return _optional(scope, expr, form) if form.null else expr


def _optional(scope: Scope, expr: Expr, form: Shape) -> Expr:
    """With None, unless an alias has it."""
    return expr if scope.nullable(form.type) else optional(expr)
