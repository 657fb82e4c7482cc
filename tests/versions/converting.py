"""The converters of the programs of a history: plain functions for every change that needs one.

They lose information where the change does, and never fail: what matters is that both sides use the same ones.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterator, Mapping
from itertools import zip_longest
from typing import Any
from uuid import UUID

from rpcgen.idl.model import (
    NO_CONSTRAINTS,
    Alias,
    Constraints,
    Enum,
    Field,
    Form,
    Interface,
    ListOf,
    MapOf,
    Method,
    Named,
    Nullable,
    Scalar,
    Struct,
    TypeExpr,
    Union,
)
from rpcgen.idl.version import Version

from tests.versions.reference import Converter, Step
from tests.versions.reference.shapes import fields_of
from tests.versions.reference.valid import Schema

Plain = Any


def converters_of(interface: Interface) -> dict[Step, Converter]:
    """All that the interface needs."""
    return dict(_all(interface))


def _all(interface: Interface) -> Iterator[tuple[Step, Converter]]:
    for struct in interface.types.values():
        for field in struct.fields.values() if isinstance(struct, Struct) else ():
            yield from _of_field(struct.name, field, interface)
    for error in interface.errors.values():
        for field in error.fields.values():
            yield from _of_field(error.name, field, interface)
    for method in interface.methods.values():
        for field in method.args.values():
            yield from _of_field(method.name, field, interface)
        for until, form in method.was.items():
            yield from _of_form(method, until, form, interface)
            for field in (form.args or {}).values():
                yield from _of_field(method.name, field, interface)


def _of_field(owner: str, field: Field, interface: Interface) -> Iterator[tuple[Step, Converter]]:
    versions = sorted(field.was_type)
    for until, after in zip_longest(versions, versions[1:]):
        newer = field if after is None else field.was_type[after]
        older = field.was_type[until]
        # Where the older type is a subset, readers of results alone need a converter.
        converter = Converter(
            to(older.type, older.constraints, interface),
            to(newer.type, newer.constraints, interface),
        )
        yield Step(f"{owner}.{field.name}", until), converter


def _of_form(
    method: Method, until: Version, form: Form, interface: Interface
) -> Iterator[tuple[Step, Converter]]:
    if form.args is not None:
        yield (
            Step(method.name, until),
            Converter(
                _between(method.args, form.args, interface),
                _between(form.args, method.args, interface),
            ),
        )
    if form.returns is not None and form.returns.type is not None:
        assert method.returns is not None
        step = Step(f"{method.name}()", until)
        none = NO_CONSTRAINTS
        yield (
            step,
            Converter(to(form.returns.type, none, interface), to(method.returns, none, interface)),
        )


def to(type_: TypeExpr, limits: Constraints, interface: Interface) -> Callable[[Plain], Plain]:
    """Turn a value into one of a type: an int or a text into the other, what fits into itself, all else into the least."""
    schema = Schema(interface, interface.version)

    def convert(value: Plain) -> Plain:
        choices = [value]
        if isinstance(value, (str, int)):
            choices += [str(value), number(value), min(number(value), int(limits.max or 0))]
        fits = (each for each in choices if not list(schema.value(each, type_, limits, "")))
        return next(fits, None) if value is not None else None

    def fitting(value: Plain) -> Plain:
        made = convert(value)
        fits = not list(schema.value(made, type_, limits, ""))
        return made if fits else least(type_, interface, limits)

    return fitting


def number(text: Plain) -> int:
    """A whole number for any text or number."""
    return int(text) if re.fullmatch("-?[0-9]+", str(text)) else len(str(text))


def _between(
    source: Mapping[str, Field], target: Mapping[str, Field], interface: Interface
) -> Callable[[Plain], Plain]:
    """Carry the first text over, and make up what else has to be there."""

    def convert(given: Plain) -> Plain:
        texts = [given[name] for name, each in source.items() if _is_text(each) and given.get(name)]
        made: dict[str, Plain] = {}
        for name, each in target.items():
            if _is_text(each) and texts:
                made[name] = texts.pop(0)
            elif (
                each.default is None
                and each.constant is None
                and not isinstance(each.type, Nullable)
            ):
                made[name] = least(each.type, interface)
        return made

    return convert


def _is_text(field: Field) -> bool:
    return field.type == Scalar("string") and field.constant is None and not field.dated.until


LEAST: Mapping[str, Plain] = {
    "int": 0,
    "float": 0,
    "bool": False,
    "string": "",
    "bytes": b"",
    "uuid": UUID(int=0),
    "datetime": dt.datetime.fromtimestamp(0, dt.UTC),
    "duration": dt.timedelta(),
    "any": None,
}


def least(type_: TypeExpr, interface: Interface, limits: Constraints = NO_CONSTRAINTS) -> Plain:
    """The value of a type that every version has."""
    match type_:
        case Nullable():
            return None
        case ListOf(item):
            return [least(item, interface)] * (limits.min_size or 0)
        case MapOf():
            return {}
        case Scalar("string"):
            return "a" * (limits.min_size or 0)
        case Scalar(name):
            return max(LEAST[name], limits.min or 0) if name in ("int", "float") else LEAST[name]
        case Named(name):
            definition = interface.types[name]
            match definition:
                case Alias():
                    return least(definition.type, interface, definition.constraints)
                case Enum():
                    return next(
                        each.value for each in definition.members.values() if not each.dated.until
                    )
                case Union():
                    tag, member = next(iter(definition.members.items()))
                    return {tag: least(member.type, interface)}
                case Struct():
                    return {
                        field.name: least(field.type, interface, field.constraints)
                        for field in fields_of(definition, interface).values()
                        if field.default is None
                        and not isinstance(field.type, Nullable)
                        and not field.dated.until
                        and not field.dated.since
                    }
                case _:
                    raise AssertionError(f"unexpected {name}")
