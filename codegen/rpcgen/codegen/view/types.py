"""`types.py`: aliases, structs, enums, unions and opaque types."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rpcgen.codegen.annotations import annotation, optional
from rpcgen.codegen.containers import own_fields
from rpcgen.codegen.docs import alias_note, documented, paragraphs, section, sentence
from rpcgen.codegen.history import spoken_members
from rpcgen.codegen.inheritance import struct_line
from rpcgen.codegen.layout import Expr, annotated, bracket, call, flat, header, statement
from rpcgen.codegen.literals import docstring, text_literal
from rpcgen.codegen.order import ordered_types
from rpcgen.codegen.scope import Scope
from rpcgen.codegen.view.structs import INDENT, ClassView, struct_class
from rpcgen.idl.model import Alias, Enum, Opaque, Struct, TypeDef, Union
from rpcgen.idl.resolve import names_in, reachable, request_types


class AliasView(NamedTuple):
    """`Name: TypeAlias = ...`, with its docstring or nothing."""

    text: str
    doc: str
    is_class: bool = False


class TypesView(NamedTuple):
    """The file. `definitions` are in an order that Python accepts."""

    imports: str
    definitions: tuple[AliasView | ClassView, ...]


def types_view(scope: Scope) -> TypesView:
    """Write all types."""
    sparse, requested = sparse_structs(scope), _requested_structs(scope)
    definitions = tuple(
        _definition(scope, definition, sparse, requested)
        for definition in ordered_types(scope.interface)
    )
    return TypesView(scope.imports.render(), definitions)


def sparse_structs(scope: Scope) -> set[str]:
    """Structs with newer fields, and all that they are related to: an option of a base is one of its subclasses."""
    roots: dict[str, str] = {}
    sparse: set[str] = set()
    for definition in scope.interface.types.values():
        if not isinstance(definition, Struct):
            continue
        *_, root = struct_line(scope.interface, definition)
        roots[definition.name] = root.name
        if own_fields(scope, definition).is_sparse():
            sparse.add(root.name)
    return {name for name, root in roots.items() if root in sparse}


def _requested_structs(scope: Scope) -> set[str]:
    """Structs that requests can hold, and their bases."""
    interface = scope.interface
    types = [each for method in interface.methods.values() for each in request_types(method)]
    reached = reachable([name for of in types for name in names_in(of)], interface.types)
    structs = [each for each in map(interface.types.get, reached) if isinstance(each, Struct)]
    return {base.name for struct in structs for base in struct_line(interface, struct)}


def _definition(
    scope: Scope, definition: TypeDef, sparse: set[str], requested: set[str]
) -> AliasView | ClassView:
    match definition:
        case Alias():
            return _alias(scope, definition)
        case Struct():
            name = definition.name
            return _struct(scope, definition, sparse=name in sparse, requested=name in requested)
        case Enum():
            return _enum(scope, definition)
        case Union():
            return _union(scope, definition)
        case Opaque():
            return _opaque(scope, definition)


def _alias(scope: Scope, alias: Alias) -> AliasView:
    note = alias_note(scope, alias.type, alias.constraints) if alias.doc else ""
    text = paragraphs(documented(alias.doc, alias.dated, alias.deprecated), note)
    spelled = annotation(scope, alias.type, alias.constraints)
    return AliasView(
        annotated(scope.names.types[alias.name], scope.typing("TypeAlias"), spelled),
        docstring(text, "") if text else "",
    )


def _struct(scope: Scope, struct: Struct, *, sparse: bool, requested: bool) -> ClassView:
    base = scope.named(struct.extends) if struct.extends else scope.msgspec("Struct")
    return struct_class(
        scope,
        scope.names.types[struct.name],
        base,
        own_fields(scope, struct),
        documented(struct.doc, struct.dated, struct.deprecated),
        sparse=sparse,
        requested=requested,
    )


def _enum(scope: Scope, enum: Enum) -> ClassView:
    if enum.open:
        base = scope.runtime("OpenEnum")
        note = "Open: a value that this version does not know is kept."
    else:
        base = scope.imports.use("enum", "StrEnum")
        note = ""
    body: list[str] = []
    values = spoken_members(enum, scope.interface)
    for value in values:
        member = enum.members[value]
        name = scope.names.members[enum.name][value]
        body.append(statement(f"{name} = ", text_literal(value), INDENT))
        if text := documented(member.doc, member.dated, member.deprecated):
            body[-1] += "\n" + docstring(text, INDENT)
    text = paragraphs(documented(enum.doc, enum.dated, enum.deprecated), note)
    return ClassView(
        head=statement("", call(f"class {scope.names.types[enum.name]}", base), colon=":"),
        doc=docstring(text or _listed("One of", values), INDENT),
        body=tuple(body),
    )


def _union(scope: Scope, union: Union) -> ClassView:
    base = scope.runtime("OpenUnion" if union.open else "TaggedUnion")
    names = scope.names.members[union.name]
    body: list[str] = []
    notes: list[tuple[str, str]] = []
    tags = spoken_members(union, scope.interface)
    for tag in tags:
        member = union.members[tag]
        name = names[tag]
        default: Expr = "None"
        if name != tag:
            make = scope.imports.use("msgspec", "field", as_="_field")
            default = bracket(f"{make}(", ("default=None", f"name={text_literal(tag)}"), ")")
        of = optional(annotation(scope, member.type))
        body.append(annotated(name, of, default, INDENT))
        notes.append(
            (name, documented(member.doc, member.dated, member.deprecated).replace("\n\n", " "))
        )
    known = _listed("Exactly one of", [names[tag] for tag in tags])
    if union.open:
        known += " One that this version does not know is kept in `unknown`."
    text = paragraphs(
        sentence(union.doc),
        known,
        documented("", union.dated, union.deprecated),
        section("Attributes", notes),
    )
    name = scope.names.types[union.name]
    options = ("frozen=True", "kw_only=True", "forbid_unknown_fields=True")
    return ClassView(
        head=statement("", call(f"class {name}", base, *options), colon=":"),
        doc=docstring(text, INDENT),
        body=tuple(body),
    )


def _opaque(scope: Scope, opaque: Opaque) -> ClassView:
    body: list[str] = []
    for name, of in opaque.attributes.items():
        spelled = annotation(scope, of, checked=False)
        head = header(f"def {name}", ["self"], f" -> {flat(spelled)}: ...", INDENT)
        body.append(f"{INDENT}@property\n{head}")
    text = paragraphs(
        documented(opaque.doc, opaque.dated, opaque.deprecated),
        "Opaque: an object of the program's own, which travels through the codec that is registered for this type.",
    )
    return ClassView(
        decorator=f"@{scope.typing('runtime_checkable')}",
        head=statement(
            "", call(f"class {scope.names.types[opaque.name]}", scope.typing("Protocol")), colon=":"
        ),
        doc=docstring(text, INDENT),
        body=tuple(body),
        separated=True,
    )


def _listed(before: str, names: Iterable[str]) -> str:
    return f"{before} {', '.join(f'`{name}`' for name in names)}."
