"""Methods as both worlds have them: signatures of clients and of handlers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rpcgen.codegen.annotations import annotation
from rpcgen.codegen.docs import field_note, handler_doc, method_doc, paragraphs, sentence
from rpcgen.codegen.fields import Shape, handled, parameter, passed
from rpcgen.codegen.layout import Expr, call, flat, header, statement
from rpcgen.codegen.literals import docstring
from rpcgen.codegen.scope import Scope
from rpcgen.codegen.view.structs import INDENT, FieldSet, shapes
from rpcgen.idl.model import Field, Interface, Kind, Method

_BODY = INDENT * 2


@dataclass(frozen=True, slots=True)
class World:
    """What differs between blocking and asyncio code."""

    prefix: str
    define: str
    wait: str
    about: str
    other: str


BLOCKING = World("", "def", "", "blocking", "for asyncio")
ASYNCIO = World("Async", "async def", "await ", "asyncio", "for threads")


@dataclass(frozen=True, slots=True)
class MethodView:
    """A method: its head, its docstring and its one statement (nothing if it is abstract)."""

    head: str
    doc: str
    statement: str = ""


@dataclass(frozen=True, slots=True)
class ProxyView:
    """A client or endpoint class."""

    head: str
    doc: str
    methods: tuple[MethodView, ...]


def live_methods(interface: Interface) -> list[Method]:
    """Those that still exist."""
    return [method for method in interface.methods.values() if not method.dated.until]


def argument_set(scope: Scope, method: Method) -> FieldSet:
    """The arguments of a method."""
    return FieldSet(list(method.args.values()), scope.names.arguments[method.name], method.dated)


def client_view(scope: Scope, world: World) -> ProxyView:
    """Write the client of one world."""
    names, interface = scope.names, scope.interface
    blocking = world is BLOCKING
    name, other = names.client, names.async_client
    if not blocking:
        name, other = other, name
    text = paragraphs(
        sentence(interface.doc),
        f"A client of {interface.name} {interface.version} for {'threads' if blocking else 'asyncio'}; "
        f"see `{other}` {world.other}.",
    )
    methods: list[MethodView] = []
    for method in live_methods(interface):
        methods += _client_methods(scope, method, world)
    return ProxyView(
        statement("", call(f"class {name}", scope.runtime(f"{world.prefix}Client")), colon=":"),
        docstring(text, INDENT),
        tuple(methods),
    )


def _client_methods(scope: Scope, method: Method, world: World) -> list[MethodView]:
    found = [
        each for each in shapes(scope, argument_set(scope, method)) if each[0].constant is None
    ]
    first = method.routes[0].kind
    names: dict[Kind, str] = {first: scope.names.methods[method.name]}
    if method.name in scope.names.other_kind:
        names["cast" if first == "call" else "call"] = scope.names.other_kind[method.name]
    return [_client_method(scope, method, kind, name, found, world) for kind, name in names.items()]


def _client_method(
    scope: Scope,
    method: Method,
    kind: Kind,
    name: str,
    found: Sequence[tuple[Field, str, Shape]],
    world: World,
) -> MethodView:
    parameters = ["self"]
    if found:
        parameters += ["*", *(parameter(scope, *each) for each in found)]
    result = scope.runtime("Sent") if kind == "cast" else _result(scope, method)
    notes = [
        (python, field_note(scope, field, form, signature=True)) for field, python, form in found
    ]
    constant = scope.imports.use(".descriptor", scope.names.constants[method.name])
    sent = call(f"self._{kind}", constant, _arguments(scope, method, found))
    return MethodView(
        header(f"{world.define} {name}", parameters, f" -> {flat(result)}:", INDENT),
        docstring(method_doc(scope, method, notes, kind), _BODY),
        statement(f"return {world.wait}", sent, _BODY),
    )


def _arguments(scope: Scope, method: Method, found: Sequence[tuple[Field, str, Shape]]) -> Expr:
    if not method.args:
        return f"{scope.runtime('NoArgs')}()"
    struct = scope.imports.use(".descriptor", scope.names.argument_structs[method.name])
    return call(struct, *(f"{each[1]}={passed(scope, *each)}" for each in found))


def _result(scope: Scope, method: Method) -> Expr:
    return "None" if method.returns is None else annotation(scope, method.returns, checked=False)


def endpoint_view(scope: Scope, world: World) -> ProxyView:
    """Write the endpoint of one world."""
    names, interface = scope.names, scope.interface
    name = names.endpoint if world is BLOCKING else names.async_endpoint
    text = paragraphs(
        sentence(interface.doc),
        "Subclass it and serve it: a method that is missing or mistyped is an error for the type checker, "
        "and at start.",
    )
    return ProxyView(
        statement("", call(f"class {name}", scope.runtime(f"{world.prefix}Endpoint")), colon=":"),
        docstring(text, INDENT),
        tuple(_handler(scope, method, world) for method in live_methods(interface)),
    )


def _handler(scope: Scope, method: Method, world: World) -> MethodView:
    found = shapes(scope, argument_set(scope, method))
    parameters = ["self", f"ctx: {scope.runtime('Context')}"]
    if found:
        parameters.append("*")
        parameters += [f"{name}: {flat(handled(scope, form))}" for _, name, form in found]
    notes = [(name, field_note(scope, field, form)) for field, name, form in found]
    result = flat(_result(scope, method))
    name = scope.names.methods[method.name]
    return MethodView(
        header(f"{world.define} {name}", parameters, f" -> {result}:", INDENT),
        docstring(handler_doc(scope, method, notes), _BODY),
    )
