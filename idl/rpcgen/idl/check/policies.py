"""`older`, `send` and older types: is there something that they decide?"""

from __future__ import annotations

from collections.abc import Iterator

from rpcgen.idl.model import Field, Interface, OlderType, Struct
from rpcgen.idl.report import Report
from rpcgen.idl.resolve import names_in, reachable, request_types
from rpcgen.idl.subset import same_form


def check_policies(interface: Interface, report: Report) -> None:
    """Report older types that changed nothing, and policies of what no client sends."""
    for field in _all_fields(interface):
        newer = OlderType(field.type, field.constraints, field.default)
        for until, was in sorted(field.was_type.items(), reverse=True):
            if same_form(was, newer, interface.types):
                message = (
                    f'what "{field.name}" was until {until} is what it was then, so nothing changed'
                )
                report.error("was-unchanged", message, field.position)
            newer = was
    for error in interface.errors.values():
        for field in error.fields.values():
            for key, choice in (("older", field.older), ("send", field.send)):
                if choice is not None:
                    message = f"`{key}` is about requests, and no request holds an error"
                    report.error("useless-key", message, field.position)
    _check_requests(interface, report)


def _check_requests(interface: Interface, report: Report) -> None:
    """Doubt policies of fields that no request leads to."""
    roots = [
        name
        for method in interface.methods.values()
        for type_ in request_types(method)
        for name in names_in(type_)
    ]
    reached = reachable(roots, interface.types)
    for name, struct in interface.types.items():
        if not isinstance(struct, Struct) or name in reached:
            continue
        for field in struct.fields.values():
            if field.older is not None and field.position.file == interface.source:
                message = f'`older` is about requests, and none leads to "{name}"'
                report.warning("older-without-request", message, field.position, hint="remove it")


def _all_fields(interface: Interface) -> Iterator[Field]:
    for method in interface.methods.values():
        yield from method.args.values()
        for form in method.was.values():
            yield from (form.args or {}).values()
    for error in interface.errors.values():
        yield from error.fields.values()
    for type_ in interface.types.values():
        if isinstance(type_, Struct):
            yield from type_.fields.values()
