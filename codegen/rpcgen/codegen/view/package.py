"""`__init__.py`: what the package exports, and where each name that is loaded late lives."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from rpcgen.codegen.docs import paragraphs, sentence
from rpcgen.codegen.imports import export_order, from_import
from rpcgen.codegen.literals import docstring, text_literal
from rpcgen.codegen.names import Names
from rpcgen.codegen.view.structs import INDENT
from rpcgen.idl.model import Interface


class PackageView(NamedTuple):
    """The file.

    Attributes:
        eager: imports of what every user of the package needs.
        typed: the same for what is loaded late, for type checkers.
        exported: the entries of `__all__`.
        homes: the entries of the table of late names.
    """

    doc: str
    eager: tuple[str, ...]
    typed: tuple[str, ...]
    exported: tuple[str, ...]
    homes: tuple[str, ...]


def package_view(interface: Interface, names: Names) -> PackageView:
    """Write the package's front."""
    eager = {
        ".descriptor": ["INTERFACE", *_converted_structs(interface, names)],
        ".errors": list(names.errors.values()),
        ".types": list(names.types.values()),
    }
    late = {
        ".async_client": [names.async_client],
        ".async_publisher": [names.async_publisher] if names.async_publisher else [],
        ".client": [names.client],
        ".converters": [
            name for name in (names.client_converters, names.server_converters) if name
        ],
        ".endpoint": [names.async_endpoint, names.endpoint],
        ".publisher": [names.publisher] if names.publisher else [],
        ".subscriber": [name for name in (names.async_subscriber, names.subscriber) if name],
    }
    homes = {name: module for module, found in late.items() for name in found}
    exported = [name for found in (*eager.values(), *late.values()) for name in found]
    text = paragraphs(sentence(interface.doc), f"Interface {interface.name} {interface.version}.")
    return PackageView(
        doc=docstring(text, ""),
        eager=tuple(from_import(module, found) for module, found in eager.items() if found),
        typed=tuple(from_import(module, found, INDENT) for module, found in late.items() if found),
        exported=tuple(map(text_literal, _ordered(exported))),
        homes=tuple(
            f"{text_literal(name)}: {text_literal(homes[name].lstrip('.'))}"
            for name in _ordered(homes)
        ),
    )


def _converted_structs(interface: Interface, names: Names) -> list[str]:
    """The structs that converters make of each other."""
    found = dict.fromkeys(
        struct
        for (method, _), older in names.form_structs.items()
        for struct in (names.argument_structs[method], older)
        if interface.methods[method].args or struct == older
    )
    return list(found)


def _ordered(names: Iterable[str]) -> list[str]:
    return sorted(names, key=export_order)
