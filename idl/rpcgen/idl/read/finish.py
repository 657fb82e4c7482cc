"""The last steps from parts to an interface: what the parts say about each other is written into them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from rpcgen.idl.model import Error, Event, Interface, Named, Struct, TypeDef
from rpcgen.idl.resolve import MAX_CHAIN, definition_of, names_in, reachable


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
    methods = interface.methods.values()
    fields = [field for method in methods for field in method.args.values()]
    fields += [field for error in errors.values() for field in error.fields.values()]
    types = [
        type_
        for field in fields
        for type_ in (field.type, *(older.type for older in field.was_type.values()))
    ]
    types += [method.returns for method in methods if method.returns is not None]
    roots = [name for name in interface.types if name in own_types]
    roots += [name for type_ in types for name in names_in(type_)]
    roots += [event.payload for event in interface.events.values()]
    reached = reachable(roots, interface.types)
    kept = {name: type_ for name, type_ in interface.types.items() if name in reached}
    return replace(interface, types=kept, errors=errors)


def _reached_errors(interface: Interface, own: set[str]) -> dict[str, Error]:
    keep: set[str] = set()
    waiting = [name for name in interface.errors if name in own]
    waiting += [raised.error for method in interface.methods.values() for raised in method.raises]
    while waiting:
        name = waiting.pop()
        if name not in keep and name in interface.errors:
            keep.add(name)
            base = interface.errors[name].extends
            waiting += [base] if base else []
    return {name: error for name, error in interface.errors.items() if name in keep}
