"""Types of the interface as Python annotations (docs/how-to lists the mapping). Knows nothing of defaults."""

from __future__ import annotations

from rpcgen.codegen.layout import Expr, around, bracket, call, flat, subscript
from rpcgen.codegen.literals import number_literal, text_literal
from rpcgen.codegen.scope import Scope
from rpcgen.idl.model import (
    NO_CONSTRAINTS,
    Constraints,
    ListOf,
    MapOf,
    Named,
    Nullable,
    Scalar,
    ScalarName,
    TypeExpr,
)
from rpcgen.idl.regex import spelling

_BUILTIN: dict[ScalarName, str] = {
    "bool": "bool",
    "int": "int",
    "float": "float",
    "string": "str",
    "bytes": "bytes",
}
_IMPORTED: dict[ScalarName, tuple[str, str]] = {
    "uuid": ("uuid", "UUID"),
    "decimal": ("decimal", "Decimal"),
    "any": ("typing", "Any"),
}
_DATETIME: dict[ScalarName, str] = {
    "datetime": "datetime",
    "date": "date",
    "duration": "timedelta",
}
#: Bounds of an int that the decoder knows; others are checked as `extra`.
_INT64 = 2**63


def annotation(
    scope: Scope, of: TypeExpr, constraints: Constraints = NO_CONSTRAINTS, *, checked: bool = True
) -> Expr:
    """Spell a type.

    Args:
        scope: the file that it is for.
        of: the type.
        constraints: of the value inside `?`.
        checked: spell what decoding must check, too; signatures go without.
    """
    if isinstance(of, Nullable):
        return optional(annotation(scope, of.inner, constraints, checked=checked))
    if checked and constraints != NO_CONSTRAINTS:
        base, constraints = scope.bounded(of, constraints)
        if base != of:
            return annotation(scope, base, constraints)
    expr = _plain(scope, of, checked=checked)
    if not checked:
        return expr
    meta = _meta(scope, of, constraints)
    if not meta:
        return expr
    return subscript(scope.typing("Annotated"), expr, call(scope.msgspec("Meta"), *meta))


def optional(expr: Expr) -> Expr:
    """`expr | None`; once is enough, and Any has it."""
    text = flat(expr)
    return expr if text == "Any" or text.endswith(" | None") else around("", expr, " | None")


def _plain(scope: Scope, of: TypeExpr, *, checked: bool) -> Expr:
    match of:
        case Scalar(name):
            return _scalar(scope, name)
        case Named(name):
            return scope.named(name)
        case ListOf(item):
            return subscript("list", annotation(scope, item, checked=checked))
        case MapOf(key, value):
            return subscript(
                "dict",
                annotation(scope, key, checked=checked),
                annotation(scope, value, checked=checked),
            )
        case Nullable():
            raise AssertionError("unexpected nullable")


def _scalar(scope: Scope, name: ScalarName) -> str:
    if name in _BUILTIN:
        return _BUILTIN[name]
    if name in _IMPORTED:
        return scope.imports.use(*_IMPORTED[name])
    return f"{scope.imports.module('datetime', 'dt')}.{_DATETIME[name]}"


def _meta(scope: Scope, of: TypeExpr, constraints: Constraints) -> list[Expr]:
    """The arguments of `Meta`, all in one."""
    found: list[Expr] = []
    extra: list[str] = []
    if of == Scalar("datetime"):
        found.append("tz=True")
    if constraints == NO_CONSTRAINTS:
        return found
    bare = scope.bare(of)
    for word, key, bound in (("ge", "min", constraints.min), ("le", "max", constraints.max)):
        if bound is None:
            continue
        if bare == Scalar("float") or (bare == Scalar("int") and abs(bound) < _INT64):
            found.append(f"{word}={number_literal(_integral(bound))}")
        else:
            extra.append(f'"{key}": {text_literal(str(bound))}')
    if constraints.min_size is not None:
        found.append(f"min_length={constraints.min_size}")
    if constraints.max_size is not None:
        found.append(f"max_length={constraints.max_size}")
    if constraints.pattern is not None:
        found.append(f"pattern={text_literal(spelling.exact(constraints.pattern))}")
    if constraints.unique:
        extra.append('"unique": True')
    if extra:
        found.append(around("extra=", bracket("{", extra, "}")))
    return found


def _integral(bound: int | float) -> int | float:
    """An int where the number is one: msgspec compares ints with ints only."""
    return int(bound) if isinstance(bound, float) and bound.is_integer() else bound
