"""Dates that are missing, written into the text of a file: since when something is there, and what it was before.

Pure: texts and findings in, edits out. What cannot be dated mechanically is left alone; whoever asks compares again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping

from rpcgen.idl.compat.finding import Finding
from rpcgen.idl.lint.rule import Edit
from rpcgen.idl.model import NO_CONSTRAINTS, Constraints, Field, Interface, Struct
from rpcgen.idl.position import Position
from rpcgen.idl.report import Report
from rpcgen.idl.resolve import all_fields, error_fields
from rpcgen.idl.typetext import type_text
from rpcgen.idl.version import Version
from rpcgen.idl.yamltext.compose import compose
from rpcgen.idl.yamltext.nodes import Entry, Node, Sequence, Text
from rpcgen.idl.yamltext.nodes import Mapping as Map

#: What a date makes a minor change of; in a new major it may stay as it is.
_READ_WITHOUT = "result-required-field-added"


def version_edit(interface: Interface, version: Version) -> Edit:
    """Return what gives a file another version."""
    return Edit(interface.version_at, f'"{version}"')


def date_edits(
    findings: Iterable[Finding], old: Interface, version: Version, text: str, file: str
) -> list[Edit]:
    """Return what dates that which is new or wider in one file.

    Args:
        findings: of a comparison with `old`; others than those about dates are left out.
        old: the release.
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
        if finding.rule == "since-missing" or (finding.rule == _READ_WITHOUT and version.minor):
            edit = _begin(finding, version, entries, scalars, text)
        elif finding.rule == "widening-undated":
            edit = _widened(finding, old, version, entries)
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
    finding: Finding, old: Interface, version: Version, entries: Mapping[Position, Entry]
) -> Edit | None:
    """Say what a field was, or since when a type is open."""
    entry, change = entries.get(finding.place), finding.change
    if entry is None or change is None:
        return None
    if change.before.startswith("closed "):
        is_open = entry.value.get("open") if isinstance(entry.value, Map) else None
        return Edit(is_open.at, f'{{since: "{version}"}}') if isinstance(is_open, Text) else None
    field = _old_field(change.path, change.root.name, old)
    if field is None or not isinstance(entry.value, Text) or field.was_type:
        return None
    value = entry.value
    kind, _, default = value.value.partition(" = ")
    now = f"type: {_quoted(kind)}" + (f", default: {default}" if default else "")
    return Edit(value.at, f'{{{now}, was_type: {{"{version}": {_older(field)}}}}}')


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


def _older(field: Field) -> str:
    """Write what a field was, as `was_type` has it inside braces."""
    kind = type_text(field.type)
    default = None if field.default is None else json.dumps(field.default.value)
    limits = _limits(field.constraints)
    if not limits:
        return _quoted(kind if default is None else f"{kind} = {default}")
    parts = [f"type: {_quoted(kind)}", *limits]
    parts += [f"default: {default}"] if default is not None else []
    return f"{{{', '.join(parts)}}}"


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
