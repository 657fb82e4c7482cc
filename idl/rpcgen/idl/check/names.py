"""Names at other versions: two arguments, fields or methods that go by one name at the same time."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import pairwise

from rpcgen.idl.model import Dated, Error, Field, Interface, Method, Struct
from rpcgen.idl.position import Position
from rpcgen.idl.report import Report
from rpcgen.idl.resolve import Types, all_fields, error_fields
from rpcgen.idl.spans import spans
from rpcgen.idl.timeline import method_names, spoken
from rpcgen.idl.version import Version


@dataclass(frozen=True, slots=True)
class _Bearer:
    """Something that goes by a name, and by others before."""

    name: str
    was: Mapping[Version, str]
    dated: Dated
    position: Position
    own: bool = True


def check_names(interface: Interface, report: Report) -> None:
    """Report names that lead to two things at some version that is spoken."""
    versions = spoken(interface)
    for method in interface.methods.values():
        for args in (method.args, *(form.args or {} for form in method.was.values())):
            _check_members(args.values(), args, versions, report)
    for struct in interface.types.values():
        if isinstance(struct, Struct) and _may_clash(struct, interface.types):
            clock = (struct.version,) if struct.version is not None else versions
            fields = all_fields(struct, interface.types).values()
            _check_members(fields, struct.fields, clock, report)
    for error in interface.errors.values():
        _check_error(error, interface, versions, report)
    bearers = [_method_bearer(method) for method in interface.methods.values()]
    _check("bad-method-was", "the method", bearers, versions, report)


def _may_clash(struct: Struct, types: Types) -> bool:
    """Say whether a struct is worth a look: some name of it, or of a base, is not the first."""
    base = types.get(struct.extends) if struct.extends is not None else None
    return base is not None or any(field.was for field in struct.fields.values())


def _check_error(
    error: Error, interface: Interface, versions: tuple[Version, ...], report: Report
) -> None:
    if error.extends is not None or any(field.was for field in error.fields.values()):
        fields = error_fields(error, interface.errors)
        _check_members(fields.values(), error.fields, versions, report)


def _check_members(
    fields: Iterable[Field],
    own: Mapping[str, Field],
    versions: tuple[Version, ...],
    report: Report,
) -> None:
    members = list(fields)
    if any(field.was for field in members):
        bearers = [
            _Bearer(field.name, field.was, field.dated, field.position, field.name in own)
            for field in members
        ]
        _check("bad-was", "", bearers, versions, report)


def _method_bearer(method: Method) -> _Bearer:
    return _Bearer(method.name, method_names(method), method.dated, method.position)


def _check(
    rule: str,
    what: str,
    bearers: Iterable[_Bearer],
    versions: tuple[Version, ...],
    report: Report,
) -> None:
    """Look at the names that several go by, at whatever time; most have one bearer only."""
    groups: dict[str, dict[str, _Bearer]] = {}
    for bearer in bearers:
        for name in (bearer.name, *bearer.was.values()):
            groups.setdefault(name, {})[bearer.name] = bearer
    for name, group in groups.items():
        if len(group) > 1 and any(bearer.own for bearer in group.values()):
            for last in versions:
                if _overlap(rule, what, name, list(group.values()), last, report):
                    break


def _overlap(
    rule: str, what: str, name: str, group: list[_Bearer], last: Version, report: Report
) -> bool:
    """Report the first two that go by a name at one minor; True if there are any."""
    taken = [
        (span.begin, span.end, number)
        for number, bearer in enumerate(group)
        for span in spans(bearer.dated, bearer.was, bearer.name, last)
        if span.what == name
    ]
    taken.sort()
    for (_, end, first), (begin, _, second) in pairwise(taken):
        if begin < end:
            one, two = group[first], group[second]
            if two.name == name:
                one, two = two, one
            at = Version(last.major, begin)
            kind = f"{what} " if what else ""
            message = f'"{name}", the older name of {kind}"{two.name}", is "{one.name}" at {at}'
            if one.name != name:
                message = f'"{name}" is an older name of "{one.name}" and of "{two.name}" at {at}'
            hint = "date the two, so that the one is gone before the other has its name"
            related = [(one.position, f'"{one.name}" is here')]
            report.error(rule, message, two.position, hint=hint, related=related)
            return True
    return False
