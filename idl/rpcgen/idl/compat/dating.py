"""Dates that are missing, written into the text of a file: since when something is there, and what it was before.

Pure: texts and findings in, edits out. What cannot be dated mechanically is left alone; whoever asks compares again.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace

from rpcgen.idl.compat.finding import Finding
from rpcgen.idl.lint.rule import Edit
from rpcgen.idl.model import (
    NO_CONSTRAINTS,
    Alias,
    Constraints,
    Enum,
    Field,
    Interface,
    Named,
    Nullable,
    Struct,
    TypeDef,
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


def version_edit(interface: Interface, version: Version) -> Edit:
    """Return what gives a file another version."""
    return Edit(interface.version_at, f'"{version}"')


def date_edits(
    findings: Iterable[Finding],
    old: Interface,
    new: Interface,
    version: Version,
    texts: Mapping[str, str],
) -> list[Edit]:
    """Return what dates that which is new or wider, in an interface's file and in those that it imports.

    Args:
        findings: of a comparison with `old`; others than those about dates are left out.
        old, new: the release, and what the texts say.
        version: since when it is so.
        texts: the files, by the names that places use; a date in an imported one names the interface.
    """
    files: dict[str, _File | None] = {}
    found: dict[Position, Edit] = {}
    for finding in findings:
        name = finding.place.file
        if name not in files:
            owner = "" if name == new.source else new.name
            files[name] = _file(texts[name], name, version, owner)
        file = files[name]
        for edit in _edits(finding, file, old, new) if file is not None else ():
            found.setdefault(edit.position, edit)
    return list(found.values())


@dataclass(frozen=True, slots=True)
class _File:
    """A file that is being dated.

    Attributes:
        lines: its text.
        version: the date.
        owner: the interface whose version that is, if the file is an imported one; its dates name it.
        tree: the whole of it.
        entries, scalars, maps: its parts, by their places.
    """

    lines: list[str]
    version: Version
    owner: str
    tree: Map
    entries: Mapping[Position, Entry]
    scalars: Mapping[Position, Text]
    maps: Mapping[Position, Map]

    @property
    def since(self) -> str:
        """The date as the value of `since`."""
        return f'{{{self.owner}: "{self.version}"}}' if self.owner else f'"{self.version}"'

    def was(self, older: str) -> str:
        """What something was until the date, as an entry of `was_type`."""
        entry = f'"{self.version}": {older}'
        return f"{self.owner}: {{{entry}}}" if self.owner else entry

    def raised(self, name: str, version: Version) -> Edit | None:
        """Give a type with a version of its own another one."""
        types = self.tree.get("types")
        type_ = types.get(name) if isinstance(types, Map) else None
        said = type_.get("version") if isinstance(type_, Map) else None
        return Edit(said.at, f'"{version}"') if isinstance(said, Text) else None

    def with_key(self, map_: Node, key: str) -> Edit | None:
        """Add a key to a map, in the style that it has."""
        if not isinstance(map_, Map) or not map_.entries:
            return None
        at = map_.at
        if self.lines[at.line - 1][at.column - 1 : at.column] == "{":
            return Edit(Position(at.file, at.line, at.column + 1, 0), f"{key}, ")
        first = next(iter(map_.entries.values())).key.at
        indent = " " * (first.column - 1)
        return Edit(Position(first.file, first.line, first.column, 0), f"{key}\n{indent}")

    def begin(self, map_: Map) -> Edit | None:
        """Say in a map since when what it describes is there; other interfaces may have said so of themselves."""
        since = map_.get("since")
        if since is not None:
            return self.with_key(since, f'{self.owner}: "{self.version}"') if self.owner else None
        return self.with_key(map_, f"since: {self.since}")

    def dated(self, scalar: Text, key: str) -> Edit:
        """Date a short form; it becomes a long one where the date needs more than a version.

        What is quoted keeps its quotes, unless those say that it is meant as it stands.
        """
        if self.owner:
            type_, _, default = (
                scalar.value.partition(" = ") if key == "type" else (scalar.value, "", "")
            )
            said = _quoted(type_) if scalar.plain else json.dumps(type_, ensure_ascii=False)
            given = f", default: {default}" if default else ""
            return Edit(scalar.at, f"{{{key}: {said}{given}, since: {self.since}}}")
        text = f"{scalar.value} since {self.version}"
        return Edit(scalar.at, text if scalar.plain else json.dumps(text, ensure_ascii=False))


def _file(text: str, name: str, version: Version, owner: str) -> _File | None:
    tree = compose(text, name, Report())
    if not isinstance(tree, Map):
        return None
    nodes = list(_nodes(tree))
    maps = [node for node in nodes if isinstance(node, Map)]
    return _File(
        text.splitlines(),
        version,
        owner,
        tree,
        entries={entry.key.at: entry for each in maps for entry in each.entries.values()},
        scalars={node.at: node for node in nodes if isinstance(node, Text)},
        maps={each.at: each for each in maps},
    )


def _edits(finding: Finding, file: _File, old: Interface, new: Interface) -> list[Edit]:
    """Date one finding; in a type with a version of its own by that, which is raised if it was released."""
    change = finding.change
    owner = new.types.get(change.owner) if change is not None else None
    if change and isinstance(owner, Struct) and owner.version and change.name in owner.fields:
        version = _next_clock(owner.version, old.types.get(owner.name))
        dated = _date(finding, replace(file, version=version, owner=""), old, new)
        edits = [dated, file.raised(owner.name, version) if dated is not None else None]
    else:
        edits = [_date(finding, file, old, new)]
    return [edit for edit in edits if edit is not None]


def _next_clock(now: Version, released: TypeDef | None) -> Version:
    """The version that a type with one of its own needs for what is new in it."""
    is_released = isinstance(released, Struct) and released.version == now
    return Version(now.major, now.minor + 1) if is_released else now


def _date(finding: Finding, file: _File, old: Interface, new: Interface) -> Edit | None:
    """Return what dates one finding; None if it is not about a date."""
    if finding.rule == "since-missing" and finding.path == "target.topic":
        return _topic(file)
    if finding.rule == "since-missing" or (finding.rule == _READ_WITHOUT and file.version.minor):
        return _begin(finding, file, new)
    return _widened(finding, (old, new), file) if finding.rule == "widening-undated" else None


def _begin(finding: Finding, file: _File, new: Interface) -> Edit | None:
    change, place = finding.change, finding.place
    if change is not None and isinstance(new.types.get(change.owner), Enum):
        value = file.scalars.get(place)
        if value is not None:
            return file.dated(value, "value")
        long = file.maps.get(place)
        return file.begin(long) if long is not None else None
    entry = file.entries.get(place)
    if entry is None:
        scalar = file.scalars.get(place)
        return file.dated(scalar, "type") if scalar is not None else None
    if change is not None and change.name.startswith(("call: ", "cast: ")):
        kind, _, to = change.name.partition(": ")
        return _route(entry.value, kind, to, file)
    if isinstance(entry.value, Text):
        return file.dated(entry.value, "type")
    return file.begin(entry.value) if isinstance(entry.value, Map) else None


def _topic(file: _File) -> Edit | None:
    """Say since when clients use the interface's topic."""
    target = file.tree.get("target")
    topic = target.get("topic") if isinstance(target, Map) else None
    if not isinstance(topic, Text):
        return None
    return Edit(topic.at, f"{{name: {_quoted(topic.value)}, since: {file.since}}}")


