"""What a builder of one generated file holds in its hand: the interface, the names, the file's imports."""

from __future__ import annotations

from rpcgen.codegen.bounds import intersection, overlap
from rpcgen.codegen.imports import ImportSet
from rpcgen.codegen.names import Names
from rpcgen.idl.model import Alias, Constraints, Interface, Named, Nullable, TypeDef, TypeExpr
from rpcgen.idl.resolve import resolve


class Scope:
    """One file in the making.

    Args:
        interface: what the file is about.
        names: the Python names of everything in it.
        module: the file's own module, e.g. `.types`, or nothing for one that defines no shared name.
    """

    def __init__(self, interface: Interface, names: Names, module: str = "") -> None:
        self.interface = interface
        self.names = names
        self.module = module
        self.imports = ImportSet(module)

    def runtime(self, name: str) -> str:
        """A name of the runtime."""
        return self.imports.use("rpcgen.runtime", name)

    def msgspec(self, name: str) -> str:
        """A name of msgspec."""
        return self.imports.use("msgspec", name)

    def typing(self, name: str) -> str:
        """A name of typing."""
        return self.imports.use("typing", name)

    def named(self, name: str) -> str:
        """A type of the interface, by its name in the file."""
        return self.imports.use(".types", self.names.types[name])

    def definition(self, of: TypeExpr) -> TypeDef | None:
        """What a type stands for behind `?` and aliases, if it is named: never an alias, except of a nameless type."""
        while True:
            if isinstance(of, Nullable):
                of = of.inner
            elif not isinstance(of, Named):
                return None
            else:
                found = self.interface.types[of.name]
                if not isinstance(found, Alias):
                    return found
                of = found.type

    def bare(self, of: TypeExpr) -> TypeExpr:
        """The type behind `?` and aliases."""
        while True:
            if isinstance(of, Nullable):
                of = of.inner
            elif isinstance(of, Named) and isinstance(
                found := self.interface.types[of.name], Alias
            ):
                of = found.type
            else:
                return of

    def nullable(self, of: TypeExpr) -> bool:
        """Whether None is a value of the type."""
        while isinstance(of, Named):
            found = self.interface.types[of.name]
            if not isinstance(found, Alias):
                return False
            of = found.type
        return isinstance(of, Nullable)

    def not_null(self, of: TypeExpr, constraints: Constraints) -> tuple[TypeExpr, Constraints]:
        """The type without None, and all that bounds it; an alias of a nullable type is then no longer named."""
        while self.nullable(of):
            if isinstance(of, Nullable):
                of = of.inner
            elif isinstance(of, Named) and isinstance(
                found := self.interface.types[of.name], Alias
            ):
                of = found.type
                constraints = intersection((found.constraints, constraints))
        return of, constraints

    def bounded(self, of: TypeExpr, constraints: Constraints) -> tuple[TypeExpr, Constraints]:
        """A type and what bounds it, as msgspec takes it.

        It bounds nothing twice in one way, and nothing that may be null, so such an alias is no longer named.
        """
        found = resolve(of, self.interface.types)
        assert found is not None, "unexpected loop of aliases"
        if not found.nullable and not any(overlap(constraints, each) for each in found.constraints):
            return of, constraints
        base = Nullable(found.base) if found.nullable else found.base
        return base, intersection((*reversed(found.constraints), constraints))
