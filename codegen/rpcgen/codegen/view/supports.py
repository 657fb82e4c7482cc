"""`supports`: typed questions about what the servers of a client understand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from rpcgen.codegen.containers import arguments_of
from rpcgen.codegen.imports import ImportSet
from rpcgen.codegen.layout import Expr, around, call, header, statement, subscript
from rpcgen.codegen.literals import docstring, text_literal
from rpcgen.codegen.scope import Scope
from rpcgen.codegen.view.structs import INDENT
from rpcgen.codegen.view.worlds import ASYNCIO, BODY, MethodView, Signature, World
from rpcgen.idl.model import Method


class SupportsView(NamedTuple):
    """The class.

    Attributes:
        asked, made: the head of the client's property, and its statement.
    """

    head: str
    doc: str
    methods: tuple[MethodView, ...]
    asked: str
    made: str


def questions(scope: Scope, methods: Sequence[Method]) -> list[Signature]:
    """One for each method; nothing if all methods are as they were from the start."""
    return [_question(scope, method) for method in methods] if scope.names.supports else []


def supports_view(
    scope: Scope, world: World, imports: ImportSet, found: Sequence[Signature]
) -> SupportsView | None:
    """Write the class of one world."""
    if not found:
        return None
    names = scope.names
    name, client = names.supports, names.client
    if world is ASYNCIO:
        name, client = names.async_supports, names.async_client
    base = imports.use("rpcgen.runtime", f"{world.prefix}Supports")
    return SupportsView(
        statement("", call(f"class {name}", base), colon=":"),
        docstring(f"What the servers of `{client}` understand.", INDENT),
        tuple(each.to(world) for each in found),
        header("def supports", ["self"], f" -> {name}:", INDENT),
        statement("return ", call(name, "self"), BODY),
    )


def _question(scope: Scope, method: Method) -> Signature:
    own = arguments_of(scope, method)
    newer: list[Expr] = [
        text_literal(field.name)
        for field in own.live()
        if field.constant is None and own.is_newer(field)
    ]
    constant = scope.imports.use(".descriptor", scope.names.constants[method.name])
    name = scope.names.methods[method.name]
    parameters: list[Expr] = ["self"]
    if newer:
        parameters.append(around("*arguments: ", subscript(scope.typing("Literal"), *newer)))
    text = f"Whether `{name}` may be sent" + (", with these arguments." if newer else ".")
    return Signature(
        name,
        tuple(parameters),
        "bool",
        docstring(text, BODY),
        "self._supports",
        (constant, "arguments" if newer else "()"),
    )
