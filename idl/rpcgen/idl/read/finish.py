"""The last steps from parts to an interface: what the parts say about each other is written into them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rpcgen.idl.model import (
    Error,
    Event,
    Field,
    Interface,
    Method,
    Named,
    OlderType,
    Struct,
    TypeDef,
)
from rpcgen.idl.resolve import MAX_CHAIN, Types, definition_of, reachable, used_types
from rpcgen.idl.subset import holds_all
from rpcgen.idl.version import Version


def inherit_retryable(errors: dict[str, Error], inherits: Mapping[str, bool]) -> None:
    """Give errors that leave `retryable` to their base what it says."""
    for name, error in errors.items():
        base: Error | None = error
        for _ in range(MAX_CHAIN):
            if base is None or not inherits[base.name]:
                break
            base = errors.get(base.extends) if base.extends else None
        if base is not None and base.retryable and not error.retryable:
            errors[name] = replace(error, retryable=True)


def mark_converted(
    types: dict[str, TypeDef], errors: dict[str, Error], methods: dict[str, Method]
) -> None:
    """Write into every older type whether the program has to convert it."""
    for name, type_ in types.items():
        if isinstance(type_, Struct) and _has_older(type_.fields):
            types[name] = replace(type_, fields=_marked(type_.fields, types))
    for name, error in errors.items():
        if _has_older(error.fields):
            errors[name] = replace(error, fields=_marked(error.fields, types))
    for name, method in methods.items():
        args = _marked(method.args, types) if _has_older(method.args) else method.args
        forms = {
            version: replace(form, args=_marked(form.args, types))
            for version, form in method.was.items()
            if form.args is not None and _has_older(form.args)
        }
        if forms or args is not method.args:
            methods[name] = replace(method, args=args, was={**method.was, **forms})


def _has_older(fields: Mapping[str, Field]) -> bool:
    return any(field.was_type for field in fields.values())


def _marked(fields: Mapping[str, Field], types: Types) -> dict[str, Field]:
    marked = dict(fields)
    for name, field in fields.items():
        newer = OlderType(field.type, field.constraints, field.default)
        older: dict[Version, OlderType] = {}
        for version, was in sorted(field.was_type.items(), reverse=True):
            older[version] = replace(was, converted=not holds_all(newer, was, types))
            newer = was
        if older:
            marked[name] = replace(field, was_type=dict(sorted(older.items())))
    return marked


def name_structs(types: dict[str, TypeDef], events: dict[str, Event]) -> None:
    """Replace aliases where only a struct can stand: in `extends` and `payload`."""
    for name, type_ in types.items():
        if isinstance(type_, Struct) and type_.extends is not None:
            base = definition_of(Named(type_.extends), types)
            if isinstance(base, Struct) and base.name != type_.extends:
                types[name] = replace(type_, extends=base.name)
    for name, event in events.items():
        payload = definition_of(Named(event.payload), types)
        if isinstance(payload, Struct) and payload.name != event.payload:
            events[name] = replace(event, payload=payload.name)


def without_unreached(interface: Interface, own_types: set[str], own_errors: set[str]) -> Interface:
    """Leave out imported types and errors that nothing of the file's own leads to."""
    errors = _reached_errors(interface, own_errors)
    used = used_types(interface.methods.values(), interface.events.values(), errors.values())
    roots = [*(name for name in interface.types if name in own_types), *used]
    reached = reachable(roots, interface.types)
    kept = {name: type_ for name, type_ in interface.types.items() if name in reached}
    return replace(interface, types=kept, errors=errors)


def _reached_errors(interface: Interface, own: set[str]) -> dict[str, Error]:
    keep: set[str] = set()
    waiting = [name for name in interface.errors if name in own]
    waiting += [interface.refused_as] if interface.refused_as is not None else []
    waiting += [raised.error for method in interface.methods.values() for raised in method.raises]
    while waiting:
        name = waiting.pop()
        if name not in keep and name in interface.errors:
            keep.add(name)
            base = interface.errors[name].extends
            waiting += [base] if base else []
    return {name: error for name, error in interface.errors.items() if name in keep}
