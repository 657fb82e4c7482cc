"""`descriptor.py`: argument structs, destinations, and the tables that the runtime reads."""

from __future__ import annotations

from typing import NamedTuple

from rpcgen.codegen.annotations import annotation
from rpcgen.codegen.dates import Dates
from rpcgen.codegen.destinations import destination_body
from rpcgen.codegen.docs import deprecation
from rpcgen.codegen.layout import (
    Expr,
    annotated,
    around,
    bracket,
    call,
    flat,
    header,
    statement,
    subscript,
    tuple_of,
)
from rpcgen.codegen.literals import number_literal, text_literal
from rpcgen.codegen.scope import Scope
from rpcgen.codegen.view.methods import argument_set, live_methods
from rpcgen.codegen.view.structs import INDENT, ClassView, struct_class
from rpcgen.idl.model import Error, Event, Method, Nullable, Route, TypeExpr


class FunctionView(NamedTuple):
    """A function: its head, and its statements, indented."""

    head: str
    statements: tuple[str, ...]


class DescriptorView(NamedTuple):
    """The file."""

    imports: str
    arguments: tuple[ClassView, ...]
    destinations: tuple[FunctionView, ...]
    dates: tuple[str, ...]
    results: tuple[str, ...]
    methods: tuple[str, ...]
    interface: str


def descriptor_view(scope: Scope, fingerprint: bytes) -> DescriptorView:
    """Write the tables."""
    methods = live_methods(scope.interface)
    dates = Dates()
    arguments = tuple(_arguments(scope, method) for method in methods if method.args)
    destinations = tuple(_destination(scope, method) for method in methods if method.to)
    results: list[str] = []
    tables = tuple(_method(scope, method, dates, results) for method in methods)
    interface = _interface(scope, methods, fingerprint, dates)
    return DescriptorView(
        scope.imports.render(),
        arguments,
        destinations,
        dates.constants(),
        tuple(results),
        tables,
        interface,
    )


def _arguments(scope: Scope, method: Method) -> ClassView:
    fields = argument_set(scope, method)
    return struct_class(
        scope,
        scope.names.argument_structs[method.name],
        scope.msgspec("Struct"),
        fields,
        f"The arguments of `{scope.names.methods[method.name]}`.",
        sparse=fields.has_newer() and scope.interface.send != "always",
    )


def _destination(scope: Scope, method: Method) -> FunctionView:
    struct = scope.names.argument_structs[method.name]
    head = header(f"def {_destination_name(method)}", [f"args: {struct}"], " -> str | None:")
    body = destination_body(scope, method)
    return FunctionView(head, tuple(statement("", line, INDENT) for line in body))


def _destination_name(method: Method) -> str:
    return f"_destination_of_{method.name}"


def _method(scope: Scope, method: Method, dates: Dates, results: list[str]) -> str:
    struct = scope.names.argument_structs[method.name] if method.args else scope.runtime("NoArgs")
    result: Expr = "None"
    plain: Expr = "None"
    if method.returns is not None:
        result = _result(scope, method, method.returns, results)
        plain = annotation(scope, method.returns, checked=False)
    timeout = method.timeout
    options: list[Expr | None] = [
        f"name={text_literal(method.name)}",
        f"attribute={text_literal(scope.names.methods[method.name])}",
        f"args={struct}",
        around("returns=", result),
        around("routes=", tuple_of([_route(scope, route, dates) for route in method.routes])),
        _raises(method),
        f"destination={_destination_name(method)}" if method.to else None,
        f"destination_text={text_literal(_destination_text(method))}" if method.to else None,
        f"timeout={number_literal(float(timeout.seconds))}"
        if timeout and timeout.seconds is not None
        else None,
        f"profile={text_literal(timeout.profile)}" if timeout and timeout.profile else None,
        "idempotent=True" if method.idempotent else None,
        f"topic={text_literal(method.topic.name)}" if method.topic else None,
        f"since={dates.use(method.dated.since)}" if method.dated.since else None,
        f"deprecated={text_literal(_deprecated(method))}" if method.deprecated else None,
    ]
    make = scope.runtime("Method")
    given = [option for option in options if option is not None]
    return annotated(
        scope.names.constants[method.name],
        subscript(make, struct, plain),
        call(make, *given, exploded=True),
    )


