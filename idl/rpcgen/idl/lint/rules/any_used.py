"""A type is `any`, or holds it.

Nothing of it is checked: not by type checkers, not by the server before the handler runs, and not by `rpcgen check` when
it changes. A struct, a union or an opaque type says what travels.

## Found

```yaml
methods:
  get: {call: any, returns: "map[string, any]"}
```

## Fine

```yaml
types:
  Item: {fields: {id: uuid}}
methods:
  get: {call: any, returns: Item}
```
"""

from __future__ import annotations

from collections.abc import Iterator

from rpcgen.idl.lint.parts import fields_of
from rpcgen.idl.lint.rule import Finding, Subject
from rpcgen.idl.model import Alias, Interface, ListOf, MapOf, Nullable, Scalar, TypeExpr, Union
from rpcgen.idl.position import Position

CATEGORY = "strict"
SEVERITY = "warning"


def check(subject: Subject) -> Iterator[Finding]:
    """Find `any` where it is written."""
    for what, type_, position in _types(subject.interface):
        if _holds_any(type_):
            yield Finding(position, f"{what} is any, of which nothing is checked")


def _types(interface: Interface) -> Iterator[tuple[str, TypeExpr, Position]]:
    for kind, _, field in fields_of(interface):
        if field.constant is None:
            yield f'the {kind} "{field.name}"', field.type, field.position
    for method in interface.methods.values():
        if method.returns is not None:
            yield f'the result of "{method.name}"', method.returns, method.position
    for type_ in interface.types.values():
        if isinstance(type_, Alias):
            yield f'the type "{type_.name}"', type_.type, type_.position
        elif isinstance(type_, Union):
            for member in type_.members.values():
                yield f'the member "{member.tag}"', member.type, member.position


def _holds_any(type_: TypeExpr) -> bool:
    match type_:
        case Nullable(inner) | ListOf(inner):
            return _holds_any(inner)
        case MapOf(_, value):
            return _holds_any(value)
        case Scalar(name):
            return name == "any"
        case _:
            return False
