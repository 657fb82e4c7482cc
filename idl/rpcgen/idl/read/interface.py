"""A whole interface: the main file and the libraries it imports, read, merged, checked."""

from __future__ import annotations

from collections.abc import Mapping as MappingOf
from dataclasses import dataclass, field, replace
from typing import cast

from rpcgen.idl.check.interface import check_interface
from rpcgen.idl.check.limits import check_suits
from rpcgen.idl.check.paths import destinations
from rpcgen.idl.check.refusal import check_refusal
from rpcgen.idl.check.serving import check_serving
from rpcgen.idl.check.use import check_type
from rpcgen.idl.check.width import check_width
from rpcgen.idl.model import Error, Event, Interface, Method, Send, TargetDefaults, TypeDef
from rpcgen.idl.read.errors import read_error
from rpcgen.idl.read.finish import (
    inherit_retryable,
    mark_converted,
    name_structs,
    without_unreached,
)
from rpcgen.idl.read.head import (
    read_head,
    read_releases,
    read_supported,
    said_places,
    served_places,
)
from rpcgen.idl.read.methods import read_event, read_method
from rpcgen.idl.read.scope import Pending, Scope, doc_at, entries_at, items_at, text_at, wire_name
from rpcgen.idl.read.target import check_default_paths, read_target
from rpcgen.idl.read.types import read_type
from rpcgen.idl.read.values import Invalid, ValueReader
from rpcgen.idl.report import Report
from rpcgen.idl.typetext import foreign_hint
from rpcgen.idl.version import Version
from rpcgen.idl.yamltext.nodes import Mapping, Text


@dataclass(slots=True)
class Draft:
    """The parts of an interface while its files are read."""

    types: dict[str, TypeDef] = field(default_factory=dict[str, TypeDef])
    errors: dict[str, Error] = field(default_factory=dict[str, Error])
    methods: dict[str, Method] = field(default_factory=dict[str, Method])
    events: dict[str, Event] = field(default_factory=dict[str, Event])
    #: Errors that leave `retryable` to their base.
    inherits: dict[str, bool] = field(default_factory=dict[str, bool])
    #: What each method was read from.
    nodes: dict[str, Mapping] = field(default_factory=dict[str, Mapping])


def read_interface(
    main: Mapping, libraries: MappingOf[str, Mapping], source: str, report: Report
) -> Interface | None:
    """Build the model, of what can be read where something is wrong; None where checking it would take too long.

    Args:
        main: the tree of the interface file.
        libraries: the trees of the files it imports, directly or not, by name, in the order of the imports.
        source: the name of the interface file in positions.
        report: takes the mistakes; those of the structure are in it already.
    """
    scope = read_head(main, report)
    draft = Draft()
    _read_parts(main, scope, draft)
    own = (set(draft.types), set(draft.errors))
    for tree in libraries.values():
        _read_library(tree, scope, draft)
    _check_clashes(draft, report)
    if not check_width(draft.types, report) or not check_width(draft.errors, report):
        return None
    target = read_target(main, scope)
    for name, method in draft.methods.items():
        node = draft.nodes[name]
        complete = destinations(method, node, target, draft.types, report, scope.version)
        draft.methods[name] = replace(complete, router=method.router or target.router)
    check_default_paths(target, draft.methods, report)
    _check_references(draft, scope.pending, report)
    _read_values(draft, scope, report)
    inherit_retryable(draft.errors, draft.inherits)
    mark_converted(draft.types, draft.errors, draft.methods)
    interface = _assembled(main, scope, draft, target, source)
    check_interface(interface, report, dated=scope.version is not None)
    check_serving(interface, served_places(main), report)
    name_structs(draft.types, draft.events)
    return without_unreached(interface, *own)


def _assembled(
    main: Mapping, scope: Scope, draft: Draft, target: TargetDefaults, source: str
) -> Interface:
    send = text_at(main, "send")
    return Interface(
        name=scope.interface,
        version=scope.version or Version(0, 0),
        namespace=_namespace(main, scope),
        target=target,
        types=draft.types,
        errors=draft.errors,
        methods=draft.methods,
        events=draft.events,
        position=(text_at(main, "interface") or main).at,
        version_at=(text_at(main, "version") or main).at,
        source=source,
        serves=scope.serves,
        releases=read_releases(main, scope),
        supported_until=read_supported(main, scope),
        refused_as=_refused_as(main, draft, scope),
        send=cast("Send", send.value) if send is not None else "set",
        doc=doc_at(main),
        places=said_places(main),
    )


def _read_parts(tree: Mapping, scope: Scope, draft: Draft) -> None:
    for entry in entries_at(tree, "types"):
        read_type(entry, scope, draft.types)
    for entry in entries_at(tree, "errors"):
        read_error(entry, scope, draft.errors, draft.inherits)
    for entry in entries_at(tree, "methods"):
        read_method(entry, scope, draft.methods, draft.nodes)
    for entry in entries_at(tree, "events"):
        read_event(entry, scope, draft.events)


def _read_library(tree: Mapping, scope: Scope, draft: Draft) -> None:
    """Read a library's types and errors; its names must be new."""
    library = replace(scope, library=True)
    for section, known in (("types", draft.types), ("errors", draft.errors)):
        for entry in entries_at(tree, section):
            first = known.get(entry.key.value)
            if first is not None:
                scope.report.error(
                    "name-clash",
                    f'"{entry.key.value}" is defined in two files',
                    entry.key.at,
                    related=[(first.position, "first defined here")],
                )
            elif section == "types":
                read_type(entry, library, draft.types)
            else:
                read_error(entry, library, draft.errors, draft.inherits)


def _check_clashes(draft: Draft, report: Report) -> None:
    for name, error in draft.errors.items():
        if (type_ := draft.types.get(name)) is not None:
            report.error(
                "name-clash",
                f'"{name}" is a type and an error',
                error.position,
                related=[(type_.position, "the type is here")],
            )


def _namespace(main: Mapping, scope: Scope) -> str | None:
    node = main.get("namespace")
    if node is None:
        return scope.interface
    if not isinstance(node, Text) or node.null:
        return None
    return wire_name(node, scope, "a namespace")


def _refused_as(main: Mapping, draft: Draft, scope: Scope) -> str | None:
    text = text_at(main, "refused_as")
    if text is None:
        return None
    check_refusal(text.value, text.at, draft.errors, draft.types, scope.report)
    return text.value


def _check_references(draft: Draft, pending: Pending, report: Report) -> None:
    for name, at in pending.references:
        if name in draft.types or name in pending.broken:
            continue
        if name in draft.errors:
            report.error("unknown-type", f'"{name}" is an error, not a type', at)
        else:
            report.error(
                "unknown-type",
                f'unknown type "{name[:80]}"',
                at,
                hint=foreign_hint(name) or report.suggest(name, draft.types),
            )
    for type_, at in pending.types:
        check_type(type_, at, draft.types, report)
    for each in pending.constraints:
        check_suits(each.type, each.limits, each.places, draft.types, report)


def _read_values(draft: Draft, scope: Scope, report: Report) -> None:
    reader = ValueReader(draft.types, report, scope.version)
    for waiting in scope.pending.values:
        if report.full:
            return
        values = reader.read_all(waiting.nodes, waiting.type, waiting.constraints)
        if not isinstance(values, Invalid):
            waiting.store(values)
    for name, node in draft.nodes.items():
        method = draft.methods[name]
        calls = reader.read_calls(items_at(node, "examples"), method.args, name)
        if calls and not isinstance(calls, Invalid):
            draft.methods[name] = replace(method, examples=calls)
