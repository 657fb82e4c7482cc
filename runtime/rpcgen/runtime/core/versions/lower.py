"""Writing values of the newest shape for an older version, or for the newest itself (LANGUAGE V1, V4, V5, V7).

Requests are written for the version that the client is pinned to: what that version has no place for is refused or left
out, as `older` says. Results are written for the version that the caller understands: what it does not know is left
out, and values of enums become what `fallback` says.
"""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from typing import Any

import msgspec
from msgspec import inspect
from rpcgen.runtime.core.codec import Codec
from rpcgen.runtime.core.dates import has_begun, minor_in, next_after
from rpcgen.runtime.core.nodes import is_open_union, keeps_absent
from rpcgen.runtime.core.versions.eras import Eras
from rpcgen.runtime.core.versions.kit import Kit
from rpcgen.runtime.core.versions.parts import (
    ALWAYS,
    Unsayable,
    gone_matters,
    is_there,
    name_at,
    since_minor,
    types_before,
)
from rpcgen.runtime.core.versions.placing import Placing
from rpcgen.runtime.core.versions.visiting import Compiler, Found, Visit
from rpcgen.runtime.core.words import Path, is_map
from rpcgen.runtime.dated import Gone, OlderType, Part
from rpcgen.runtime.descriptor import NOTHING, Interface, Version
from rpcgen.runtime.errors import MissingArgument

#: Goes before the names of arguments that the newest version has not, until they find their places.
GONE = "\0"

#: What a step does to a map of fields: `(value, renamed, found, path)`.
Step = Callable[[dict[str, Any], dict[str, Any], Found, Path], None]