def _result(scope: Scope, method: Method, of: TypeExpr, results: list[str]) -> Expr:
    """The type of the result as a value; what type checkers take as a type only becomes an alias first."""
    result = annotation(scope, of, method.returns_constraints)
    if not flat(result).startswith("Annotated[") or not isinstance(of, Nullable):
        return result
    name = f"_RESULT_OF_{method.name.upper()}"
    results.append(annotated(name, scope.typing("TypeAlias"), result))
    return name


def _raises(method: Method) -> Expr | None:
    names = [text_literal(each.error) for each in method.raises]
    return around("raises=", tuple_of(names)) if names else None


def _destination_text(method: Method) -> str:
    return ", ".join(path.text for path in method.to)


def _deprecated(method: Method) -> str:
    found = method.deprecated and deprecation(method.deprecated, "since {}", "; use {}")
    return (found or "it will be removed").removeprefix("; ")


def _route(scope: Scope, route: Route, dates: Dates) -> Expr:
    options = [text_literal(route.kind), text_literal(route.to)]
    if route.dated.since:
        options.append(f"since={dates.use(route.dated.since)}")
    return call(scope.runtime("Route"), *options)


def _interface(scope: Scope, methods: list[Method], fingerprint: bytes, dates: Dates) -> str:
    interface = scope.interface
    namespace = "None" if interface.namespace is None else text_literal(interface.namespace)
    options: list[Expr | None] = [
        f"name={text_literal(interface.name)}",
        'package=__package__ or ""',
        f"namespace={namespace}",
        f"version=({interface.version.major}, {interface.version.minor})",
        f"exchange={text_literal(interface.target.exchange)}",
        f"topic={text_literal(interface.target.topic.name)}",
        around("fingerprint=", call("bytes.fromhex", text_literal(fingerprint.hex()))),
        around("methods=", tuple_of([scope.names.constants[method.name] for method in methods])),
        _table("errors=", [_error(scope, error) for error in interface.errors.values()]),
        _table("events=", [_event(scope, event, dates) for event in interface.events.values()]),
        _dated(scope, methods, dates),
    ]
    given = [option for option in options if option is not None]
    return statement("INTERFACE = ", call(scope.runtime("Interface"), *given, exploded=True))


def _table(before: str, items: list[Expr]) -> Expr | None:
    return around(before, tuple_of(items)) if items else None


def _error(scope: Scope, error: Error) -> Expr:
    options = [
        text_literal(error.name),
        scope.imports.use(".errors", scope.names.errors[error.name]),
        scope.imports.use(".errors", scope.names.error_structs[error.name]),
    ]
    if error.wire is not None:
        options.append(f"wire={text_literal(error.wire)}")
    return call(scope.runtime("ErrorType"), *options)


def _event(scope: Scope, event: Event, dates: Dates) -> Expr:
    options = [text_literal(event.name), scope.named(event.payload)]
    if event.priority != "info":
        options.append(f"priority={text_literal(event.priority)}")
    if event.dated.since:
        options.append(f"since={dates.use(event.dated.since)}")
    return call(scope.runtime("Event"), *options)


def _dated(scope: Scope, methods: list[Method], dates: Dates) -> Expr | None:
    """The table of everything that began later than what contains it."""
    entries = [
        around(
            f"{name}: ",
            bracket(
                "{",
                (f"{text_literal(wire)}: {dates.use(since)}" for wire, since in found.items()),
                "}",
            ),
        )
        for name, found in dates.collect(scope, methods)
    ]
    return around("dated=", bracket("{", entries, "}", exploded=True)) if entries else None
