"""`errors.py`: for each declared error, a struct of its fields and an exception class."""

from __future__ import annotations

from typing import NamedTuple

from rpcgen.codegen.containers import FieldSet, fields_of_error
from rpcgen.codegen.docs import documented, field_note, paragraphs, section
from rpcgen.codegen.fields import handled, parameter, passed
from rpcgen.codegen.layout import annotated, call, header, statement
from rpcgen.codegen.literals import docstring
from rpcgen.codegen.order import ordered_errors
from rpcgen.codegen.scope import Scope
from rpcgen.codegen.view.structs import INDENT, ClassView, shapes, struct_class
from rpcgen.idl.model import Error

_BODY = INDENT * 2


class ExceptionView(NamedTuple):
    """The class that is raised.

    Attributes:
        constants: class attributes.
        signature: the head of the constructor, or nothing where the base's will do.
        statements: the constructor's body.
    """

    head: str
    doc: str
    constants: tuple[str, ...]
    signature: str
    statements: tuple[str, ...]


class ErrorView(NamedTuple):
    """One error."""

    fields: ClassView
    exception: ExceptionView


class ErrorsView(NamedTuple):
    """The file; bases come first."""

    imports: str
    errors: tuple[ErrorView, ...]


def errors_view(scope: Scope) -> ErrorsView:
    """Write all errors."""
    errors = tuple(_error(scope, error) for error in ordered_errors(scope.interface.errors))
    return ErrorsView(scope.imports.render(), errors)


def _error(scope: Scope, error: Error) -> ErrorView:
    fields = fields_of_error(scope, error)
    return ErrorView(
        fields=struct_class(
            scope,
            scope.names.error_structs[error.name],
            scope.msgspec("Struct"),
            fields,
            f"The fields of `{scope.names.errors[error.name]}` as they travel.",
            sparse=fields.is_sparse(),
        ),
        exception=_exception(scope, error, fields),
    )


def _exception(scope: Scope, error: Error, fields: FieldSet) -> ExceptionView:
    base = scope.names.errors[error.extends] if error.extends else scope.runtime("DeclaredError")
    inherited = (
        set(scope.names.error_members[error.extends].values()) if error.extends else set[str]()
    )
    found = shapes(scope, fields)
    parameters = ["self", 'message: str = ""', "*"]
    statements: list[str] = []
    above: list[str] = ["message"]
    for field, name, form in found:
        parameters.append(parameter(scope, field, name, form))
        value = passed(scope, field, name, form)
        if name in inherited:
            above.append(f"{name}={name}")
        elif value == name:
            statements.append(statement(f"self.{name} = ", name, _BODY))
        else:
            statements.append(annotated(f"self.{name}", handled(scope, form), value, _BODY))
    statements.insert(0, statement("", call("super().__init__", *above), _BODY))
    notes = [
        (name, field_note(scope, fields, field, form, signature=True))
        for field, name, form in found
    ]
    text = paragraphs(
        documented(error.doc, error.dated, error.deprecated, "Declared by the interface."),
        section("Attributes", notes),
    )
    own = any(name not in inherited for _, name, _ in found)
    return ExceptionView(
        head=statement("", call(f"class {scope.names.errors[error.name]}", base), colon=":"),
        doc=docstring(text, INDENT),
        constants=_constants(scope, error),
        signature=header("def __init__", parameters, " -> None:", INDENT) if own else "",
        statements=tuple(statements),
    )


def _constants(scope: Scope, error: Error) -> tuple[str, ...]:
    inherited = scope.interface.errors[error.extends].retryable if error.extends else False
    if error.retryable == inherited:
        return ()
    return (f"{INDENT}retryable: {scope.typing('ClassVar')}[bool] = {error.retryable}",)
