"""Reading values of an older version into the newest shape (LANGUAGE V2, V3, "Server side").

Requests are read strictly: what the version that a message names does not have is refused, what it had to have is
missed, and its older types are checked. Results are read tolerantly: what is not there is not missed here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from msgspec import inspect
from rpcgen.runtime.core.dates import dotted, has_begun, next_after
from rpcgen.runtime.core.nodes import keeps_absent
from rpcgen.runtime.core.versions.kit import Kit
from rpcgen.runtime.core.versions.parts import ALWAYS, is_there, name_at
from rpcgen.runtime.core.versions.visiting import Compiler, Found, Visit
from rpcgen.runtime.core.words import Path, is_map, path_text
from rpcgen.runtime.dated import Clock, Gone, OlderType, Part
from rpcgen.runtime.descriptor import NOTHING, Interface, Since, Version
from rpcgen.runtime.errors import ArgumentNotInVersion, BadResult, MissingArgument

#: What a step does to a map of fields: `(value, lifted, found, path)`; it moves what it reads from one to the other.
Step = Callable[[dict[Any, Any], dict[Any, Any], Found, Path], None]


class Lifting(Compiler):
    """Builds visits that read values of one version.

    Args:
        interface: whose values.
        at: the version that the values have.
        kit: reads and converts single values.
        strict: the values are arguments.
    """

    def __init__(self, interface: Interface, at: Version, kit: Kit, *, strict: bool) -> None:
        super().__init__(interface, at)
        self._kit = kit
        self._strict = strict

    def concerns(self, cls: type) -> bool:
        if cls in self.interface.clocks:
            return True
        if self._strict and not has_begun(self.interface.opened.get(cls, ()), self.at):
            return True
        if self._strict and any(
            is_there(g.part, self.at) for g in self.interface.gone.get(cls, ())
        ):
            return True
        return any(self._matters(part) for part in self.interface.parts.get(cls, {}).values())

    def _matters(self, part: Part) -> bool:
        if not self._strict:
            return any(until > self.at for until, _ in part.names) or any(
                older.convert and older.until > self.at for older in part.types
            )
        return (
            not is_there(part, self.at)
            or any(until > self.at for until, _ in part.names)
            or any(older.until > self.at for older in part.types)
        )

    # --- enums and unions -----------------------------------------------------------------------------------------

    def enum(self, node: inspect.EnumType) -> Visit:
        if not self._strict:
            return _as_it_is
        parts, at = self.parts_of(node.cls), self.at
        known = frozenset(member.value for member in node.cls)
        opened = self.interface.opened.get(node.cls, ())
        closed = not has_begun(opened, at)

        def visit(value: Any, found: Found, path: Path) -> Any:
            part = parts.get(value) if isinstance(value, str) else None
            if part is not None and not is_there(part, at):
                raise _not_in_version(f"the value of {path_text(path)!r}", path, part.since, at)
            if closed and isinstance(value, str) and value not in known:
                raise _not_in_version(f"the value of {path_text(path)!r}", path, opened, at)
            return value

        return visit

    def union(self, node: inspect.StructType) -> Visit:
        strict, at = self._strict, self.at
        parts = self.parts_of(node.cls)
        inner = {f.encode_name: self.visit(f.type) for f in node.fields if f.encode_name}
        opened = self.interface.opened.get(node.cls, ())
        closed = strict and not has_begun(opened, at)

        def visit(value: Any, found: Found, path: Path) -> Any:
            if not is_map(value):
                return value
            for tag, item in value.items():
                part = parts.get(tag, ALWAYS)
                where = (*path, str(tag))
                if strict and not is_there(part, at):
                    raise _not_in_version(repr(path_text(where)), where, part.since, at)
                if closed and tag not in inner:
                    raise _not_in_version(repr(path_text(where)), where, opened, at)
                visit_item = inner.get(tag)
                if visit_item is not None:
                    value[tag] = visit_item(item, found, where)
            return value

        return visit

    # --- structs --------------------------------------------------------------------------------------------------

    def struct(self, node: inspect.StructType) -> Visit:
        clock = self.interface.clocks.get(node.cls)
        return self._map(node, self.at) if clock is None else self._unwrap(node, clock)

    def _map(self, node: inspect.StructType, at: Version) -> Visit:
        """Read a map of fields; their dates count at `at`."""
        steps = self._steps(node, at)

        def visit(value: Any, found: Found, path: Path) -> Any:
            if not is_map(value):
                return value
            lifted: dict[Any, Any] = {}
            for step in steps:
                step(value, lifted, found, path)
            value.update(lifted)
            return value

        return visit

    def _unwrap(self, node: inspect.StructType, clock: Clock) -> Visit:
        """Read what travels in an envelope, by the version that is written there."""
        visits: dict[int, Visit] = {}

        def unwrap(value: Any, found: Found, path: Path) -> Any:
            if not is_map(value) or clock.data not in value:
                return value  # mistyped: the typed reader says so
            minor = _minor_of(value.get(clock.version_key), clock, path)
            visit = visits.get(minor)
            if visit is None:
                # A compiler is for one thread, and this may be any.
                own = Lifting(self.interface, self.at, self._kit, strict=self._strict)
                visit = visits[minor] = own._map(node, (clock.version[0], minor))
            return visit(value[clock.data], found, path)

        return unwrap

    def _steps(self, node: inspect.StructType, at: Version) -> list[Step]:
        parts = self.parts_of(node.cls)
        dated = [(field, parts.get(field.encode_name, ALWAYS)) for field in node.fields]
        if not self._strict:
            return [step for each in dated if (step := self._tolerant(*each, at)) is not None]
        gone = self.interface.gone.get(node.cls, ())
        wires = {
            name_at(part, name, at)
            for name, part in (
                *((field.encode_name, part) for field, part in dated),
                *((each.name, each.part) for each in gone),
            )
            if is_there(part, at)
        }
        steps = [
            step
            for field, part in dated
            if is_there(part, at) and (step := self._field(field, part, wires)) is not None
        ]
        steps += [self._gone(each) for each in gone if is_there(each.part, at)]
        names = [(field.encode_name, part) for field, part in dated]
        names += [(each.name, each.part) for each in gone if not has_begun(each.part.since, at)]
        steps += [
            self._too_new(name, part)
            for name, part in names
            if not is_there(part, at) and name not in wires
        ]
        return steps

    def _field(self, field: inspect.Field, part: Part, wires: set[str]) -> Step | None:
        """Read one field strictly; `wires` are the names of all fields at this version."""
        name, at = field.encode_name, self.at
        wire = name_at(part, name, at)
        inner, absent = self._retyped(field.type, part, explicit=keeps_absent(field))
        if inner is None and wire == name:
            return None
        renamed = next((until for until, _ in part.names if until > at), at)

        def step(value: dict[Any, Any], lifted: dict[Any, Any], found: Found, path: Path) -> None:
            if wire != name and name in value and name not in wires:
                raise ArgumentNotInVersion(
                    f"{path_text((*path, name))!r} is called {wire!r} until {dotted(renamed)}, "
                    f"the message names {dotted(at)}",
                    path=path_text((*path, name)),
                )
            where = (*path, wire)
            item = value.pop(wire, NOTHING)
            if item is None or item is NOTHING:
                default = absent(item, where)
                item = item if default is NOTHING else default
                if item is NOTHING:
                    return
            elif inner is not None:
                item = inner(item, found, where)
            lifted[name] = item

        return step

    def _too_new(self, name: str, part: Part) -> Step:
        at, since = self.at, part.since

        def step(value: dict[Any, Any], lifted: dict[Any, Any], found: Found, path: Path) -> None:
            if name in value:
                where = (*path, name)
                raise _not_in_version(repr(path_text(where)), where, since, at)

        return step

    def _gone(self, gone: Gone) -> Step:
        """Read, check and drop what the newest version has not."""
        part, at = gone.part, self.at
        wire = name_at(part, gone.name, at)
        check = self._kit.check
        older = next((older.type for older in part.types if older.until > at), gone.type)
        of = None if gone.constant else inspect.type_info(older)
        inner = None if of is None else self.visit(of)

        def step(value: dict[Any, Any], lifted: dict[Any, Any], found: Found, path: Path) -> None:
            where = (*path, wire)
            if wire not in value and gone.needed:
                raise _missing(where, at)
            item = value.pop(wire, None)
            if of is not None and (item is not None or gone.needed):
                check(of, item if inner is None else inner(item, found, where), where)

        return step

    def _tolerant(self, field: inspect.Field, part: Part, at: Version) -> Step | None:
        """Read one field of a result."""
        name = field.encode_name
        wire = name_at(part, name, at)
        convert, inner = self._conversions(field.type, part, at), self.visit(field.type)
        if wire == name and convert is None and inner is None:
            return None

        def step(value: dict[Any, Any], lifted: dict[Any, Any], found: Found, path: Path) -> None:
            if wire not in value:
                return
            item = value.pop(wire)
            if convert is not None:
                item = convert(item, (*path, wire))
            elif inner is not None:
                item = inner(item, found, (*path, wire))
            lifted[name] = item

        return step

    # --- types that changed ---------------------------------------------------------------------------------------

    def _retyped(
        self, node: inspect.Type, part: Part, *, explicit: bool
    ) -> tuple[Visit | None, Callable[[Any, Path], Any]]:
        """The visit of a field whose type was another one, and what stands for an absent or null one."""
        later = [older for older in part.types if older.until > self.at]
        if not later:
            return self.visit(node), lambda item, path: NOTHING
        then = inspect.type_info(later[0].type)
        inner, check = self.visit(then), self._kit.check
        convert = self._conversions(node, part, self.at)

        def visit(value: Any, found: Found, path: Path) -> Any:
            if inner is not None:
                value = inner(value, found, path)
            check(then, value, path)
            return value if convert is None else convert(value, path)

        def absent(item: Any, path: Path) -> Any:
            if explicit and item is NOTHING:
                return NOTHING  # and stays absent
            if later[0].default is not NOTHING:
                return later[0].default if convert is None else convert(later[0].default, path)
            if item is NOTHING and not self._kit.accepts(then, None):
                raise _missing(path, self.at)
            check(then, None, path)
            return None if convert is None else convert(None, path)

        return visit, absent

    def _conversions(
        self, node: inspect.Type, part: Part, at: Version
    ) -> Callable[[Any, Path], Any] | None:
        """From the type at a version to the newest, by the program's converters on the way."""
        later = [older for older in part.types if older.until > at]
        targets: list[Any] = [*(older.type for older in later), None][1:]
        functions = [
            self._conversion(older, target, node)
            for older, target in zip(later, targets, strict=True)
            if older.convert
        ]
        if not functions:
            return None

        def convert(value: Any, path: Path) -> Any:
            for function in functions:
                value = function(value, path)
            return value

        return convert

    def _conversion(
        self, older: OlderType, target: Any, newest: inspect.Type
    ) -> Callable[[Any, Path], Any]:
        source = inspect.type_info(older.type)
        name = f"up_{older.convert}"
        of = newest if target is None else inspect.type_info(target)
        return self._kit.conversion(name, source, of, strict=self._strict)


def _as_it_is(value: Any, found: Found, path: Path) -> Any:
    return value


def _minor_of(text: object, clock: Clock, path: Path) -> int:
    """The minor of an envelope's version, at most ours: a newer one is read as well as can be, and no major guessed at."""
    major, _, minor = str(text).partition(".")
    if major != str(clock.version[0]) or not minor.isdecimal():
        raise BadResult(
            f"{path_text(path) or 'the result'} is a {clock.type_name} of version {str(text)[:32]!a}, "
            f"this program reads {dotted(clock.version)}"
        )
    return min(int(minor[:9]), clock.version[1])


def _not_in_version(what: str, path: Path, since: Since, at: Version) -> ArgumentNotInVersion:
    needs = next_after(since, at)
    dated = f"exists since {dotted(needs)}" if needs is not None else "no longer exists"
    return ArgumentNotInVersion(
        f"{what} {dated}, the message names {dotted(at)}", path=path_text(path)
    )


def _missing(path: Path, at: Version) -> MissingArgument:
    return MissingArgument(
        f"argument {path_text(path)!r} is missing, messages of {dotted(at)} need it",
        path=path_text(path),
    )
