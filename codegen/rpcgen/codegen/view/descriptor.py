"""`descriptor.py`: argument structs, functions that follow paths, and the tables that the runtime reads."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

from rpcgen.codegen.containers import FieldSet, arguments_of, arguments_of_form
from rpcgen.codegen.dates import Dates
from rpcgen.codegen.destinations import carried, live_key, live_paths, path_body
from rpcgen.codegen.history import spoken_events, spoken_forms, spoken_methods
from rpcgen.codegen.layout import header, statement
from rpcgen.codegen.scope import Scope
from rpcgen.codegen.view.event_tables import event_table
from rpcgen.codegen.view.interface_table import interface_table
from rpcgen.codegen.view.method_tables import MethodTables, destination_name, order_name
from rpcgen.codegen.view.structs import INDENT, ClassView, struct_class
from rpcgen.codegen.view.typevalues import TypeValues
from rpcgen.idl.model import Event, Method


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
    events: tuple[str, ...]
    interface: str


def descriptor_view(scope: Scope, fingerprint: bytes) -> DescriptorView:
    """Write the tables."""
    methods = spoken_methods(scope.interface)
    dates, types = Dates(), TypeValues(scope)
    arguments = tuple(each for method in methods for each in _arguments(scope, method))
    events = spoken_events(scope.interface)
    paths = (
        *(each for method in methods for each in _paths(scope, method)),
        *(each for event in events for each in _order(scope, event, scope.named(event.payload))),
    )
    tables = MethodTables(scope, dates, types)
    constants = tuple(tables.spell(method) for method in methods)
    published = tuple(event_table(scope, event, dates) for event in events)
    interface = interface_table(scope, methods, events, fingerprint, dates, types)
    return DescriptorView(
        scope.imports.render(),
        arguments,
        paths,
        dates.constants(),
        types.aliases(),
        constants,
        published,
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
    struct = scope.names.argument_structs[method.name]
    if to := live_paths(scope, method):
        body = path_body(scope, arguments_of(scope, method), to)
        yield _path(destination_name(method), struct, "str | None", body)
    yield from _order(scope, method, struct)


def _order(scope: Scope, thing: Method | Event, struct: str) -> Iterator[FunctionView]:
    if key := live_key(scope, thing):
        body = path_body(scope, carried(scope, thing, key), [key])
        yield _path(order_name(thing), struct, "object", body)


def _path(name: str, struct: str, result: str, body: tuple[str, ...]) -> FunctionView:
    head = header(f"def {name}", [f"args: {struct}"], f" -> {result}:")
    return FunctionView(head, tuple(statement("", line, INDENT) for line in body))
