"""What a client sends (V1, V4, V6, V7): a message in the shape of its shape version, or nothing."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from rpcgen.idl.model import (
    ALWAYS,
    Dated,
    Enum,
    Field,
    Interface,
    Kind,
    ListOf,
    MapOf,
    Method,
    Named,
    OlderType,
    Opaque,
    Route,
    RouteName,
    Scalar,
    Struct,
    TypeExpr,
    Union,
)
from rpcgen.idl.version import Version

from tests.versions.reference.dates import (
    begun,
    exists,
    needed,
    pending,
    shape_version,
    starts_later,
)
from tests.versions.reference.gate import accepts
from tests.versions.reference.messages import Converters, Message, Plain, Reason, Refusal, Step
from tests.versions.reference.shapes import (
    Fields,
    bare,
    field_at,
    fields_of,
    gone,
    is_open,
    is_unset,
    method_at,
    topic_at,
)
from tests.versions.reference.valid import Schema

NO_CONVERTERS: Converters = {}


def write(
    interface: Interface,
    method: str,
    arguments: Mapping[str, Plain],
    pin: Version | None,
    kind: Kind,
    *,
    to: RouteName | None = None,
    converters: Converters = NO_CONVERTERS,
) -> Message | Refusal:
    """The message of a call or cast with arguments under their newest names, or the refusal of the pin."""
    at = shape_version(interface, pin)
    definition = interface.methods[method]
    if at is None or not exists(definition.dated, at):
        bound = needed(definition.dated.since, at) if at is not None else None
        return Refusal(method, (Reason(None, bound),), pin)
    shape = method_at(definition, at)
    route = _route(shape.routes, kind, to)
    if not exists(route.dated, at):
        return Refusal(method, (Reason(None, needed(route.dated.since, at)),), pin)
    writer = Writer(interface, at, converters)
    body = writer.arguments(definition, arguments)
    if writer.reasons:
        return Refusal(method, tuple(writer.reasons), pin)
    topic = topic_at(definition, interface, at)
    message = Message(shape.name, at, at.minor, topic, kind, route.to, body)
    return replace(message, version=_needs(interface, message, route))


def can_be_sent(
    interface: Interface, method: str, argument: str | None, pin: Version | None
) -> bool:
    """Whether a client with a pin can send a method, or an argument of it, at all."""
    at = shape_version(interface, pin)
    definition = interface.methods[method]
    if at is None or not exists(definition.dated, at):
        return False
    return argument is None or exists(definition.args[argument].dated, at)


def _route(routes: tuple[Route, ...], kind: Kind, to: RouteName | None) -> Route:
    """The first route listed is the default."""
    return next(route for route in routes if route.kind == kind and to in (None, route.to))


def _needs(interface: Interface, message: Message, route: Route) -> Version:
    """V1: the lowest version, within its major, whose request schema accepts it."""
    for minor in range(message.version.minor + 1):
        lower = Version(message.version.major, minor)
        # "A dated route counts in needs".
        if exists(route.dated, lower) and not accepts(interface, replace(message, version=lower)):
            return lower
    faults = accepts(interface, message)
    raise AssertionError(f"unexpected message, no version accepts it: {message}, {faults}")


class Writer:
    """Writes plain values in the shape of one version; `reasons` collects what the version cannot carry."""

    def __init__(self, interface: Interface, at: Version, converters: Converters) -> None:
        self.interface = interface
        self.at = at
        self.converters = converters
        self.reasons: list[Reason] = []

    def arguments(self, method: Method, given: Mapping[str, Plain]) -> dict[str, Plain]:
        """All arguments: through the program's converters where the method had another form, else one by one."""
        shape = method_at(method, self.at)
        if shape.step is None:
            return self.fields(method.args, given, method.dated, "", method.name)
        full: dict[str, Plain] = {}
        for field in method.args.values():
            if begun(field.dated.since, self.at):
                full[field.name] = self._filled(field, given.get(field.name))
            else:
                self._newer(
                    field, given.get(field.name), field.name
                )  # "keep their `older:` policy"
                full[field.name] = given.get(field.name)
        if self.reasons:
            return {}
        older = self.converters[shape.step].down(full)
        return self.fields(shape.args, older, ALWAYS, "", method.name)

    def _filled(self, field: Field, value: Plain) -> Plain:
        return field.default.value if value is None and field.default is not None else value

    def fields(
        self, fields: Fields, given: Mapping[str, Plain], whole: Dated, path: str, owner: str
    ) -> dict[str, Plain]:
        """A map of arguments or fields, under the names of the version."""
        body: dict[str, Plain] = {}
        for field in fields.values():
            here = f"{path}.{field.name}" if path else field.name
            value = given.get(field.name)
            if gone(field, self.at):
                continue
            if not begun(field.dated.since, self.at):
                self._newer(field, value, here)
                continue
            name = field_at(field, self.at, self.interface).name
            if field.constant is not None:
                body[name] = field.constant.value
            elif field.presence == "explicit":
                if field.name in given:
                    body[name] = self._value(field, value, here, owner)
            elif self._is_left_out(field, value, whole):
                continue
            else:
                body[name] = self._value(field, self._filled(field, value), here, owner)
        return body

    def _is_left_out(self, field: Field, value: Plain, whole: Dated) -> bool:
        """V7: began later than its method or struct, and is unset."""
        always = "always" in (field.send, self.interface.send)
        return (
            starts_later(field.dated, whole, self.interface)
            and is_unset(value, field, self.interface)
            and not always
        )

    def _newer(self, field: Field, value: Plain, path: str) -> None:
        """V4: a newer argument, or a newer field inside one, follows `older`."""
        if field.constant is not None or field.older == "drop":
            return
        if field.older == "refuse":
            # "refused when given at all": a default that is given cannot be told from one that is filled in.
            default = field.default.value if field.default is not None else None
            given = value is not None and (type(value) is not type(default) or value != default)
        else:
            given = not is_unset(value, field, self.interface)
        if given:
            self.reasons.append(Reason(path, needed(field.dated.since, self.at)))

    def _value(self, field: Field, value: Plain, path: str, owner: str) -> Plain:
        """A value in the type that the field had at the version."""
        type_, subsets = field.type, list[tuple[Version, OlderType]]()
        for until, older in reversed(pending(field.was_type, self.at)):
            if not older.converted:
                subsets.append((until, older))
                continue
            if self._does_not_fit(field, value, subsets, path):
                return None  # there is nothing to convert
            value = self.converters[Step(f"{owner}.{field.name}", until)].down(value)
            type_, subsets = older.type, []
        written = self.value(value, type_, path)
        if subsets and self._does_not_fit(field, written, subsets, path):
            # What is a whole number is written as one where that is all that fits.
            reasons = self.reasons.pop()
            whole = _whole(written)
            if not self._does_not_fit(field, whole, subsets, path):
                return whole
            self.reasons[-1] = reasons
        return written

    def _does_not_fit(
        self, field: Field, value: Plain, subsets: list[tuple[Version, OlderType]], path: str
    ) -> bool:
        """Whether a value is none of the older types, of which every value is one of the next type; the newest first."""
        schema = Schema(self.interface, self.at)
        for until, older in subsets:
            if value is None and older.default is not None:
                continue
            if list(schema.value(value, older.type, older.constraints, path)):
                self.reasons.append(Reason(path, self._first_with(field, value, until)))
                return True
        return False

    def _first_with(self, field: Field, value: Plain, until: Version) -> Version:
        """The lowest later version that has the value: at most the end of the type that has not."""
        for minor in range(self.at.minor + 1, until.minor if until.major == self.at.major else 0):
            later = Version(self.at.major, minor)
            then = field_at(field, later, self.interface)
            if not list(
                Schema(self.interface, later).value(value, then.type, then.constraints, "")
            ):
                return later
        return until

    def value(self, value: Plain, type_: TypeExpr, path: str) -> Plain:
        """A value of a type, shaped for the version all the way down."""
        if value is None:
            return None
        match bare(type_, self.interface).base:
            case ListOf(item):
                return [self.value(x, item, f"{path}[{i}]") for i, x in enumerate(value)]
            case MapOf(_, inner):
                return {k: self.value(x, inner, f"{path}.{k}") for k, x in value.items()}
            case Named(name):
                return self._named(name, value, path)
            case Scalar():
                return value

    def _named(self, name: str, value: Plain, path: str) -> Plain:
        definition = self.interface.types[name]
        match definition:
            case Struct():
                fields = fields_of(definition, self.interface)
                return self.fields(fields, value, definition.dated, path, name)
            case Enum():
                self._member(definition, value, path)
                return value
            case Union():
                ((tag, inner),) = dict[str, Any](value).items()
                here = f"{path}.{tag}"
                self._member(definition, tag, here)
                member = definition.members.get(tag)
                return {tag: inner if member is None else self.value(inner, member.type, here)}
            case Opaque():
                return value
            case _:
                raise AssertionError(f"unexpected {name}: aliases were followed")

    def _member(self, definition: Enum | Union, name: str, path: str) -> None:
        """V4: a newer enum value or union member is refused; so is an unknown one before the type opened."""
        member = definition.members.get(name)
        if member is not None:
            if not exists(member.dated, self.at):
                self.reasons.append(Reason(path, needed(member.dated.since, self.at)))
        elif not is_open(definition, self.at):
            self.reasons.append(Reason(path, needed(definition.open_since, self.at)))


def _whole(value: Plain) -> Plain:
    """A value with whole numbers as ints."""
    match value:
        case float() if value.is_integer():
            return int(value)
        case list():
            return [_whole(each) for each in value]
        case dict():
            return {key: _whole(each) for key, each in value.items()}
        case _:
            return value
