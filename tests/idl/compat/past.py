"""A file as it was when one of its versions was the newest: what came later is gone, what was before is still told."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TypeVar

from rpcgen.idl import Dated, Enum, Field, Interface, Method, Struct, Topic, TypeDef, Union, Version
from rpcgen.idl.timeline import exists, has_begun, method_name_at, name_at, older

T = TypeVar("T")


def past(interface: Interface, at: Version) -> Interface:
    """Return the file of a version."""
    methods = [_method(m, at) for m in interface.methods.values() if exists(m.dated, at)]
    topic = interface.target.topic
    if not has_begun(topic.since, at):
        topic = Topic(interface.target.also[0])
    return replace(
        interface,
        version=at,
        serves=tuple(version for version in interface.serves if version.major < at.major),
        target=replace(interface.target, topic=topic),
        types={name: _type(type_, at) for name, type_ in interface.types.items()},
        methods={method.name: method for method in methods},
        errors={
            name: replace(error, fields=_fields(error.fields, at))
            for name, error in interface.errors.items()
            if exists(error.dated, at)
        },
        events={name: e for name, e in interface.events.items() if exists(e.dated, at)},
    )


def _before(history: Mapping[Version, T], at: Version) -> dict[Version, T]:
    return {until: what for until, what in history.items() if until <= at}


def _dated(dated: Dated, at: Version) -> Dated:
    since, until = (tuple(b for b in bounds if b <= at) for bounds in (dated.since, dated.until))
    return Dated(since, until)


def _fields(fields: Mapping[str, Field], at: Version) -> dict[str, Field]:
    """What exists, and what had ended before, which older messages still have."""
    known = [
        f for f in fields.values() if has_begun(f.dated.since, at) or _dated(f.dated, at).since
    ]
    found = [_field(field, at) for field in known]
    return {field.name: field for field in found}


def _field(field: Field, at: Version) -> Field:
    form = older(field.was_type, at)
    now = replace(
        field,
        name=name_at(field, at),
        was=_before(field.was, at),
        was_type=_before(field.was_type, at),
        dated=_dated(field.dated, at),
    )
    if form is None:
        return now
    return replace(now, type=form.type, constraints=form.constraints, default=form.default)


def _method(method: Method, at: Version) -> Method:
    forms = [form for until, form in sorted(method.was.items()) if until > at]
    args = next((form.args for form in forms if form.args is not None), method.args)
    returns = next((form.returns for form in forms if form.returns is not None), None)
    routes = next((form.routes for form in forms if form.routes is not None), method.routes)
    return replace(
        method,
        name=method_name_at(method, at),
        args=_fields(args, at),
        routes=tuple(r for r in routes if exists(r.dated, at)),
        raises=tuple(r for r in method.raises if exists(r.dated, at)),
        returns=method.returns if returns is None else returns.type,
        topic=method.topic if method.topic and has_begun(method.topic.since, at) else None,
        was=_before(method.was, at),
        dated=_dated(method.dated, at),
    )


def _type(type_: TypeDef, at: Version) -> TypeDef:
    match type_:
        case Struct(version=None):
            return replace(type_, fields=_fields(type_.fields, at))
        case Enum():
            return replace(
                type_, members={k: m for k, m in type_.members.items() if exists(m.dated, at)}
            )
        case Union():
            return replace(
                type_, members={k: m for k, m in type_.members.items() if exists(m.dated, at)}
            )
        case _:
            return type_