class Lowering(Compiler):
    """Builds visits that write values for one version.

    Args:
        interface: whose values.
        at: the version to write for.
        kit: reads and converts single values.
        strict: the values are arguments: nothing that is set may be lost silently.
        whole: fields that the version does not have stay; its readers pass over them.
    """

    def __init__(
        self, interface: Interface, at: Version, kit: Kit, *, strict: bool, whole: bool = False
    ) -> None:
        super().__init__(interface, at)
        self._kit = kit
        self._strict = strict
        self._whole = whole

    def concerns(self, cls: type) -> bool:
        if cls in self.interface.clocks or is_open_union(cls):
            return True
        if cls in self.interface.opened and self._strict:
            return True
        if any(gone_matters(gone, self.at) for gone in self.interface.gone.get(cls, ())):
            return True
        return any(self._matters(part) for part in self.interface.parts.get(cls, {}).values())

    def _matters(self, part: Part) -> bool:
        if (
            not is_there(part, self.at)
            or any(until > self.at for until, _ in part.names)
            or any(older.until > self.at for older in part.types)
        ):
            return True
        # Only requests say which version they need, and leave out what is unset.
        return self._strict and (
            since_minor(part, self.at) > 0
            or (bool(part.since) and not part.always)
            or bool(types_before(part, self.at))
        )

    # --- enums and unions -----------------------------------------------------------------------------------------

    def enum(self, node: inspect.EnumType) -> Visit:
        cls = node.cls
        parts = self.parts_of(cls)
        known = frozenset(member.value for member in cls)
        opened = self.interface.opened.get(cls, ())
        fallbacks = self.interface.fallbacks.get(cls, {})
        strict, at = self._strict, self.at

        def visit(value: Any, found: Found, path: Path) -> Any:
            part = parts.get(value)
            if part is None:
                if strict and opened and value not in known:
                    _note_opening(opened, at, found, path)
                return value
            if is_there(part, at):
                found.minor = max(found.minor, since_minor(part, at))
                return value
            if strict:
                raise Unsayable(path, next_after(part.since, at))
            while value in fallbacks and not is_there(parts.get(value, ALWAYS), at):
                value = fallbacks[value]
                found.changed = True
            return value

        return visit

    def union(self, node: inspect.StructType) -> Visit:
        parts = self.parts_of(node.cls)
        inner = {f.encode_name: self.visit(f.type) for f in node.fields if f.encode_name}
        opened = self.interface.opened.get(node.cls, ())
        strict, at = self._strict, self.at

        def visit(value: Any, found: Found, path: Path) -> Any:
            if not is_map(value):
                return value
            if "" in value:  # an unknown member of an open union goes back to its place
                value.update(value.pop(""))
                found.changed = True
            for tag, item in value.items():
                part = parts.get(tag, ALWAYS)
                if tag not in inner and strict and opened:
                    _note_opening(opened, at, found, (*path, tag))
                elif strict and not is_there(part, at):
                    raise Unsayable((*path, tag), next_after(part.since, at))
                found.minor = max(found.minor, since_minor(part, at))
                visit_item = inner.get(tag)
                if visit_item is not None:
                    value[tag] = visit_item(item, found, (*path, tag))
            return value

        return visit

    # --- structs --------------------------------------------------------------------------------------------------

    def struct(self, node: inspect.StructType) -> Visit:
        cls = node.cls
        clock = self.interface.clocks.get(cls)
        parts = {} if clock is not None else self.parts_of(cls)
        steps = [
            step
            for field in node.fields
            if (step := self._field(field, parts.get(field.encode_name, ALWAYS))) is not None
        ]
        if clock is None:
            steps += [self._gone(gone) for gone in self.interface.gone.get(cls, ())]

        def visit(value: Any, found: Found, path: Path) -> Any:
            if not is_map(value):
                return value
            renamed: dict[str, Any] = {}
            for step in steps:
                step(value, renamed, found, path)
            if renamed:
                value.update(renamed)
                found.changed = True
            return value

        if clock is None:
            return visit
        version = f"{clock.version[0]}.{clock.version[1]}"

        def wrap(value: Any, found: Found, path: Path) -> Any:
            found.changed = True
            return {
                **clock.constants,
                clock.name: clock.type_name,
                clock.version_key: version,
                clock.data: visit(value, found, path),
            }

        return wrap

    def _field(self, field: inspect.Field, part: Part) -> Step | None:
        name = field.encode_name
        default = plain_default(field, self._kit.codec)
        if not is_there(part, self.at) and not self._whole:
            return self._left_out(name, part, default, _may_go(field, part))
        inner = self._retyped(field.type, part)
        wire = name_at(part, name, self.at)
        minor = since_minor(part, self.at) if self._strict else 0
        # Where absent is kept apart, it alone is unset.
        explicit = keeps_absent(field)
        # Null reads as the default, which an older type may have a place for though it has none for null.
        retyped = any(older.until > self.at for older in part.types)
        filled = NOTHING if explicit or not retyped else default
        drops = self._strict and bool(part.since) and not (part.always or explicit)
        is_unset = unset_rule(field.type)
        if inner is None and not minor and not drops and wire == name:
            return None

        def step(value: dict[str, Any], renamed: dict[str, Any], found: Found, path: Path) -> None:
            if name not in value:
                return
            item = value[name]
            if drops and is_unset(item, default):
                del value[name]
                found.changed = True
                return
            if minor > found.minor:
                found.minor = minor
            if item is None and filled is not NOTHING:
                # Visits change lists and maps in place, and the default is everybody's.
                item = deepcopy(filled)
                found.changed = True
            if inner is not None:
                item = value[name] = inner(item, found, (*path, name))
            if wire != name:
                del value[name]
                renamed[wire] = item

        return step

    def _left_out(
        self, name: str, part: Part, default: Any, may_go: Callable[[Any, Any], bool]
    ) -> Step:
        """What becomes of a field that this version does not have; `may_go` says of which value nothing is lost."""
        needs = next_after(part.since, self.at)
        strict = self._strict and part.older != "drop"

        def step(value: dict[str, Any], renamed: dict[str, Any], found: Found, path: Path) -> None:
            if name not in value:
                return
            item = value.pop(name)
            found.changed = True
            if strict and not may_go(item, default):
                raise Unsayable((*path, name.removeprefix(GONE)), needs)

        return step

    def _gone_left_out(self, gone: Gone) -> Step:
        may_go = _silence(inspect.type_info(gone.type), gone.part)
        return self._left_out(GONE + gone.name, gone.part, gone.value, may_go)

    def _gone(self, gone: Gone) -> Step:
        """The place of something that the newest version has not."""
        part, at = gone.part, self.at
        there = is_there(part, at)
        wire, minor = name_at(part, gone.name, at), since_minor(part, at)
        is_unset = unset_rule(inspect.type_info(gone.type))
        left_out = self._gone_left_out(gone)
        over = minor_in(part.until, at[0]) if gone.needed and not gone.constant else 0
        ended = not there and has_begun(part.since, at)
        inner = None if gone.constant else self._retyped(inspect.type_info(gone.type), part)
        drops = bool(part.since) and not part.always and not gone.constant

        def step(value: dict[str, Any], renamed: dict[str, Any], found: Found, path: Path) -> None:
            if ended:
                value.pop(GONE + gone.name, None)
                found.minor = max(found.minor, over)
                return
            if not there:
                left_out(value, renamed, found, path)
                return
            item = value.pop(GONE + gone.name, NOTHING)
            if item is NOTHING:
                # Visits change lists and maps in place, and the table is everybody's.
                item = deepcopy(gone.value)
            if drops and is_unset(item, gone.value):
                return
            if item is NOTHING and not gone.needed:
                return
            if item is NOTHING:
                raise MissingArgument(
                    f"argument {gone.name!r} is missing, messages of {at[0]}.{at[1]} need it",
                    path=gone.name,
                )
            found.minor = max(found.minor, minor)
            where = (*path, gone.name)
            renamed[wire] = item if inner is None else inner(item, found, where)

        return step

    def younger(self, node: inspect.StructType) -> Visit:
        """The visit that only asks whether this version's lack of younger fields loses something."""
        parts = self.parts_of(node.cls)
        steps = [
            self._left_out(f.encode_name, part, plain_default(f, self._kit.codec), _may_go(f, part))
            for f in node.fields
            if not is_there(part := parts.get(f.encode_name, ALWAYS), self.at)
        ]
        steps += [
            self._gone_left_out(gone)
            for gone in self.interface.gone.get(node.cls, ())
            if not has_begun(gone.part.since, self.at)
        ]

        def visit(value: Any, found: Found, path: Path) -> Any:
            for step in steps:
                step(value, {}, found, path)
            return value

        return visit

    # --- types that changed ---------------------------------------------------------------------------------------

    def _retyped(self, node: inspect.Type, part: Part) -> Visit | None:
        """The visit of a field whose type may have been another one."""
        later = [older for older in part.types if older.until > self.at][::-1]
        before = types_before(part, self.at) if self._strict else []
        if not later and not before:
            return self.visit(node)
        place = Placing().visit(node)
        down: list[tuple[OlderType, inspect.Type, Callable[[Any, Path], Any] | None]] = []
        for older in later:
            convert = self._conversion(older, node)
            node = inspect.type_info(older.type)
            down.append((older, node, convert))
        inner = self.visit(node)
        eras = Eras(before, self._kit, self._at_version)
        narrowed, readable = self._kit.narrowed, self._kit.readable
        tolerant = not self._strict

        def visit(value: Any, found: Found, path: Path) -> Any:
            if place is not None:  # what follows reads it as a message
                value = place(value, found, path)
            for older, of, convert in down:
                narrow = NOTHING if older.convert else narrowed(of, value)
                if narrow is NOTHING and convert is not None:
                    narrow = convert(value, path)
                elif narrow is NOTHING and tolerant:
                    narrow = readable(of, value)
                if narrow is NOTHING:
                    raise Unsayable(path, older.until)
                found.changed = found.changed or narrow is not value
                value = narrow
            try:
                return eras.visit(value, inner, found, path)
            except Unsayable as unsayable:
                if down and (unsayable.needs is None or down[-1][0].until < unsayable.needs):
                    raise Unsayable(unsayable.path, down[-1][0].until) from None
                raise

        return visit

    def _at_version(self, at: Version) -> Lowering:
        return Lowering(self.interface, at, self._kit, strict=True)

    def _conversion(
        self, older: OlderType, newer: inspect.Type
    ) -> Callable[[Any, Path], Any] | None:
        stem = older.convert or ("" if self._strict else older.narrow)
        if not stem:
            return None
        return self._kit.conversion(f"down_{stem}", newer, older.type, strict=True)


