"""Types with a version of their own: where they may be used, and what they may extend."""

from __future__ import annotations

from rpcgen.idl.model import Interface, Named, Struct
from rpcgen.idl.report import Report
from rpcgen.idl.resolve import definition_of, lineage, names_in, reachable, request_types


def check_clocks(interface: Interface, report: Report) -> None:
    """Report types with a version of their own in requests, and ones whose base counts otherwise."""
    types = interface.types
    clocks = {
        name
        for name, type_ in types.items()
        if isinstance(type_, Struct) and type_.version is not None
    }
    if not clocks:
        return
    known: dict[str, None] = {}
    for method in interface.methods.values():
        roots = [name for type_ in request_types(method) for name in names_in(type_)]
        found = reachable(roots, types, known=known)
        known |= found
        for name in clocks & found.keys():
            report.error(
                "clock-in-request",
                f'"{name}" has a version of its own, and an argument of "{method.name}" leads to it',
                types[name].position,
                hint="only results, errors and events may hold it; give requests a type of their own",
                related=[(method.position, "the method is here")],
            )
    for type_ in types.values():
        if isinstance(type_, Struct) and type_.extends is not None:
            _check_base(type_, interface, report)


def _check_base(struct: Struct, interface: Interface, report: Report) -> None:
    base = definition_of(Named(struct.extends or ""), interface.types)
    if not isinstance(base, Struct):
        return
    related = [(base.position, "the base is here")]
    if base.version is not None and struct.version is None:
        message = f'"{base.name}" has a version of its own, and "{struct.name}", which extends it, has none'
        hint = 'add version: "1.0", and raise it whenever the base\'s rises'
        report.error("clock-base", message, struct.position, hint=hint, related=related)
    elif struct.version is not None and base.version is None:
        dated = next(
            (
                field
                for part in lineage(base, interface.types)
                for field in part.fields.values()
                if field.dated.since or field.dated.until or field.was or field.was_type
            ),
            None,
        )
        if dated is not None:
            message = f'"{struct.name}" has a version of its own, and "{dated.name}" of its base is dated by the interface\'s'
            hint = "give the base a version of its own, too"
            report.error("clock-base", message, struct.position, hint=hint, related=related)
