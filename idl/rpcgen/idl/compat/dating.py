"""Dates that are missing, written into the text of a file: since when something is there, and what it was before.

Pure: texts and findings in, edits out. What cannot be dated mechanically is left alone; whoever asks compares again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from rpcgen.idl.compat.finding import Finding
from rpcgen.idl.lint.rule import Edit
from rpcgen.idl.model import (
    NO_CONSTRAINTS,
    Alias,
    Constraints,
    Field,
    Interface,
    Named,
    Nullable,
    Struct,
    TypeExpr,
)
from rpcgen.idl.position import Position
from rpcgen.idl.report import Report
from rpcgen.idl.resolve import all_fields, error_fields, resolve
from rpcgen.idl.typetext import type_text
from rpcgen.idl.version import Version
from rpcgen.idl.yamltext.compose import compose
from rpcgen.idl.yamltext.nodes import Entry, Node, Sequence, Text
from rpcgen.idl.yamltext.nodes import Mapping as Map

#: What a date makes a minor change of; in a new major it may stay as it is.
_READ_WITHOUT = "result-required-field-added"


def undated_elsewhere(findings: Iterable[Finding], file: str) -> list[Finding]:
    """Return what lacks a date in imported files; theirs name every interface that reads them, so nobody writes those alone."""
    dates = ("since-missing", "widening-undated", _READ_WITHOUT)
    return [each for each in findings if each.rule in dates and each.place.file != file]


def version_edit(interface: Interface, version: Version) -> Edit:
    """Return what gives a file another version."""
    return Edit(interface.version_at, f'"{version}"')


def date_edits(
    findings: Iterable[Finding],
    old: Interface,
    new: Interface,
    version: Version,
    text: str,
    file: str,
) -> list[Edit]:
    """Return what dates that which is new or wider in one file.

    Args:
        findings: of a comparison with `old`; others than those about dates are left out.
        old, new: the release, and what the text says.
        version: since when it is so.
        text, file: the file; what is in another one is left out.
    """
    tree = compose(text, file, Report())
    if not isinstance(tree, Map):
        return []
    entries = {entry.key.at: entry for entry in _entries(tree)}
    scalars = {scalar.at: scalar for scalar in _scalars(tree)}
    found: dict[Position, Edit] = {}
    for finding in findings:
        edit = None
        if finding.rule == "since-missing" and finding.path == "target.topic":
            edit = _topic(tree, version)
        elif finding.rule == "since-missing" or (finding.rule == _READ_WITHOUT and version.minor):
            edit = _begin(finding, version, entries, scalars, text)
        elif finding.rule == "widening-undated":
            edit = _widened(finding, (old, new), version, entries, text)
        if edit is not None:
            found.setdefault(edit.position, edit)
    return list(found.values())


def _begin(
    finding: Finding,
    version: Version,
    entries: Mapping[Position, Entry],
    scalars: Mapping[Position, Text],
    text: str,
) -> Edit | None:
    entry = entries.get(finding.place)
    change = finding.change
    if entry is None:
        scalar = scalars.get(finding.place)
        return _dated(scalar, version) if scalar is not None else None
    if change is not None and change.name.startswith(("call: ", "cast: ")):
        kind, _, to = change.name.partition(": ")
        return _route(entry.value, kind, to, version)
    if isinstance(entry.value, Text):
        return _dated(entry.value, version)
    return _with_key(entry, f'since: "{version}"', text) if isinstance(entry.value, Map) else None


def _topic(tree: Map, version: Version) -> Edit | None:
    """Say since when clients use the interface's topic."""
    target = tree.get("target")
    topic = target.get("topic") if isinstance(target, Map) else None
    if not isinstance(topic, Text):
        return None
    return Edit(topic.at, f'{{name: {_quoted(topic.value)}, since: "{version}"}}')


def _route(method: Node, kind: str, to: str, version: Version) -> Edit | None:
    """Date one route of a method."""
    said = method.get(kind) if isinstance(method, Map) else None
    routes = said.items if isinstance(said, Sequence) else [said]
    for route in routes:
        if isinstance(route, Text) and route.value == to:
            return _dated(route, version)
    return None


def _dated(scalar: Text, version: Version) -> Edit:
    """Add the date to a short form; what is quoted keeps its quotes, unless those say that it is meant as it stands."""
    if scalar.plain:
        return Edit(scalar.at, f"{scalar.value} since {version}")
    return Edit(scalar.at, json.dumps(f"{scalar.value} since {version}", ensure_ascii=False))


def _with_key(entry: Entry, key: str, text: str) -> Edit | None:
    """Add a key to a map, in the style that it has."""
    map_ = entry.value
    if not isinstance(map_, Map) or not map_.entries:
        return None
    lines = text.splitlines()
    at = map_.at
    if lines[at.line - 1][at.column - 1 : at.column] == "{":
        return Edit(Position(at.file, at.line, at.column + 1, 0), f"{key}, ")
    first = next(iter(map_.entries.values())).key.at
    indent = " " * (first.column - 1)
    return Edit(Position(first.file, first.line, first.column, 0), f"{key}\n{indent}")


