"""`descriptor.py`: argument structs, functions that follow paths, and the tables that the runtime reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rpcgen.codegen.containers import FieldSet, arguments_of, arguments_of_form
from rpcgen.codegen.dates import Dates
from rpcgen.codegen.destinations import live_key, live_paths, path_body
from rpcgen.codegen.history import spoken_forms, spoken_methods
from rpcgen.codegen.layout import header, statement
from rpcgen.codegen.scope import Scope
from rpcgen.codegen.view.interface_table import interface_table
from rpcgen.codegen.view.method_tables import MethodTables, destination_name, order_name
from rpcgen.codegen.view.structs import INDENT, ClassView, struct_class
from rpcgen.codegen.view.typevalues import TypeValues
from rpcgen.idl.model import DestinationPath, Method


class FunctionView(NamedTuple):
    """A function: its head, and its statements, indented."""

    head: str
    statements: tuple[str, ...]


class DescriptorView(NamedTuple):
    """The file. `types` are aliases of types that tables mention."""

    imports: str
    arguments: tuple[ClassView, ...]
    paths: tuple[FunctionView, ...]
    dates: tuple[str, ...]
    types: tuple[str, ...]
    methods: tuple[str, ...]
    interface: str


def descriptor_view(scope: Scope, fingerprint: bytes) -> DescriptorView:
    """Write the tables."""
    methods = spoken_methods(scope.interface)
    dates, types = Dates(), TypeValues(scope)
    arguments = tuple(each for method in methods for each in _arguments(scope, method))
    paths = tuple(each for method in methods for each in _paths(scope, method))
    tables = MethodTables(scope, dates, types)
    constants = tuple(tables.spell(method) for method in methods)
    interface = interface_table(scope, methods, fingerprint, dates, types)
    return DescriptorView(
        scope.imports.render(),
        arguments,
        paths,
        dates.constants(),
        types.aliases(),
        constants,
        interface,
    )


def _arguments(scope: Scope, method: Method) -> Iterator[ClassView]:
    """The struct of the arguments, and those of older forms."""
    doc = f"The arguments of `{scope.names.methods[method.name]}`"
    if method.args:
        own = arguments_of(scope, method)
        yield _struct(scope, scope.names.argument_structs[method.name], own, f"{doc}.")
    for until, form in spoken_forms(method, scope.interface):
        if form.args:
            own = arguments_of_form(scope, method, until, form)
            name = scope.names.form_structs[method.name, until]
            yield _struct(scope, name, own, f"{doc} until {until}.")


def _struct(scope: Scope, name: str, own: FieldSet, doc: str) -> ClassView:
    base = scope.msgspec("Struct")
    return struct_class(scope, name, base, own, doc, sparse=own.is_sparse())


def _paths(scope: Scope, method: Method) -> Iterator[FunctionView]:
    """Where its messages go, and which of them keep their order."""
    if to := live_paths(scope, method):
        yield _path(scope, method, destination_name(method), to, "str | None")
    if key := live_key(scope, method):
        yield _path(scope, method, order_name(method), [key], "object")


def _path(
    scope: Scope, method: Method, name: str, to: list[DestinationPath], result: str
) -> FunctionView:
    struct = scope.names.argument_structs[method.name]
    head = header(f"def {name}", [f"args: {struct}"], f" -> {result}:")
    body = path_body(scope, method, to)
    return FunctionView(head, tuple(statement("", line, INDENT) for line in body))
