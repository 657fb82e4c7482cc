"""Every name of the interface as a Python name, decided once for all files of the package.

The rules, which users rely on (changing one renames things in their code):

- A name that generated code or Python needs for itself gets an underscore: `from` is `from_`, a type `Client` is
  `Client_`; so does a member that is called like a type of its interface, and a package that is called like a
  module which packages import: `uuid_`. What travels keeps its name.
- A member of an enum is called as the file says, else as its value, in capitals, with `_` for what no name can have,
  and with a `V` before a digit: `1.2` is `V1_2`.
- The arguments of a method's older form are `GetHostUntil5x3Args`, and what converts them is named `get_host_until_5_3`.
- Of a method that can be called and cast, the kind that is written first has the plain name, the other one ends in
  `_call` or `_cast`.

Two things that would have one name are a mistake of the file: both places are reported.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable
from dataclasses import dataclass, field

from rpcgen.codegen import reserved
from rpcgen.codegen.conversions import FieldConversion, FormConversion, conversions
from rpcgen.codegen.history import (
    has_history,
    spoken_events,
    spoken_forms,
    spoken_members,
    spoken_routes,
)
from rpcgen.codegen.inheritance import error_fields, struct_fields
from rpcgen.idl.diagnostics import Diagnostic
from rpcgen.idl.model import Enum, Field, Interface, Method, Opaque, Struct, Union
from rpcgen.idl.position import Position
from rpcgen.idl.version import Version

RULE = "python-name-clash"

_OTHER = re.compile("[^A-Za-z0-9]+")


@dataclass(slots=True)
class Names:
    """The Python names of one interface. Keys are names in the file; values Python's.

    Attributes:
        members: of each struct (inherited ones included), enum (by value) and union (by tag).
        errors, error_structs: an error's exception class, and the struct of its fields.
        error_members, arguments: fields of each error, arguments of each method.
        methods: what a client and an endpoint call the method.
        other_kind: what a client calls the method's second kind, if it has one.
        constants, argument_structs: the method's descriptor, and the struct of its arguments.
        client_converters, server_converters: classes; empty if there is nothing to convert.
        supports, async_supports: classes; empty if all methods are as they were from the start.
        publisher, async_publisher, subscriber, async_subscriber: classes; empty if there are no events.
        events, event_constants: what publishers and subscribers call the event, and its descriptor.
        form_structs, form_arguments: of older forms that have arguments of their own, by method and version.
        clashes: mistakes; with any of them, the names are of no use.
    """

    package: str
    client: str
    async_client: str
    endpoint: str
    async_endpoint: str
    client_converters: str = ""
    server_converters: str = ""
    supports: str = ""
    async_supports: str = ""
    publisher: str = ""
    async_publisher: str = ""
    subscriber: str = ""
    async_subscriber: str = ""
    types: dict[str, str] = field(default_factory=dict[str, str])
    members: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    errors: dict[str, str] = field(default_factory=dict[str, str])
    error_structs: dict[str, str] = field(default_factory=dict[str, str])
    error_members: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    methods: dict[str, str] = field(default_factory=dict[str, str])
    other_kind: dict[str, str] = field(default_factory=dict[str, str])
    constants: dict[str, str] = field(default_factory=dict[str, str])
    events: dict[str, str] = field(default_factory=dict[str, str])
    event_constants: dict[str, str] = field(default_factory=dict[str, str])
    argument_structs: dict[str, str] = field(default_factory=dict[str, str])
    arguments: dict[str, dict[str, str]] = field(default_factory=dict[str, dict[str, str]])
    form_structs: dict[tuple[str, Version], str] = field(
        default_factory=dict[tuple[str, Version], str]
    )
    form_arguments: dict[tuple[str, Version], dict[str, str]] = field(
        default_factory=dict[tuple[str, Version], dict[str, str]]
    )
    clashes: list[Diagnostic] = field(default_factory=list[Diagnostic])


def resolve(interface: Interface) -> Names:
    """Name everything; also in the draft of an interface that was refused, whose clashes are mistakes like others."""
    stem = camel(interface.name.rpartition(".")[2])
    names = Names(
        package=package_name(interface.name),
        client=_escape(f"{stem}Client", reserved.TYPES),
        async_client=_escape(f"Async{stem}Client", reserved.TYPES),
        endpoint=_escape(f"{stem}Endpoint", reserved.TYPES),
        async_endpoint=_escape(f"Async{stem}Endpoint", reserved.TYPES),
    )
    _Resolver(interface, names).run()
    return names


def package_name(interface: str) -> str:
    """`nova.compute` is `nova_compute`."""
    return _escape(_OTHER.sub("_", interface), reserved.PACKAGES)


def camel(name: str) -> str:
    """`get_console_output` is `GetConsoleOutput`; capitals stay."""
    return "".join(part[:1].upper() + part[1:] for part in _OTHER.split(name))


def member_name(value: str) -> str:
    """The name that the rule gives to a value of an enum; empty if it gives none."""
    name = _OTHER.sub("_", value).strip("_").upper()
    return f"V{name}" if name[:1].isdigit() else name


def _escape(name: str, taken: Container[str]) -> str:
    while name in taken:
        name += "_"
    return name


class _Table:
    """Names that must differ, each with what it stands for and where that is."""

    def __init__(self, clashes: list[Diagnostic]) -> None:
        self._clashes = clashes
        self.found: dict[str, tuple[str, Position]] = {}

    def add(self, name: str, what: str, at: Position) -> None:
        first = self.found.setdefault(name, (what, at))
        if first != (what, at):
            self._clashes.append(
                Diagnostic(
                    RULE,
                    f"{what} would be called {name} in Python, and so would {first[0]}",
                    at,
                    hint="rename one of them",
                    related=((first[1], f"{first[0]} is here"),),
                )
            )


_CLASSES = {
    "client": "the client",
    "async_client": "the async client",
    "endpoint": "the endpoint",
    "async_endpoint": "the async endpoint",
    "client_converters": "what clients convert with",
    "server_converters": "what servers convert with",
    "supports": "what the client asks with",
    "async_supports": "what the async client asks with",
    "publisher": "the publisher",
    "async_publisher": "the async publisher",
    "subscriber": "the subscriber",
    "async_subscriber": "the async subscriber",
}


class _Resolver:
    """Fills a `Names`. Package-level names come first, since members keep out of their way."""

    def __init__(self, interface: Interface, names: Names) -> None:
        self._interface = interface
        self._names = names
        self._package = _Table(names.clashes)

    def run(self) -> None:
        self._name_history()
        at = self._interface.position
        for name, what in _CLASSES.items():
            if chosen := getattr(self._names, name):
                self._package.add(chosen, what, at)
        self._name_types()
        self._name_errors()
        self._name_methods()
        self._name_members()
        self._name_events()
        self._names.clashes.sort(key=lambda clash: clash.position)

    def _name_history(self) -> None:
        """The classes that only interfaces with older versions, or with events, have."""
        names, stem = self._names, camel(self._interface.name.rpartition(".")[2])
        if has_history(self._interface):
            names.supports = _escape(f"{stem}Supports", reserved.TYPES)
            names.async_supports = _escape(f"Async{stem}Supports", reserved.TYPES)
        if spoken_events(self._interface):
            names.publisher = _escape(f"{stem}Publisher", reserved.TYPES)
            names.async_publisher = _escape(f"Async{stem}Publisher", reserved.TYPES)
            names.subscriber = _escape(f"{stem}Subscriber", reserved.TYPES)
            names.async_subscriber = _escape(f"Async{stem}Subscriber", reserved.TYPES)
        converters = _Table(names.clashes)
        for each in conversions(self._interface):
            if each.for_client:
                names.client_converters = f"{stem}ClientConverters"
            if each.for_server:
                names.server_converters = f"{stem}ServerConverters"
            match each:
                case FieldConversion():
                    what, at = f'the converter of "{each.field.name}"', each.field.position
                case FormConversion():
                    what, at = f'the converter of method "{each.method.name}"', each.form.position
            converters.add(each.stem, f"{what} until {each.until}", at)

    def _name_types(self) -> None:
        for name, definition in self._interface.types.items():
            chosen = _escape(name, reserved.TYPES)
            self._names.types[name] = chosen
            self._package.add(chosen, f'type "{name}"', definition.position)

    def _name_errors(self) -> None:
        for name, error in self._interface.errors.items():
            chosen = _escape(name, reserved.TYPES)
            struct = _escape(f"{chosen.rstrip('_')}Fields", reserved.TYPES)
            self._names.errors[name] = chosen
            self._names.error_structs[name] = struct
            self._package.add(chosen, f'error "{name}"', error.position)
            self._package.add(struct, f'the fields of error "{name}"', error.position)

    def _name_methods(self) -> None:
        for name, method in self._interface.methods.items():
            constant = _escape(name.upper(), reserved.TYPES)
            struct = _escape(f"{camel(name)}Args", reserved.TYPES)
            self._names.constants[name] = constant
            self._names.argument_structs[name] = struct
            self._package.add(constant, f'the descriptor of method "{name}"', method.position)
            if method.args:
                what = f'the arguments of method "{name}"'
                self._package.add(struct, what, method.position)
            for until, form in spoken_forms(method, self._interface):
                if form.args:
                    struct = f"{camel(name)}Until{until.major}x{until.minor}Args"
                    self._names.form_structs[name, until] = struct
                    what = f'the arguments of method "{name}" until {until}'
                    self._package.add(struct, what, form.position)

    def _name_members(self) -> None:
        names = self._names
        taken = self._package.found.keys() | reserved.MODULE
        self._member_words = taken | reserved.MEMBERS
        self._error_words = taken | reserved.ERROR_FIELDS
        self._union_words = taken | reserved.UNION_MEMBERS
        self._method_words = taken | reserved.METHODS
        for name, definition in self._interface.types.items():
            match definition:
                case Struct():
                    fields = struct_fields(self._interface, definition)
                    names.members[name] = self._fields(fields, "field", self._member_words)
                case Enum():
                    names.members[name] = self._enum(definition)
                case Union():
                    names.members[name] = self._union(definition)
                case Opaque():
                    self._check_attributes(definition)
                case _:
                    pass
        for name, error in self._interface.errors.items():
            fields = error_fields(self._interface, error)
            names.error_members[name] = self._fields(fields, "field", self._error_words)
        attributes = _Table(names.clashes)
        for method in self._interface.methods.values():
            arguments = list(method.args.values())
            names.arguments[method.name] = self._fields(arguments, "argument", self._member_words)
            for until, form in spoken_forms(method, self._interface):
                older = list((form.args or {}).values())
                names.form_arguments[method.name, until] = self._fields(
                    older, "argument", self._member_words
                )
            self._name_method(method, attributes)

    def _name_method(self, method: Method, attributes: _Table) -> None:
        name = _escape(method.name, self._method_words)
        self._names.methods[method.name] = name
        attributes.add(name, f'method "{method.name}"', method.position)
        kinds = [route.kind for route in spoken_routes(method, self._interface)]
        others = [kind for kind in kinds if kind != kinds[0]]
        if others:
            other = f"{method.name}_{others[0]}"
            self._names.other_kind[method.name] = other
            what = f'the {others[0]} of method "{method.name}"'
            attributes.add(other, what, method.position)

    def _name_events(self) -> None:
        """Their dots become underscores."""
        words = self._package.found.keys() | reserved.MODULE | reserved.EVENTS
        attributes = _Table(self._names.clashes)
        for event in spoken_events(self._interface):
            what = f'event "{event.name}"'
            name = self._names.events[event.name] = _escape(event.name.replace(".", "_"), words)
            attributes.add(name, what, event.position)
            constant = f"{_OTHER.sub('_', event.name).upper()}_EVENT"
            self._names.event_constants[event.name] = constant
            self._package.add(constant, f"the descriptor of {what}", event.position)

    def _fields(self, fields: Iterable[Field], what: str, words: Container[str]) -> dict[str, str]:
        table = _Table(self._names.clashes)
        found: dict[str, str] = {}
        for each in fields:
            found[each.name] = _escape(each.name, words)
            table.add(found[each.name], f'{what} "{each.name}"', each.position)
        return found

    def _enum(self, enum: Enum) -> dict[str, str]:
        table = _Table(self._names.clashes)
        found: dict[str, str] = {}
        for value in spoken_members(enum, self._interface):
            member = enum.members[value]
            name = _escape((member.name or member_name(value)).lstrip("_"), reserved.ENUM_MEMBERS)
            if not name.isidentifier():
                self._clash(
                    f'value "{value}" of enum "{enum.name}" has no name in Python',
                    member.position,
                    "give it one: enum: {NAME: value}",
                )
                continue
            found[value] = name
            table.add(name, f'value "{value}"', member.position)
        return found

    def _union(self, union: Union) -> dict[str, str]:
        table = _Table(self._names.clashes)
        found: dict[str, str] = {}
        for tag in spoken_members(union, self._interface):
            member = union.members[tag]
            found[tag] = _escape(tag, self._union_words)
            table.add(found[tag], f'member "{tag}"', member.position)
        return found

    def _check_attributes(self, opaque: Opaque) -> None:
        """An attribute of the program's own object cannot be renamed here."""
        for name in opaque.attributes:
            if name in self._member_words and name not in {"ctx", "super"}:
                self._clash(
                    f'attribute "{name}" of opaque type "{opaque.name}" has a name that generated code '
                    "needs for itself",
                    opaque.position,
                    "give the object a property of another name",
                )

    def _clash(self, message: str, at: Position, hint: str) -> None:
        self._names.clashes.append(Diagnostic(RULE, message, at, hint=hint))