def _widened(
    finding: Finding,
    files: tuple[Interface, Interface],
    version: Version,
    entries: Mapping[Position, Entry],
    text: str,
) -> Edit | None:
    """Say what a field was, or since when a type is open."""
    entry, change = entries.get(finding.place), finding.change
    if entry is None or change is None:
        return None
    if change.before.startswith("closed "):
        is_open = entry.value.get("open") if isinstance(entry.value, Map) else None
        return Edit(is_open.at, f'{{since: "{version}"}}') if isinstance(is_open, Text) else None
    field = _old_field(change.path, change.root.name, files[0])
    older = _older(field, *files) if field is not None else None
    if older is None:
        return None
    was = f'"{version}": {older}'
    match entry.value:
        case Map(entries=keys) if "was_type" in keys:
            return _with_key(keys["was_type"], was, text)
        case Map():
            return _with_key(entry, f"was_type: {{{was}}}", text)
        case Text(value=value):
            kind, _, default = value.partition(" = ")
            now = f"type: {_quoted(kind)}" + (f", default: {default}" if default else "")
            return Edit(entry.value.at, f"{{{now}, was_type: {{{was}}}}}")
        case _:
            return None


def _old_field(path: str, root: str, old: Interface) -> Field | None:
    """Return the argument or field of a release that a path such as `Order.note` or `put.count[]` begins with."""
    owner, _, rest = path.partition(".")
    name = rest.partition(".")[0].partition("[")[0]
    if owner in old.methods:
        return old.methods[owner].args.get(name)
    struct = old.types.get(owner)
    if isinstance(struct, Struct):
        return all_fields(struct, old.types).get(name)
    error = old.errors.get(owner)
    return error_fields(error, old.errors).get(name) if error is not None else None


def _older(field: Field, old: Interface, new: Interface) -> str | None:
    """Write what a field was, as `was_type` has it inside braces; None if it takes more words than a field has."""
    type_, limits = field.type, field.constraints
    if any(_said(name, old) != _said(name, new) for name in _aliases(type_, old)):
        # The alias says something else now, so what it said has to be said here.
        resolved = resolve(type_, old.types)
        bounds = (*resolved.constraints, limits) if resolved is not None else ()
        said = [each for each in bounds if each != NO_CONSTRAINTS]
        if resolved is None or len(said) > 1:
            return None
        type_ = Nullable(resolved.base) if resolved.nullable else resolved.base
        limits = said[0] if said else NO_CONSTRAINTS
    kind = type_text(type_)
    default = None if field.default is None else json.dumps(field.default.value)
    words = _limits(limits)
    if not words:
        return _quoted(kind if default is None else f"{kind} = {default}")
    parts = [f"type: {_quoted(kind)}", *words]
    parts += [f"default: {default}"] if default is not None else []
    return f"{{{', '.join(parts)}}}"


def _said(name: str, interface: Interface) -> tuple[TypeExpr, Constraints] | None:
    """What an alias stands for in a file."""
    definition = interface.types.get(name)
    return (definition.type, definition.constraints) if isinstance(definition, Alias) else None


def _aliases(type_: TypeExpr, interface: Interface) -> Iterator[str]:
    """The aliases that a type begins with."""
    seen: set[str] = set()
    while isinstance(type_, Nullable):
        type_ = type_.inner
    while isinstance(type_, Named) and type_.name not in seen:
        seen.add(type_.name)
        definition = interface.types.get(type_.name)
        if not isinstance(definition, Alias):
            return
        yield type_.name
        type_ = definition.type
        while isinstance(type_, Nullable):
            type_ = type_.inner


def _limits(limits: Constraints) -> list[str]:
    if limits == NO_CONSTRAINTS:
        return []
    found = [
        f"{key}: {value}" for key in ("min", "max") if (value := getattr(limits, key)) is not None
    ]
    low = "" if limits.min_size is None else str(limits.min_size)
    high = "" if limits.max_size is None else str(limits.max_size)
    found += [f"size: {low}..{high}"] if low or high else []
    found += [f"pattern: {json.dumps(limits.pattern)}"] if limits.pattern is not None else []
    return found + (["unique: true"] if limits.unique else [])


def _quoted(text: str) -> str:
    """Inside braces, brackets, commas and quotes have a meaning of their own."""
    return json.dumps(text, ensure_ascii=False) if set(text) & set('[]{},"') else text


def _entries(tree: Node) -> Iterator[Entry]:
    match tree:
        case Map(entries=entries):
            for entry in entries.values():
                yield entry
                yield from _entries(entry.value)
        case Sequence(items=items):
            for item in items:
                yield from _entries(item)
        case _:
            pass


def _scalars(tree: Node) -> Iterator[Text]:
    match tree:
        case Map(entries=entries):
            for entry in entries.values():
                yield from _scalars(entry.value)
        case Sequence(items=items):
            for item in items:
                yield from _scalars(item)
        case Text():
            yield tree
