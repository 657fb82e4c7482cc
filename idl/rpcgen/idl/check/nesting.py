"""Named types and what uses them: no use is older than the type, and none goes on after it ended."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from rpcgen.idl.model import (
    ALWAYS,
    Alias,
    Dated,
    Field,
    Interface,
    Method,
    Named,
    Struct,
    TypeExpr,
    Union,
)
from rpcgen.idl.position import Position
from rpcgen.idl.report import Report
from rpcgen.idl.resolve import names_in
from rpcgen.idl.spans import end_in, spans, start_in, telling
from rpcgen.idl.timeline import spoken
from rpcgen.idl.version import Version


@dataclass(frozen=True, slots=True)
class _Use:
    """Something that has a type, and had others."""

    name: str
    position: Position
    dated: Dated
    outer: Dated
    type: TypeExpr
    was: Mapping[Version, TypeExpr]


def check_nesting(interface: Interface, report: Report) -> None:
    """Report uses of a type from before it began, or from when it was gone."""
    dated = {name: type_.dated for name, type_ in interface.types.items() if type_.dated != ALWAYS}
    if not dated:
        return
    versions = spoken(interface)
    for use in _uses(interface):
        names = {*names_in(use.type), *(n for older in use.was.values() for n in names_in(older))}
        for name in names & dated.keys():
            _check(use, name, dated[name], versions, report)


def _check(
    use: _Use, name: str, type_: Dated, versions: tuple[Version, ...], report: Report
) -> None:
    of_use = (*use.dated.since, *use.dated.until, *use.outer.since, *use.outer.until, *use.was)
    for last in telling(versions, (*of_use, *type_.since, *type_.until)):
        outer = start_in(use.outer.since, last.major)
        outer_end = end_in(use.outer.until, last)
        begin, end = start_in(type_.since, last.major), end_in(type_.until, last)
        for span in spans(use.dated, use.was, use.type, last):
            low, high = max(span.begin, outer or 0), min(span.end, outer_end)
            if outer is None or low >= high or name not in names_in(span.what):
                continue
            if begin is None or low < begin:
                began = type_.since[0] if begin is None else Version(last.major, begin)
                at = Version(last.major, low)
                message = (
                    f'the type "{name}" began at {began}, after "{use.name}" ({at}), which uses it'
                )
                report.error("since-nested", message, use.position)
                return
            if high > end:
                ended = Version(last.major, end)
                message = f'the type "{name}" is gone at {ended}, and "{use.name}" uses it'
                report.error("type-gone", message, use.position)
                return


def _uses(interface: Interface) -> Iterator[_Use]:
    for method in interface.methods.values():
        yield from _method_uses(method)
    for event in interface.events.values():
        yield _Use(event.name, event.position, event.dated, ALWAYS, Named(event.payload), {})
    for error in interface.errors.values():
        yield from (_field_use(field, error.dated) for field in error.fields.values())
    for type_ in interface.types.values():
        match type_:
            case Struct():
                yield from (_own_use(field, type_) for field in type_.fields.values())
                if type_.extends is not None:
                    base = Named(type_.extends)
                    yield _Use(type_.name, type_.position, type_.dated, ALWAYS, base, {})
            case Union():
                for member in type_.members.values():
                    yield _Use(
                        member.tag, member.position, member.dated, type_.dated, member.type, {}
                    )
            case Alias():
                yield _Use(type_.name, type_.position, type_.dated, ALWAYS, type_.type, {})
            case _:
                pass


def _method_uses(method: Method) -> Iterator[_Use]:
    # Arguments belong to a form, and a form to a time: what is undated in it lives as long as the form.
    bounds = sorted(until for until, form in method.was.items() if form.args is not None)
    begins = [(), *((bound,) for bound in bounds)]
    lists = [*(method.was[bound].args or {} for bound in bounds), method.args]
    for begin, args, end in zip(begins, lists, [*((bound,) for bound in bounds), ()], strict=True):
        form = Dated(begin or method.dated.since, end or method.dated.until)
        yield from (_field_use(argument, form) for argument in args.values())
    answers = {
        until: form.returns.type
        for until, form in method.was.items()
        if form.returns is not None and form.returns.type is not None
    }
    if method.returns is not None and not answers:
        yield _Use(method.name, method.position, method.dated, ALWAYS, method.returns, {})


def _own_use(field: Field, struct: Struct) -> _Use:
    """Dates inside a type with a version of its own count on that one, so only the struct's own are left."""
    if struct.version is not None:
        return _Use(field.name, field.position, ALWAYS, struct.dated, field.type, {})
    return _field_use(field, struct.dated)


def _field_use(field: Field, outer: Dated) -> _Use:
    older = {until: older.type for until, older in field.was_type.items()}
    return _Use(field.name, field.position, field.dated, outer, field.type, older)
