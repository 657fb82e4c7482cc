"""`converters.py`: what a program must define so that older forms become newer ones, and the reverse."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from rpcgen.codegen.annotations import annotation
from rpcgen.codegen.containers import FieldSet, arguments_of, fields_of_error, own_fields
from rpcgen.codegen.conversions import (
    Conversion,
    FieldConversion,
    FormConversion,
    changes_kinds,
    conversions,
)
from rpcgen.codegen.docs import paragraphs
from rpcgen.codegen.fields import handled, shape
from rpcgen.codegen.imports import from_import
from rpcgen.codegen.layout import flat, header
from rpcgen.codegen.literals import docstring
from rpcgen.codegen.scope import Scope
from rpcgen.codegen.view.structs import INDENT
from rpcgen.codegen.view.worlds import BODY
from rpcgen.idl.model import Error, Method, Struct, TypeExpr

_OPTIONAL = "Optional: without it, a message of a kind that the form lacks is refused."


class ConverterView(NamedTuple):
    """A method; `decorator` is nothing for an optional one, which has a `statement` instead."""

    decorator: str
    head: str
    doc: str
    statement: str


class ConvertersView(NamedTuple):
    """One class."""

    head: str
    doc: str
    methods: tuple[ConverterView, ...]


class ConvertersFile(NamedTuple):
    """The file. `typed` are imports for type checkers alone: the table there imports this file."""

    imports: str
    typed: tuple[str, ...]
    classes: tuple[ConvertersView, ...]


class _Ends(NamedTuple):
    """The types, or structs, between which something is converted."""

    newer: str
    older: str


def converters_view(scope: Scope) -> ConvertersFile | None:
    """Write both classes; None if there is nothing to convert."""
    if not (scope.names.client_converters or scope.names.server_converters):
        return None
    found = conversions(scope.interface)
    structs: set[str] = set()
    client = [each for one in found for each in _of_client(scope, one, structs)]
    server = [each for one in found for each in _of_server(scope, one, structs)]
    name = scope.interface.name
    views = [
        _class(
            scope,
            scope.names.client_converters,
            f"What a client of {name} needs to speak to older servers: pass one as `converters=`.",
            client,
        ),
        _class(
            scope,
            scope.names.server_converters,
            f"What a server of {name} needs to speak to older clients: pass one in `converters=[...]`.",
            server,
        ),
    ]
    views = [view for view in views if view.methods]
    typed = (from_import(".descriptor", structs, INDENT),) if structs else ()
    if typed:
        scope.typing("TYPE_CHECKING")
    return ConvertersFile(scope.imports.render(), typed, tuple(views))


def _class(scope: Scope, name: str, doc: str, methods: Iterable[ConverterView]) -> ConvertersView:
    found = tuple(methods)
    base = f"({scope.imports.use('abc', 'ABC')})" if any(each.decorator for each in found) else ""
    return ConvertersView(f"class {name}{base}:", docstring(doc, INDENT), found)


def _of_client(scope: Scope, of: Conversion, structs: set[str]) -> Iterator[ConverterView]:
    """A client writes requests, and reads results and errors."""
    if isinstance(of, FieldConversion):
        ends = _ends_of_field(scope, of)
        if of.client_down:
            yield _down(scope, of, ends, "value")
        if of.client_up:
            yield _up(scope, of, ends, "value")
        return
    if of.form.args is not None:
        yield _down(scope, of, _ends_of_arguments(scope, of, structs), "args")
    yield from _result(scope, of, to_newer=True)


def _of_server(scope: Scope, of: Conversion, structs: set[str]) -> Iterator[ConverterView]:
    """A server reads requests, and writes results and errors; what has a version of its own only as it is now."""
    if isinstance(of, FieldConversion):
        ends = _ends_of_field(scope, of)
        if of.server_up:
            yield _up(scope, of, ends, "value")
        if of.server_down:
            yield _down(scope, of, ends, "value")
        return
    if of.form.args is not None:
        yield _up(scope, of, _ends_of_arguments(scope, of, structs), "args")
    yield from _result(scope, of, to_newer=False)


def _down(scope: Scope, of: Conversion, ends: _Ends, parameter: str) -> ConverterView:
    doc = f"Turn {_subject(of)} into what peers before {of.until} understand."
    return _abstract(scope, f"down_{of.stem}", f"{parameter}: {ends.newer}", ends.older, doc)


def _up(scope: Scope, of: Conversion, ends: _Ends, parameter: str) -> ConverterView:
    doc = f"Turn what peers before {of.until} send into {_subject(of)}."
    return _abstract(scope, f"up_{of.stem}", f"{parameter}: {ends.older}", ends.newer, doc)


def _result(scope: Scope, of: FormConversion, *, to_newer: bool) -> Iterator[ConverterView]:
    """Between what an older form answers and what the method answers now; None stands for the answer to a cast."""
    method, form = of.method, of.form
    if form.returns is None and not changes_kinds(method, form):
        return
    ends = _ends_of_result(scope, of)
    name, subject = f"result_{of.stem}", f"the result of `{method.name}`"
    doc = f"Turn {subject} into what clients before {of.until} understand."
    given, made = ends
    if to_newer:
        doc = f"Turn what servers before {of.until} answer into {subject}."
        given, made = made, given
    if form.returns is not None:
        yield _abstract(scope, name, f"value: {given}", made, doc)
        return
    head = header(f"def {name}", ["self", f"value: {given}"], f" -> {made}:", INDENT)
    text = docstring(paragraphs(doc, _OPTIONAL), BODY)
    yield ConverterView("", head, text, f"{BODY}raise NotImplementedError")


def _ends_of_result(scope: Scope, of: FormConversion) -> _Ends:
    newer = _answer(scope, of.method.returns)
    if of.form.returns is not None:
        return _Ends(newer, _answer(scope, of.form.returns.type))
    answers = any(route.kind == "call" for route in of.form.routes or ())
    return _Ends(newer, newer if answers else "None")


def _abstract(scope: Scope, name: str, parameter: str, made: str, doc: str) -> ConverterView:
    decorator = f"{INDENT}@{scope.imports.use('abc', 'abstractmethod')}"
    head = header(f"def {name}", ["self", parameter], f" -> {made}:", INDENT)
    return ConverterView(decorator, head, docstring(doc, BODY), "")


def _subject(of: Conversion) -> str:
    if isinstance(of, FormConversion):
        return f"the arguments of `{of.method.name}`"
    return f"`{of.field.name}` of `{of.owner.name}`"


def _ends_of_arguments(scope: Scope, of: FormConversion, structs: set[str]) -> _Ends:
    name, no_args = of.method.name, "NoArgs"
    newer = scope.names.argument_structs[name] if of.method.args else no_args
    older = scope.names.form_structs[name, of.until] if of.form.args else no_args
    if no_args in {newer, older}:
        scope.runtime(no_args)
    structs |= {newer, older} - {no_args}
    return _Ends(newer, older)


def _ends_of_field(scope: Scope, of: FieldConversion) -> _Ends:
    older = flat(annotation(scope, of.older.type, checked=False))
    if of.newer is not None:
        return _Ends(flat(annotation(scope, of.newer.type, checked=False)), older)
    own = _fields(scope, of.owner)
    form = shape(scope, of.field, late=own.is_newer(of.field))
    form = form._replace(absent=False)  # what is absent stays absent, and nobody converts it
    return _Ends(flat(handled(scope, form)), older)


def _fields(scope: Scope, owner: Struct | Error | Method) -> FieldSet:
    match owner:
        case Struct():
            return own_fields(scope, owner)
        case Error():
            return fields_of_error(scope, owner)
        case Method():
            return arguments_of(scope, owner)


def _answer(scope: Scope, of: TypeExpr | None) -> str:
    return "None" if of is None else flat(annotation(scope, of, checked=False))
