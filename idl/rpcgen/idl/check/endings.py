"""What has ended: older messages that still need it, paths that lead over it, and what nobody speaks any more."""

from __future__ import annotations

from collections.abc import Iterator

from rpcgen.idl.model import (
    Dated,
    Enum,
    Error,
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
from rpcgen.idl.resolve import (
    all_fields,
    is_required,
    reachable,
    resolve,
    used_types,
)
from rpcgen.idl.timeline import exists, has_ended, is_spoken, last_spoken
from rpcgen.idl.version import Version


def check_endings(interface: Interface, report: Report) -> None:
    """Report what is gone and still needed, and doubt what is dead."""
    _check_needed(interface, report)
    for method in interface.methods.values():
        _check_paths(method, interface, report)
    _check_spoken(interface, report)


def _check_needed(interface: Interface, report: Report) -> None:
    """Report fields that older messages must have, and for which nothing can be sent."""
    used = used_types(interface.methods.values(), (), interface.errors.values())
    holders: list[Struct | Error] = [*interface.errors.values()]
    for name in reachable(used, interface.types):
        type_ = interface.types[name]
        if isinstance(type_, Struct) and type_.version is None:
            holders.append(type_)
    _check_forms(interface, report)
    for holder in holders:
        if not exists(holder.dated, interface.version):
            continue
        for field in holder.fields.values():
            gone = field.dated.until and not exists(field.dated, interface.version)
            if gone and is_required(field, interface.types):
                last = last_spoken(field.dated, interface)
                if last is not None:
                    message = f'messages of {last} must have the field "{field.name}", and nothing can be sent for it'
                    hint = "give it a default, or say constant: …"
                    report.error("gone-field-needed", message, field.position, hint=hint)


def _check_forms(interface: Interface, report: Report) -> None:
    """Report arguments that end inside an older form: its converter makes what the form had at its end."""
    for method in interface.methods.values():
        for until, form in method.was.items():
            for field in (form.args or {}).values():
                ended = field.dated.until and field.dated.until[-1] < until
                if (
                    ended
                    and is_required(field, interface.types)
                    and is_spoken(field.dated, interface)
                ):
                    end = field.dated.until[-1]
                    message = f'"{field.name}" ends at {end}, inside the form, and messages before must have it'
                    hint = f'write a form of its own, until "{end}"'
                    report.error("gone-field-needed", message, field.position, hint=hint)


def _check_paths(method: Method, interface: Interface, report: Report) -> None:
    """Report paths over what the newest form of a method does not have."""
    at = last_spoken(method.dated, interface)
    paths = [*method.to, *([method.ordering_key] if method.ordering_key is not None else [])]
    for path in paths if at is not None else ():
        argument = method.args.get(path.argument)
        walked = path.argument
        field = argument
        type_: TypeExpr | None = argument.type if argument is not None else None
        for step in (None, *path.steps):
            if isinstance(step, str):
                field = _field(type_, step, interface)
                type_ = field.type if field is not None else None
                walked += f".{step}"
            elif step is not None:
                type_ = _item(type_, interface)
                field = None
            if field is not None and at is not None and not exists(field.dated, at):
                message = f'"{walked}" of the method "{method.name}" does not exist at {at}'
                hint = "callers of the newest form cannot give it"
                report.error("path-gone", message, path.position, hint=hint)
                break


def _field(type_: TypeExpr | None, name: str, interface: Interface) -> Field | None:
    resolved = resolve(type_, interface.types) if type_ is not None else None
    base = resolved.base if resolved is not None else None
    struct = interface.types.get(base.name) if isinstance(base, Named) else None
    return all_fields(struct, interface.types).get(name) if isinstance(struct, Struct) else None


def _item(type_: TypeExpr | None, interface: Interface) -> TypeExpr | None:
    resolved = resolve(type_, interface.types) if type_ is not None else None
    return getattr(resolved.base, "item", None) if resolved is not None else None


def _check_spoken(interface: Interface, report: Report) -> None:
    """Doubt what no spoken version has; a library's text may serve other interfaces."""
    for name, dated, position in _dated_things(interface):
        if position.file != interface.source or not dated.until:
            continue
        contradicts = any(has_ended(dated.until, begin) for begin in dated.since)
        if not contradicts and not is_spoken(dated, interface):
            message = (
                f'no version that is still spoken has "{name}", which ended at {dated.until[-1]}'
            )
            report.warning("never-spoken", message, position, hint="remove it")
    for name, bounds, position in _histories(interface):
        oldest = interface.serves[0] if interface.serves else interface.version
        dead = [bound for bound in bounds if bound <= Version(oldest.major, 0)]
        if position.file == interface.source and dead:
            message = f'no version that is still spoken is older than {dead[-1]}, until which "{name}" was different'
            report.warning(
                "never-spoken", message, position, hint=f"remove what was until {dead[-1]}"
            )


def _dated_things(interface: Interface) -> Iterator[tuple[str, Dated, Position]]:
    for method in interface.methods.values():
        yield method.name, method.dated, method.position
        for argument in method.args.values():
            yield argument.name, argument.dated, argument.position
    for event in interface.events.values():
        yield event.name, event.dated, event.position
    for error in interface.errors.values():
        yield error.name, error.dated, error.position
        yield from ((field.name, field.dated, field.position) for field in error.fields.values())
    for type_ in interface.types.values():
        yield type_.name, type_.dated, type_.position
        if isinstance(type_, Struct) and type_.version is None:
            for field in type_.fields.values():
                yield field.name, field.dated, field.position
        elif isinstance(type_, Enum):
            for value in type_.members.values():
                yield value.value, value.dated, value.position
        elif isinstance(type_, Union):
            for member in type_.members.values():
                yield member.tag, member.dated, member.position


def _histories(interface: Interface) -> Iterator[tuple[str, list[Version], Position]]:
    for method in interface.methods.values():
        if method.was:
            yield method.name, sorted(method.was), method.position
    for field in _fields(interface):
        if field.was or field.was_type:
            yield field.name, sorted({*field.was, *field.was_type}), field.position


def _fields(interface: Interface) -> Iterator[Field]:
    for method in interface.methods.values():
        yield from method.args.values()
    for error in interface.errors.values():
        yield from error.fields.values()
    for type_ in interface.types.values():
        if isinstance(type_, Struct) and type_.version is None:
            yield from type_.fields.values()
