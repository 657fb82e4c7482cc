"""Classes of fields: structs, argument structs and the fields of errors, which are all written the same way."""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

from rpcgen.codegen.containers import FieldSet
from rpcgen.codegen.docs import field_note, paragraphs, section
from rpcgen.codegen.fields import Shape, is_late, needed, shape, stored
from rpcgen.codegen.layout import annotated, call, statement
from rpcgen.codegen.literals import docstring
from rpcgen.codegen.scope import Scope
from rpcgen.idl.model import Field

INDENT = "    "


class ClassView(NamedTuple):
    """A class with a docstring and one-statement members.

    Attributes:
        decorator: a line above it, or nothing.
        head: `class Name(Base, option=True):`.
        doc: the docstring, or nothing.
        body: the members; some span several lines.
        separated: a blank line stands between members (they have docstrings, or are functions).
    """

    head: str
    doc: str
    body: tuple[str, ...]
    decorator: str = ""
    separated: bool = False
    is_class: bool = True


def struct_class(
    scope: Scope,
    name: str,
    base: str,
    own: FieldSet,
    doc: str,
    *,
    sparse: bool,
    requested: bool = False,
) -> ClassView:
    """Write a struct.

    Args:
        scope: the file that it is for.
        name: its Python name.
        base: the class that it extends.
        own: its own fields.
        doc: the docstring without the fields.
        sparse: newer fields are left out of messages while they hold their default.
        requested: requests can hold it.
    """
    options = ["frozen=True", "kw_only=True", "forbid_unknown_fields=True"]
    if sparse:
        options.append("omit_defaults=True")
    notes: list[tuple[str, str]] = []
    body: list[str] = []
    for field in own.live():
        python = own.names[field.name]
        form = shape(scope, field, late=own.is_newer(field))
        keep = sparse and not own.is_left_out(field)
        annotation, default = stored(scope, field, python, form, keep=keep)
        if requested and is_late(scope, field, form):
            annotation = needed(scope, annotation)
        body.append(annotated(python, annotation, default, INDENT))
        notes.append((python, field_note(scope, own, field, form)))
    listed = section("Attributes", notes)
    if listed and not doc:
        doc = f"Fields of `{name}`."
    text = paragraphs(doc, listed) or ("" if body else "No fields.")
    return ClassView(
        head=statement("", call(f"class {name}", base, *options), colon=":"),
        doc=docstring(text, INDENT) if text else "",
        body=tuple(body),
    )


def shapes(scope: Scope, own: FieldSet) -> list[tuple[Field, str, Shape]]:
    """The fields that generated code has, with their Python names and shapes."""
    return [
        (field, own.names[field.name], shape(scope, field, late=own.is_newer(field)))
        for field in own.live()
    ]


def gone_shapes(scope: Scope, own: FieldSet) -> list[tuple[Field, str, Shape]]:
    """The fields that only older versions have; nobody must give one, since newer versions have no place for it."""
    fields = (replace(field, presence="implicit") for field in own.gone())
    return [(field, own.names[field.name], shape(scope, field, late=True)) for field in fields]
