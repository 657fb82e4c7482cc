"""The table of the interface: everything that is not about one method alone."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from rpcgen.codegen.dates import Dates, pair
from rpcgen.codegen.history import is_newer, spoken_members
from rpcgen.codegen.layout import Expr, around, bracket, call, statement, tuple_of
from rpcgen.codegen.literals import text_literal
from rpcgen.codegen.scope import Scope
from rpcgen.codegen.view.method_tables import topic_table
from rpcgen.codegen.view.parts import PartTables
from rpcgen.codegen.view.typevalues import TypeValues
from rpcgen.idl.model import Enum, Envelope, Error, Event, Method, Struct, Union


def interface_table(
    scope: Scope,
    methods: list[Method],
    events: list[Event],
    fingerprint: bytes,
    dates: Dates,
    types: TypeValues,
) -> str:
    """Write it; what there is nothing to say about is left out."""
    parts = PartTables(scope, dates, types)
    parts.add_all(methods)
    options = [
        *_identity(scope, dates),
        around("fingerprint=", call("bytes.fromhex", text_literal(fingerprint.hex()))),
        around("methods=", tuple_of([scope.names.constants[method.name] for method in methods])),
        *_tuple("errors=", [_error(scope, error) for error in scope.interface.errors.values()]),
        *_tuple("events=", [scope.names.event_constants[event.name] for event in events]),
        *parts.tables(),
        *_history_of_types(scope, dates),
        *_converters(scope),
    ]
    return statement("INTERFACE = ", call(scope.runtime("Interface"), *options, exploded=True))


def _identity(scope: Scope, dates: Dates) -> Iterator[Expr]:
    interface, target = scope.interface, scope.interface.target
    namespace = "None" if interface.namespace is None else text_literal(interface.namespace)
    yield f"name={text_literal(interface.name)}"
    yield 'package=__package__ or ""'
    yield f"namespace={namespace}"
    yield f"version={pair(interface.version)}"
    yield from _tuple("serves=", [pair(version) for version in interface.serves])
    yield from _map("releases=", {name: pair(at) for name, at in interface.releases.items()})
    yield f"exchange={text_literal(target.exchange)}"
    yield around("topic=", topic_table(scope, target.topic, dates))
    yield from _tuple("also=", [text_literal(topic) for topic in target.also])
    if interface.refused_as is not None:
        error = scope.imports.use(".errors", scope.names.errors[interface.refused_as])
        yield f"refused_as={error}"


def _tuple(before: str, items: list[Expr]) -> Iterator[Expr]:
    if items:
        yield around(before, tuple_of(items))


def _map(before: str, found: Mapping[str, str]) -> Iterator[Expr]:
    if found:
        items = (f"{text_literal(key)}: {value}" for key, value in found.items())
        yield around(before, bracket("{", items, "}"))


def _table(before: str, entries: list[Expr]) -> Iterator[Expr]:
    if entries:
        yield around(before, bracket("{", entries, "}", exploded=True))


def _error(scope: Scope, error: Error) -> Expr:
    options = [
        text_literal(error.name),
        scope.imports.use(".errors", scope.names.errors[error.name]),
        scope.imports.use(".errors", scope.names.error_structs[error.name]),
    ]
    if error.wire is not None:
        options.append(f"wire={text_literal(error.wire)}")
    return call(scope.runtime("ErrorType"), *options)


def _history_of_types(scope: Scope, dates: Dates) -> Iterator[Expr]:
    """What was closed, what older readers are told, and types that have a version of their own."""
    opened: list[Expr] = []
    fallbacks: list[Expr] = []
    clocks: list[Expr] = []
    for name, definition in scope.interface.types.items():
        if isinstance(definition, Enum | Union):
            since = definition.open_since
            if is_newer(since, definition.dated, scope.interface):
                opened.append(f"{scope.named(name)}: {dates.use(since)}")
        if isinstance(definition, Enum) and (told := _told(scope, definition)):
            fallbacks.append(around(f"{scope.named(name)}: ", bracket("{", told, "}")))
        if isinstance(definition, Struct) and definition.version is not None:
            clocks.append(around(f"{scope.named(name)}: ", _clock(scope, definition)))
    yield from _table("opened=", opened)
    yield from _table("fallbacks=", fallbacks)
    yield from _table("clocks=", clocks)


def _told(scope: Scope, enum: Enum) -> list[Expr]:
    known = spoken_members(enum, scope.interface)
    return [
        f"{text_literal(value)}: {text_literal(other)}"
        for value, other in enum.fallback.items()
        if value in known
    ]


def _clock(scope: Scope, struct: Struct) -> Expr:
    assert struct.version is not None, "unexpected struct without a version"
    envelope, usual = struct.envelope or Envelope(), Envelope()
    options: list[Expr] = [text_literal(struct.name), pair(struct.version)]
    if envelope.name != usual.name:
        options.append(f"name={text_literal(envelope.name)}")
    if envelope.version != usual.version:
        options.append(f"version_key={text_literal(envelope.version)}")
    if envelope.data != usual.data:
        options.append(f"data={text_literal(envelope.data)}")
    constants = {key: text_literal(value) for key, value in envelope.constants.items()}
    options += _map("constants=", constants)
    return call(scope.runtime("Clock"), *options)


def _converters(scope: Scope) -> Iterator[Expr]:
    names = scope.names
    for option, name in (
        ("client_converters", names.client_converters),
        ("server_converters", names.server_converters),
    ):
        if name:
            yield f"{option}={scope.imports.use('.converters', name)}"
