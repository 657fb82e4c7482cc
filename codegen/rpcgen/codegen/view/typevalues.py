"""Types as values of tables, which is where they are spelled with all that decoding must check."""

from __future__ import annotations

from rpcgen.codegen.annotations import annotation
from rpcgen.codegen.layout import Expr, annotated, flat
from rpcgen.codegen.scope import Scope
from rpcgen.idl.model import NO_CONSTRAINTS, Constraints, TypeExpr


class TypeValues:
    """The types of one file's tables. What type checkers take as a type only becomes an alias first."""

    def __init__(self, scope: Scope) -> None:
        self._scope = scope
        self._aliases: dict[str, str] = {}

    def use(self, name: str, of: TypeExpr, constraints: Constraints = NO_CONSTRAINTS) -> Expr:
        """Spell a type; `name` says what has it, if it needs an alias."""
        spelled = annotation(self._scope, of, constraints)
        text = flat(spelled)
        if not (text.startswith("Annotated[") and text.endswith(" | None")):
            return spelled
        alias = f"_{name.upper()}"
        while alias in self._aliases:
            alias += "_"
        self._aliases[alias] = annotated(alias, self._scope.typing("TypeAlias"), spelled)
        return alias

    def aliases(self) -> tuple[str, ...]:
        """The definitions."""
        return tuple(self._aliases.values())