def _note_opening(opened: tuple[Version, ...], at: Version, found: Found, path: Path) -> None:
    """A value that nobody knows needs the version at which its type was opened."""
    if not has_begun(opened, at):
        raise Unsayable(path, next_after(opened, at))
    found.minor = max(found.minor, minor_in(opened, at[0]))


def plain_default(field: inspect.Field, codec: Codec) -> Any:
    """What an absent field reads as, as it would travel; NOTHING if it has to be there."""
    default: Any = NOTHING
    if field.default is not msgspec.NODEFAULT and field.default is not msgspec.UNSET:
        default = field.default
    elif field.default_factory is not msgspec.NODEFAULT:
        default = field.default_factory()
    if default is NOTHING:
        return NOTHING
    return msgspec.to_builtins(default, builtin_types=codec.native)


def _may_go(field: inspect.Field, part: Part) -> Callable[[Any, Any], bool]:
    """Which values of a field may be left out of a message that has no place for it."""
    if keeps_absent(field):
        return lambda value, default: False  # it is there, so it is a value
    return _silence(field.type, part)


def _silence(node: inspect.Type, part: Part) -> Callable[[Any, Any], bool]:
    """Which values of a type lose nothing when they are left out, as `older` says."""
    return unset_rule(node) if part.older == "refuse_if_set" else not_given


def unset_rule(node: inspect.Type) -> Callable[[Any, Any], bool]:
    """LANGUAGE 2: None, an empty string, list or map, or equal to the default of the same type.

    A struct is no map, however little there is in it.
    """
    parts = node.types if isinstance(node, inspect.UnionType) else (node,)
    if any(isinstance(part, inspect.StructType) for part in parts):
        return not_given
    return lambda value, default: value in ("", [], {}) or not_given(value, default)


def not_given(value: Any, default: Any) -> bool:
    """What a caller's silence looks like: None, or the default."""
    return value is None or (type(value) is type(default) and value == default)
