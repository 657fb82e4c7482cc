"""What a program must convert between an older form and a newer one, and what each conversion is called.

Knows nothing of Python text: names of classes, and how types are spelled, are decided elsewhere.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from rpcgen.codegen.history import clock_of, is_past, spoken_forms, spoken_methods
from rpcgen.idl.model import (
    Error,
    Field,
    Form,
    Interface,
    Method,
    OlderType,
    Struct,
    TypeExpr,
)
from rpcgen.idl.resolve import names_in, reachable
from rpcgen.idl.subset import reads_all
from rpcgen.idl.timeline import exists, is_spoken, last_spoken
from rpcgen.idl.version import Version

_HUMP = re.compile("(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")


@dataclass(frozen=True, slots=True)
class FieldConversion:
    """Of a field or argument whose type was another one.

    Attributes:
        owner: the type, error or method that has it.
        newer: what it was next; None: what it is now.
        in_requests, in_answers: what can hold it.
        gone: it ended before the version of the file, so that servers drop it unread.
        narrows: every older value is a newer one, so that only servers convert, in answers to older clients.
    """

    owner: Struct | Error | Method
    field: Field
    until: Version
    older: OlderType
    newer: OlderType | None
    in_requests: bool
    in_answers: bool
    gone: bool
    narrows: bool = False

    @property
    def client_down(self) -> bool:
        """Whether clients write older requests."""
        return self.in_requests and not self.narrows

    @property
    def client_up(self) -> bool:
        """Whether clients read older answers."""
        return self.in_answers and not self.narrows and not self.gone

    @property
    def server_up(self) -> bool:
        """Whether servers read older requests."""
        return self.in_requests and not self.narrows and not self.gone

    @property
    def server_down(self) -> bool:
        """Whether servers write older answers; what has a version of its own they write only as it is now."""
        has_clock = isinstance(self.owner, Struct) and self.owner.version is not None
        return self.in_answers and not has_clock

    @property
    def for_client(self) -> bool:
        """Whether clients convert."""
        return self.client_down or self.client_up

    @property
    def for_server(self) -> bool:
        """Whether servers convert."""
        return self.server_up or self.server_down

    @property
    def stem(self) -> str:
        """What the names of the converters have in common."""
        return field_stem(self.owner.name, self.field, self.until)


@dataclass(frozen=True, slots=True)
class FormConversion:
    """Of a whole method."""

    method: Method
    form: Form
    until: Version
    for_client = True
    for_server = True

    @property
    def stem(self) -> str:
        """What the names of the converters have in common."""
        return form_stem(self.method, self.until)


Conversion = FieldConversion | FormConversion


def snake(name: str) -> str:
    """`DiskSource` is `disk_source`, and `HTTPProxy` `http_proxy`."""
    return _HUMP.sub("_", name).lower()


def until_text(until: Version) -> str:
    """How names say it: `until_5_3`."""
    return f"until_{until.major}_{until.minor}"


def field_stem(owner: str, field: Field, until: Version) -> str:
    """The name of what converts a field of a type, error or method (by its name) at a version."""
    return f"{snake(owner)}_{field.name}_{until_text(until)}"


def form_stem(method: Method, until: Version) -> str:
    """The name of what converts a whole method at a version."""
    return f"{method.name}_{until_text(until)}"


def changes_kinds(method: Method, form: Form) -> bool:
    """Whether the form can be sent in other ways than the method as it is now."""
    return form.routes is not None and {route.kind for route in form.routes} != {
        route.kind for route in method.routes
    }


def is_converted(method: Method, form: Form) -> bool:
    """Whether there is anything to convert."""
    return form.args is not None or form.returns is not None or changes_kinds(method, form)


def conversions(interface: Interface) -> list[Conversion]:
    """Everything that has to be converted, in the order of the file."""
    found: list[Conversion] = list(_of_types(interface))
    for error in interface.errors.values():
        for field in error.fields.values():
            found += _of_field(interface, interface, error, field, False, True)
    for method in spoken_methods(interface):
        for field in method.args.values():
            found += _of_field(interface, interface, method, field, True, False)
        for until, form in spoken_forms(method, interface):
            for field in (form.args or {}).values():
                found += _of_field(interface, interface, method, field, True, False)
            if is_converted(method, form):
                found.append(FormConversion(method, form, until))
    return found


def _of_types(interface: Interface) -> Iterator[FieldConversion]:
    """Of fields of structs, which may travel both ways; those of events are read without converters."""
    suspects = [
        (struct, field)
        for struct in interface.types.values()
        if isinstance(struct, Struct)
        for field in struct.fields.values()
        if field.was_type
    ]
    if not suspects:
        return
    requests = reachable(_names(_requested(interface)), interface.types)
    answers = reachable(_names(_answered(interface)), interface.types)
    for struct, field in suspects:
        yield from _of_field(
            interface,
            clock_of(interface, struct),
            struct,
            field,
            struct.name in requests,
            struct.name in answers,
        )


def _of_field(
    interface: Interface,
    clock: Interface,
    owner: Struct | Error | Method,
    field: Field,
    in_requests: bool,
    in_answers: bool,
) -> Iterator[FieldConversion]:
    if not field.was_type or not (in_requests or in_answers) or not is_spoken(field.dated, clock):
        return
    history = sorted(field.was_type.items())
    following = [older for _, older in history[1:]]
    for (until, older), newer in zip(history, [*following, None], strict=True):
        if not is_past([until], clock):
            continue
        at = last_spoken(owner.dated, interface) or interface.version
        gone = clock is interface and not exists(field.dated, at)
        own = (owner, field, until, older, newer, in_requests, in_answers, gone)
        if older.converted:
            yield FieldConversion(*own)
        elif in_answers and clock is interface and not _readable(older, newer, field, interface):
            yield FieldConversion(*own, narrows=True)


def _readable(
    older: OlderType, newer: OlderType | None, field: Field, interface: Interface
) -> bool:
    """Whether readers of the older form can read whatever the next one holds."""
    following = newer or OlderType(field.type, field.constraints, field.default)
    return reads_all(older, following, interface.types)


def _names(types: Iterator[TypeExpr]) -> list[str]:
    return [name for of in types for name in names_in(of)]


def _requested(interface: Interface) -> Iterator[TypeExpr]:
    """The types of everything that a request can hold."""
    for method in spoken_methods(interface):
        fields = [*method.args.values()]
        for _, form in spoken_forms(method, interface):
            fields += (form.args or {}).values()
        for field in fields:
            yield from _types(field)


def _answered(interface: Interface) -> Iterator[TypeExpr]:
    """The types of everything that a result or an error can hold."""
    for method in spoken_methods(interface):
        if method.returns is not None:
            yield method.returns
        for _, form in spoken_forms(method, interface):
            if form.returns is not None and form.returns.type is not None:
                yield form.returns.type
    for error in interface.errors.values():
        for field in error.fields.values():
            yield from _types(field)


def _types(field: Field) -> Iterator[TypeExpr]:
    yield field.type
    yield from (older.type for older in field.was_type.values())