def _route(method: Node, kind: str, to: str, file: _File) -> Edit | None:
    """Date one route of a method."""
    said = method.get(kind) if isinstance(method, Map) else None
    routes = said.items if isinstance(said, Sequence) else [said]
    for route in routes:
        if isinstance(route, Text) and route.value == to:
            return file.dated(route, "")
    return None


def _widened(finding: Finding, files: tuple[Interface, Interface], file: _File) -> Edit | None:
    """Say what a field was, or since when a type is open."""
    entry, change = file.entries.get(finding.place), finding.change
    if entry is None or change is None:
        return None
    if change.before.startswith("closed "):
        return _opened(entry.value, file)
    field = _old_field(change.path, change.root.name, files[0])
    older = _older(field, *files) if field is not None else None
    if older is None:
        return None
    match entry.value:
        case Map(entries=keys) if "was_type" in keys:
            return _more_history(keys["was_type"].value, older, file)
        case Map() as map_:
            return file.with_key(map_, f"was_type: {{{file.was(older)}}}")
        case Text(value=value):
            kind, _, default = value.partition(" = ")
            now = f"type: {_quoted(kind)}" + (f", default: {default}" if default else "")
            return Edit(entry.value.at, f"{{{now}, was_type: {{{file.was(older)}}}}}")
        case _:
            return None


def _opened(type_: Node, file: _File) -> Edit | None:
    """Say since when a type is open."""
    is_open = type_.get("open") if isinstance(type_, Map) else None
    match is_open:
        case Text():
            return Edit(is_open.at, f"{{since: {file.since}}}")
        case Map():
            return file.begin(is_open)
        case _:
            return None


def _more_history(history: Node, older: str, file: _File) -> Edit | None:
    """Add to what a field was; in an imported file, to what it was in the interface."""
    own = history.get(file.owner) if isinstance(history, Map) else None
    if own is not None:
        return file.with_key(own, f'"{file.version}": {older}')
    return file.with_key(history, file.was(older))


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


def _nodes(tree: Node) -> Iterator[Node]:
    yield tree
    match tree:
        case Map(entries=entries):
            for entry in entries.values():
                yield from _nodes(entry.value)
        case Sequence(items=items):
            for item in items:
                yield from _nodes(item)
        case _:
            pass
