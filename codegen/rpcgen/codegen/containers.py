"""What holds fields: structs, errors, arguments; and which of its fields generated code has.

Generated code has one shape, that of the newest version; of something that is gone, that of its last version which is
still spoken. What only other versions have is told to the runtime in tables. Knows nothing of Python text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rpcgen.codegen.history import clock_of, is_newer
from rpcgen.codegen.inheritance import error_fields, error_line, struct_line
from rpcgen.codegen.scope import Scope
from rpcgen.idl.model import (
    ALWAYS,
    Dated,
    Error,
    Field,
    Form,
    Interface,
    Method,
    Struct,
)
from rpcgen.idl.timeline import exists, is_spoken, last_spoken
from rpcgen.idl.version import Version


@dataclass(frozen=True, slots=True)
class FieldSet:
    """The fields of one such thing, and what dates them.

    Attributes:
        owner: the name of the type, error or method, in the file.
        clock: the interface whose versions the dates count on.
        at: the version whose fields generated code has.
        container: when the thing itself exists.
        names: the fields' names in Python.
        bases: what declares a field, by its name; None: the owner. What converts it is called after that.
    """

    owner: str
    clock: Interface
    at: Version
    container: Dated
    fields: Sequence[Field]
    names: Mapping[str, str]
    bases: Mapping[str, str] | None = None

    def owner_of(self, field: Field) -> str:
        """The name of what declares a field."""
        return (self.bases or {}).get(field.name, self.owner)

    def field(self, name: str) -> Field:
        """The field of a name."""
        return next(field for field in self.fields if field.name == name)

    def live(self) -> list[Field]:
        """Those that generated code has."""
        return [field for field in self.fields if self.is_live(field)]

    def gone(self) -> list[Field]:
        """Those that only other versions have that are still spoken."""
        return [
            field
            for field in self.fields
            if not self.is_live(field) and is_spoken(field.dated, self.clock)
        ]

    def is_live(self, field: Field) -> bool:
        """Whether generated code has a field."""
        return not (field.dated.since or field.dated.until) or exists(field.dated, self.at)

    def is_newer(self, field: Field) -> bool:
        """Whether a field began later than the thing, in a major that is still spoken."""
        return is_newer(field.dated.since, self.container, self.clock)

    def is_always_sent(self, field: Field) -> bool:
        """Whether it travels even while it is unset, wherever it exists."""
        return field.constant is not None or (field.send or self.clock.send) == "always"

    def is_left_out(self, field: Field) -> bool:
        """Whether it stays out of messages while it is unset, so that older peers understand them."""
        return self.is_newer(field) and not self.is_always_sent(field)

    def is_sparse(self) -> bool:
        """Whether some field is left out while it is unset."""
        return any(field.dated.since and self.is_left_out(field) for field in self.live())


def own_fields(scope: Scope, struct: Struct) -> FieldSet:
    """The fields of a struct without those that it inherits."""
    fields, names = list(struct.fields.values()), scope.names.members[struct.name]
    clock = clock_of(scope.interface, struct)
    container = struct.dated if struct.version is None else ALWAYS
    return FieldSet(struct.name, clock, clock.version, container, fields, names)


def field_sets(scope: Scope, struct: Struct) -> list[FieldSet]:
    """The fields of a struct, set by set, the farthest base first.

    Left out are bases that count their versions in another way: nothing tells which of theirs is meant by one of the
    struct's.
    """
    return [
        own_fields(scope, each)
        for each in reversed(struct_line(scope.interface, struct))
        if each is struct or (each.version is None and struct.version is None)
    ]


def fields_of_error(scope: Scope, error: Error) -> FieldSet:
    """All fields of an error."""
    interface, name, fields = scope.interface, error.name, error_fields(scope.interface, error)
    names = scope.names.error_members[name]
    line = reversed(error_line(interface, error))
    bases = {field: each.name for each in line for field in each.fields}
    return FieldSet(name, interface, interface.version, error.dated, fields, names, bases)


def arguments_of(scope: Scope, method: Method) -> FieldSet:
    """The arguments of a method."""
    names = scope.names.arguments[method.name]
    at = _last(method.dated, scope.interface)
    fields = list(method.args.values())
    return FieldSet(method.name, scope.interface, at, method.dated, fields, names)


def arguments_of_form(scope: Scope, method: Method, until: Version, form: Form) -> FieldSet:
    """The arguments that a method had until a version."""
    names = scope.names.form_arguments[method.name, until]
    ended = Dated(method.dated.since, (until,))
    fields = list((form.args or {}).values())
    at = _last(ended, scope.interface)
    return FieldSet(method.name, scope.interface, at, ended, fields, names)


def _last(dated: Dated, interface: Interface) -> Version:
    if not (dated.since or dated.until):
        return interface.version
    return last_spoken(dated, interface) or interface.version
