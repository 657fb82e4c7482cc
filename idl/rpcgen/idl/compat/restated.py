"""Dates that an older file stated, and the newer one states otherwise.

Whoever was built from the older file names versions by its dates, and whoever was built from the newer one refuses by its
own. The walks over views cannot see that: both files have the part at every version that is compared. It knows no rule.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from rpcgen.idl.compat.change import Change, Reader, Root
from rpcgen.idl.compat.view import forms_from
from rpcgen.idl.contract import dates_text
from rpcgen.idl.model import Dated, Enum, Field, Interface, Method, Struct, Union
from rpcgen.idl.position import Position
from rpcgen.idl.resolve import names_in, reachable, request_types, result_types, used_types
from rpcgen.idl.timeline import method_name_at, name_at, spoken
from rpcgen.idl.version import Version

#: The last minor of each major that both files speak.
_Lasts = Mapping[int, int]
#: When a part begins and ends in one major, and when it was otherwise; None: it is not there at the end of that.
_Stated = tuple[int, int | None, tuple[int, ...]] | None


@dataclass(frozen=True, slots=True)
class _Dates:
    """What a file says of when a part exists, and when it was otherwise.

    Attributes:
        owner: the method, type or error that it belongs to.
        steps: the versions until which it had another name, type or form, or was closed.
    """

    owner: str
    position: Position
    dated: Dated
    steps: tuple[Version, ...] = ()

    @property
    def text(self) -> str:
        """In short, as files write it."""
        words = [dates_text(self.dated).strip()] if dates_text(self.dated) else []
        words += [f"changed in {', '.join(map(str, self.steps))}"] if self.steps else []
        return ", ".join(words) or "no date"


def restated(old: Interface, new: Interface) -> Iterator[Change]:
    """Yield the parts that were there, and have other dates now."""
    lasts = _common(old, new)
    if not lasts:
        return
    before, after = (_parts(each, old.version) for each in (old, new))
    readers: dict[str, Reader] | None = None
    for path, one in before.items():
        two = after.get(path)
        if two is None or (one.dated == two.dated and one.steps == two.steps):
            continue
        if not any(_differs(one, two, major, last) for major, last in lasts.items()):
            continue
        readers = _readers(new) if readers is None else readers
        if reader := readers.get(one.owner):
            yield Change(
                "since",
                "changed",
                Root(reader, one.owner if one.owner in new.methods else ""),
                path,
                two.position,
                owner=two.owner,
                before=one.text,
                after=two.text,
                was_at=one.position,
            )


def _common(old: Interface, new: Interface) -> _Lasts:
    """The majors that both speak; of a major that both serve, what the older file knows of it."""
    now = {version.major for version in spoken(new)}
    return {version.major: version.minor for version in spoken(old) if version.major in now}


def _differs(one: _Dates, two: _Dates, major: int, last: int) -> bool:
    before, after = (_stated(each, major, last) for each in (one, two))
    return before is not None and after is not None and before != after


def _stated(dates: _Dates, major: int, last: int) -> _Stated:
    begun = _bound(dates.dated.since, major)
    ended = _bound(dates.dated.until, major)
    if begun is None:
        begun = 0 if not dates.dated.since or max(dates.dated.since).major < major else last + 1
    if begun > last:
        return None
    steps = sorted({each.minor for each in dates.steps if each.major == major})
    known = tuple(minor for minor in steps if 0 < minor <= last)
    return begun, ended if ended is not None and ended <= last else None, known


def _bound(bounds: Iterable[Version], major: int) -> int | None:
    return next((bound.minor for bound in bounds if bound.major == major), None)


def _parts(interface: Interface, at: Version) -> dict[str, _Dates]:
    """Everything that has dates in a request, a result or an error, by what it was called at a version."""
    return dict(_all(interface, at))


def _all(interface: Interface, at: Version) -> Iterator[tuple[str, _Dates]]:
    for method in interface.methods.values():
        yield from _of_method(method, at)
    for name, error in interface.errors.items():
        yield from _of_fields(name, name, error.fields.values(), at)
    for name, type_ in interface.types.items():
        match type_:
            case Struct(version=None):
                yield from _of_fields(name, name, type_.fields.values(), at)
            case Enum() | Union():
                yield name, _Dates(name, type_.position, Dated(), type_.open_since)
                for each, member in type_.members.items():
                    yield f"{name}.{each}", _Dates(name, member.position, member.dated)
            case _:
                pass


def _of_method(method: Method, at: Version) -> Iterator[tuple[str, _Dates]]:
    name, owner = method_name_at(method, at), method.name
    yield name, _Dates(owner, method.position, method.dated, tuple(sorted(method.was)))
    for route in method.routes:
        yield f"{name} {route.kind} {route.to}", _Dates(owner, method.position, route.dated)
    if all(form.args is None for form in forms_from(method, at)):
        yield from _of_fields(name, owner, method.args.values(), at)


def _of_fields(
    path: str, owner: str, fields: Iterable[Field], at: Version
) -> Iterator[tuple[str, _Dates]]:
    for field in fields:
        steps = tuple(sorted({*field.was, *field.was_type})) if field.was or field.was_type else ()
        dates = _Dates(owner, field.position, field.dated, steps)
        yield f"{path}.{name_at(field, at)}", dates


def _readers(interface: Interface) -> dict[str, Reader]:
    """Who reads each method's arguments, each error and each type, requests first; not what only events hold."""
    methods, types = interface.methods.values(), interface.types
    errors = used_types((), (), interface.errors.values())
    results = [name for each in methods for type_ in result_types(each) for name in names_in(type_)]
    requests = [
        name for each in methods for type_ in request_types(each) for name in names_in(type_)
    ]
    found: dict[str, Reader] = {}
    readers: tuple[tuple[Reader, Iterable[str]], ...] = (
        ("error", [*reachable(errors, types), *interface.errors]),
        ("result", reachable(results, types)),
        ("request", [*reachable(requests, types), *interface.methods]),
    )
    for reader, names in readers:
        for name in names:
            found[name] = reader
    return found
