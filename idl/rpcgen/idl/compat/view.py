"""An interface as it was at one version: what existed then, under the names, types and forms of then.

A view is an `Interface` again, without a history: whoever compares two of them need not know of dates. Parts keep their
positions, and their dates for those who tell of them; parts that did not change are the same objects. Names of types
stay. It knows no rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from rpcgen.idl.model import (
    Alias,
    DestinationPath,
    Enum,
    EnumMember,
    Error,
    Event,
    Field,
    Form,
    Index,
    Interface,
    ListOf,
    Method,
    Named,
    Opaque,
    Returns,
    Struct,
    Topic,
    TypeDef,
    Union,
    UnionMember,
)
from rpcgen.idl.resolve import Types, all_fields, definition_of, resolve
from rpcgen.idl.timeline import exists, has_begun, method_name_at, name_at, older
from rpcgen.idl.version import Version

Clocks = Mapping[str, Version]
Member = TypeVar("Member", EnumMember, UnionMember)


def view_at(interface: Interface, at: Version, clocks: Clocks | None = None) -> Interface:
    """Return the interface as it was.

    Args:
        at: a version of the interface.
        clocks: versions of the types that have one of their own; the file's are taken for the others.
    """
    own = clocks or {}
    types = interface.types
    methods = (
        _method(method, types, at)
        for method in interface.methods.values()
        if exists(method.dated, at)
    )
    errors = {
        name: _error(error, at)
        for name, error in interface.errors.items()
        if exists(error.dated, at)
    }
    target = interface.target
    topic = target.topic
    if not has_begun(topic.since, at):
        topic = Topic(target.also[0])
    return replace(
        interface,
        version=at,
        target=replace(target, topic=topic) if topic is not target.topic else target,
        types={name: _type(type_, at, own) for name, type_ in interface.types.items()},
        errors=errors,
        methods={method.name: method for method in methods},
        events={
            name: _event(event, types, at)
            for name, event in interface.events.items()
            if exists(event.dated, at)
        },
    )


def fields_at(fields: Mapping[str, Field], at: Version) -> Mapping[str, Field]:
    """Return the arguments or fields of a version, by what they were called."""
    if not any(_has_history(field) for field in fields.values()):
        return fields
    found = (_field(field, at) for field in fields.values() if exists(field.dated, at))
    return {field.name: field for field in found}


def _has_history(field: Field) -> bool:
    return bool(field.dated.since or field.dated.until or field.was or field.was_type)


def _field(field: Field, at: Version) -> Field:
    if not field.was and not field.was_type:
        return field
    name, form = name_at(field, at), older(field.was_type, at)
    if form is None:
        return replace(field, name=name, was={}, was_type={})
    return replace(
        field,
        name=name,
        type=form.type,
        constraints=form.constraints,
        default=form.default,
        was={},
        was_type={},
    )


def _method(method: Method, types: Types, at: Version) -> Method:
    forms = forms_from(method, at)
    args = next((form.args for form in forms if form.args is not None), method.args)
    routes = next((form.routes for form in forms if form.routes is not None), method.routes)
    now = Returns(method.returns, method.returns_constraints)
    returns = next((form.returns for form in forms if form.returns is not None), now)
    topic = method.topic
    if topic is not None and not has_begun(topic.since, at):
        topic = None
    kept = tuple(route for route in routes if exists(route.dated, at))
    raises = tuple(raised for raised in method.raises if exists(raised.dated, at))
    old_args = fields_at(args, at)
    key = _key_at(method.ordering_key, method.args, types, at)
    unchanged = (
        not method.was
        and old_args is method.args
        and topic is method.topic
        and key is method.ordering_key
        and len(kept) == len(method.routes)
        and len(raises) == len(method.raises)
    )
    if unchanged:
        return method
    return replace(
        method,
        name=method_name_at(method, at),
        args=old_args,
        routes=kept,
        returns=returns.type,
        returns_constraints=returns.constraints,
        raises=raises,
        topic=topic,
        ordering_key=key,
        was={},
    )


def _event(event: Event, types: Types, at: Version) -> Event:
    payload = definition_of(Named(event.payload), types)
    if event.ordering_key is None or not isinstance(payload, Struct):
        return event
    key = _key_at(event.ordering_key, all_fields(payload, types), types, at)
    return event if key is event.ordering_key else replace(event, ordering_key=key)


def _key_at(
    path: DestinationPath | None, fields: Mapping[str, Field], types: Types, at: Version
) -> DestinationPath | None:
    """Return an `ordering_key` by the names of a version; the very same if they are those of now."""
    text = ""
    for step in (path.argument, *path.steps) if path is not None else ():
        if isinstance(step, Index):
            text += f"[{step.number}]"
            continue
        field = fields.get(step)
        text += f".{name_at(field, at) if field is not None else step}"
        fields = _fields_below(field, types)
    text = text.removeprefix(".")
    return (
        path if path is None or not path.argument or text == path.text else replace(path, text=text)
    )


def _fields_below(field: Field | None, types: Types) -> Mapping[str, Field]:
    """Return the fields of the struct that a field holds, or a list of."""
    resolved = resolve(field.type, types) if field is not None else None
    while resolved is not None and isinstance(resolved.base, ListOf):
        resolved = resolve(resolved.base.item, types)
    base = resolved.base if resolved is not None else None
    struct = types.get(base.name) if isinstance(base, Named) else None
    return all_fields(struct, types) if isinstance(struct, Struct) else {}


def forms_from(method: Method, at: Version) -> list[Form]:
    """Return the older forms that a method had at a version and after it, oldest first."""
    return [form for until, form in sorted(method.was.items()) if until > at]


def _error(error: Error, at: Version) -> Error:
    fields = fields_at(error.fields, at)
    return error if fields is error.fields else replace(error, fields=fields)


def _type(type_: TypeDef, at: Version, clocks: Clocks) -> TypeDef:
    match type_:
        case Struct():
            clock = clocks.get(type_.name, type_.version) if type_.version is not None else None
            fields = fields_at(type_.fields, clock or at)
            if fields is type_.fields and clock == type_.version:
                return type_
            return replace(type_, fields=fields, version=clock)
        case Enum():
            values = _there(type_.members, at)
            if values is type_.members and not type_.open_since:
                return type_
            return replace(type_, members=values, open=_open(type_, at), open_since=())
        case Union():
            tags = _there(type_.members, at)
            if tags is type_.members and not type_.open_since:
                return type_
            return replace(type_, members=tags, open=_open(type_, at), open_since=())
        case Alias() | Opaque():
            return type_


def _there(members: Mapping[str, Member], at: Version) -> Mapping[str, Member]:
    if all(exists(member.dated, at) for member in members.values()):
        return members
    return {key: member for key, member in members.items() if exists(member.dated, at)}


def _open(type_: Enum | Union, at: Version) -> bool:
    return type_.open and has_begun(type_.open_since, at)
