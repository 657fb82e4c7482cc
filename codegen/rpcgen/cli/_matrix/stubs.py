"""Converters and routers that stand in for the program's: values of the right types, and messages where they went."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import msgspec
from rpcgen.cli._matrix.releases import Release
from rpcgen.cli._matrix.values import Values
from rpcgen.runtime.descriptor import NOTHING


def converters(release: Release, side: str) -> Any:
    """An object of the generated class of converters for `client` or `server`; None if there is nothing to convert."""
    base = getattr(release.table, f"{side}_converters")
    if base is None:
        return None
    wanted = dict(_results(release, side))
    for stem, older, newer in _changes(release):
        wanted |= {f"down_{stem}": older, f"up_{stem}": newer}
    made = {
        name: _returning(release, type_) for name, type_ in wanted.items() if hasattr(base, name)
    }
    return type("StubConverters", (base,), made)()


def routers(release: Release) -> dict[str, Any]:
    """A router of every name that the interface has, which changes nothing."""
    names = {method.router for method in release.table.methods if method.router is not None}
    return dict.fromkeys(names, _as_it_goes)


def _changes(release: Release) -> Iterator[tuple[str, Any, Any]]:
    """The stem of each converter of a value or of arguments, and the types that it converts between."""
    table = release.table
    for cls, parts in table.parts.items():
        fields: Mapping[str, Any] = _types_of(cls)
        for name, part in parts.items():
            yield from _of_part(part, fields.get(name))
    for gones in table.gone.values():
        for gone in gones:
            yield from _of_part(gone.part, gone.type)
    for method in table.methods:
        for form in method.forms:
            if form.convert and form.args is not None:
                yield form.convert, form.args, method.args


def _of_part(part: Any, newest: Any) -> Iterator[tuple[str, Any, Any]]:
    following = [*(older.type for older in part.types[1:]), newest]
    for older, newer in zip(part.types, following, strict=False):
        for stem in (older.convert, older.narrow):
            if stem:
                yield stem, older.type, newer


def _types_of(cls: type) -> dict[str, Any]:
    if not issubclass(cls, msgspec.Struct):
        return {}
    return {field.encode_name: field.type for field in msgspec.structs.fields(cls)}


def _results(release: Release, side: str) -> Iterator[tuple[str, Any]]:
    """The converters of results: to the newest form on clients, to the older one on servers."""
    for method in release.table.methods:
        for form in method.forms:
            if form.convert:
                older = method.returns if form.returns is NOTHING else form.returns
                yield f"result_{form.convert}", method.returns if side == "client" else older


def _returning(release: Release, type_: Any) -> Callable[..., Any]:
    value = Values(release.table, full=False).of(type_, ())

    def convert(self: object, given: object) -> Any:
        return value

    return convert


def _as_it_goes(
    method: str, args: Mapping[str, Any], version: tuple[int, int], topic: str, server: str | None
) -> tuple[str, str | None]:
    return topic, server
