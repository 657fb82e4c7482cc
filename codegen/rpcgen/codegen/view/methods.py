"""Clients and endpoints: both worlds have the same methods, which differ in a few words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rpcgen.codegen.annotations import annotation
from rpcgen.codegen.containers import arguments_of
from rpcgen.codegen.docs import field_note, handler_doc, method_doc, paragraphs, sentence
from rpcgen.codegen.fields import Shape, handled, parameter, passed
from rpcgen.codegen.history import spoken_methods, spoken_routes
from rpcgen.codegen.layout import Expr, bracket, call, flat, statement
from rpcgen.codegen.literals import docstring, text_literal
from rpcgen.codegen.scope import Scope
from rpcgen.codegen.view.structs import INDENT, gone_shapes, shapes
from rpcgen.codegen.view.supports import SupportsView, questions, supports_view
from rpcgen.codegen.view.worlds import (
    ASYNCIO,
    BLOCKING,
    BODY,
    WORLDS,
    MethodView,
    Signature,
    World,
)
from rpcgen.idl.model import Field, Kind, Method


class ProxyView(NamedTuple):
    """A client or endpoint class, and the imports of a file that holds it alone."""

    imports: str
    head: str
    doc: str
    methods: tuple[MethodView, ...]
    supports: SupportsView | None = None


Found = Sequence[tuple[Field, str, Shape]]


def client_views(scope: Scope) -> tuple[ProxyView, ...]:
    """Write the client of each world, for a file of its own."""
    _import_proxy(scope)
    methods = spoken_methods(scope.interface)
    signatures = [each for method in methods for each in _client_signatures(scope, method)]
    asked = questions(scope, methods)
    return tuple(_client(scope, world, signatures, asked) for world in WORLDS)


def _client(
    scope: Scope, world: World, signatures: Sequence[Signature], asked: Sequence[Signature]
) -> ProxyView:
    names, interface = scope.names, scope.interface
    mine, other = names.client, names.async_client
    if world is ASYNCIO:
        mine, other = other, mine
    people = next(each.people for each in WORLDS if each is not world)
    text = paragraphs(
        sentence(interface.doc),
        f"A client of {interface.name} {interface.version} for {world.people}; "
        f"see `{other}` for {people}.",
    )
    imports = scope.imports.copy()
    base = imports.use("rpcgen.runtime", f"{world.prefix}Client")
    supports = supports_view(scope, world, imports, asked)
    return ProxyView(
        imports.render(),
        statement("", call(f"class {mine}", base), colon=":"),
        docstring(text, INDENT),
        tuple(signature.to(world) for signature in signatures),
        supports,
    )


def _client_signatures(scope: Scope, method: Method) -> list[Signature]:
    """One, or two if the method can be called and cast."""
    own = arguments_of(scope, method)
    found = [each for each in shapes(scope, own) if each[0].constant is None]
    gone = [each for each in gone_shapes(scope, own) if each[0].constant is None]
    parameters = ["self"]
    if found or gone:
        parameters += ["*", *(parameter(scope, *each) for each in (*found, *gone))]
    notes = [
        (name, field_note(scope, own, field, form, signature=True, pinned=True))
        for field, name, form in (*found, *gone)
    ]
    constant = scope.imports.use(".descriptor", scope.names.constants[method.name])
    sent = [constant, _arguments(scope, method, found)]
    if gone:
        # None stands for what was not given: the table has the default.
        items = (f"{text_literal(field.name)}: {name}" for field, name, _ in gone)
        sent.append(bracket("{", items, "}"))
    first = spoken_routes(method, scope.interface)[0].kind
    names: dict[Kind, str] = {first: scope.names.methods[method.name]}
    if method.name in scope.names.other_kind:
        names["cast" if first == "call" else "call"] = scope.names.other_kind[method.name]
    return [
        Signature(
            name,
            tuple(parameters),
            scope.runtime("Sent") if kind == "cast" else _result(scope, method),
            docstring(method_doc(scope, method, notes, kind), BODY),
            f"self._{kind}",
            tuple(sent),
        )
        for kind, name in names.items()
    ]


def _arguments(scope: Scope, method: Method, found: Found) -> Expr:
    if not method.args:
        return f"{scope.runtime('NoArgs')}()"
    struct = scope.imports.use(".descriptor", scope.names.argument_structs[method.name])
    return call(struct, *(f"{each[1]}={passed(scope, *each)}" for each in found))


def _result(scope: Scope, method: Method) -> str:
    if method.returns is None:
        return "None"
    return flat(annotation(scope, method.returns, checked=False))


def endpoint_views(scope: Scope) -> tuple[ProxyView, ...]:
    """Write the endpoint of each world, for one file together; the last has the imports of all."""
    _import_proxy(scope)
    signatures = [_handler(scope, method) for method in spoken_methods(scope.interface)]
    if signatures:
        scope.imports.use("abc", "abstractmethod")
    return tuple(_endpoint(scope, world, signatures) for world in WORLDS)


def _endpoint(scope: Scope, world: World, signatures: Sequence[Signature]) -> ProxyView:
    names, interface = scope.names, scope.interface
    name = names.endpoint if world is BLOCKING else names.async_endpoint
    base = scope.runtime(f"{world.prefix}Endpoint")
    text = paragraphs(
        sentence(interface.doc),
        "Subclass it and serve it: a method that is missing or mistyped is an error for the type checker, "
        "and at start.",
    )
    return ProxyView(
        scope.imports.render(),
        statement("", call(f"class {name}", base), colon=":"),
        docstring(text, INDENT),
        tuple(signature.to(world) for signature in signatures),
    )


def _handler(scope: Scope, method: Method) -> Signature:
    own = arguments_of(scope, method)
    found = shapes(scope, own)
    parameters = ["self", f"ctx: {scope.runtime('Context')}"]
    if found:
        parameters.append("*")
        parameters += [f"{name}: {flat(handled(scope, form))}" for _, name, form in found]
    notes = [(name, field_note(scope, own, field, form)) for field, name, form in found]
    return Signature(
        scope.names.methods[method.name],
        tuple(parameters),
        _result(scope, method),
        docstring(handler_doc(scope, method, notes), BODY),
    )


def _import_proxy(scope: Scope) -> None:
    """What the templates of clients and endpoints spell themselves."""
    scope.typing("ClassVar")
    scope.runtime("Interface")
    scope.imports.use(".descriptor", "INTERFACE")
