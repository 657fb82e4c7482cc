"""The tables of what types and arguments were at other versions than the one that generated code has."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from rpcgen.codegen.containers import (
    FieldSet,
    arguments_of,
    arguments_of_form,
    field_sets,
    fields_of_error,
)
from rpcgen.codegen.conversions import FieldConversion, conversions, field_stem, until_text
from rpcgen.codegen.dates import Dates, pair
from rpcgen.codegen.history import is_newer, is_past, spoken_forms, spoken_members
from rpcgen.codegen.layout import Expr, around, bracket, call, tuple_of
from rpcgen.codegen.literals import text_literal
from rpcgen.codegen.scope import Scope
from rpcgen.codegen.values import plain
from rpcgen.codegen.view.typevalues import TypeValues
from rpcgen.idl.model import Dated, Enum, Field, Method, OlderType, Struct, Union
from rpcgen.idl.version import Version

Since = tuple[Version, ...]


class PartTables:
    """`parts=` and `gone=` of one interface."""

    def __init__(self, scope: Scope, dates: Dates, types: TypeValues) -> None:
        self._scope = scope
        self._dates = dates
        self._types = types
        self._parts: list[Expr] = []
        self._gone: list[Expr] = []
        self._narrowing = {
            each.stem
            for each in conversions(scope.interface)
            if isinstance(each, FieldConversion) and each.narrows
        }

    def add_all(self, methods: Iterable[Method]) -> None:
        """Walk over everything that has parts."""
        scope = self._scope
        for name, definition in scope.interface.types.items():
            python = scope.names.types[name]
            match definition:
                case Struct():
                    self._add_fields(".types", python, field_sets(scope, definition))
                case Enum() | Union():
                    members = spoken_members(definition, scope.interface)
                    self._add_members(python, definition.dated, members)
                case _:
                    pass
        for name, error in scope.interface.errors.items():
            struct = scope.names.error_structs[name]
            self._add_fields(".errors", struct, [fields_of_error(scope, error)])
        for method in methods:
            struct = scope.names.argument_structs[method.name]
            self._add_fields("", struct, [arguments_of(scope, method)])
            for until, form in spoken_forms(method, scope.interface):
                if form.args:
                    own = arguments_of_form(scope, method, until, form)
                    struct = scope.names.form_structs[method.name, until]
                    self._add_fields("", struct, [own])

    def tables(self) -> Iterator[Expr]:
        """The options of the interface; none where there is nothing to say."""
        for before, entries in (("parts=", self._parts), ("gone=", self._gone)):
            if entries:
                yield around(before, bracket("{", entries, "}", exploded=True))

    def _add_fields(self, module: str, struct: str, sets: Iterable[FieldSet]) -> None:
        parts: list[Expr] = []
        gone: list[Expr] = []
        for own in sets:
            told = ((field.name, self._options(own, field)) for field in own.live())
            parts += [self._part(name, options) for name, options in told if options]
            gone += [self._gone_field(own, field) for field in own.gone()]
        if parts or gone:
            struct = self._scope.imports.use(module, struct) if module else struct
        if parts:
            self._parts.append(around(f"{struct}: ", bracket("{", parts, "}")))
        if gone:
            self._gone.append(around(f"{struct}: ", tuple_of(gone)))

    def _add_members(self, name: str, container: Dated, members: Mapping[str, Dated]) -> None:
        parts: list[Expr] = []
        for key, dated in members.items():
            newer = is_newer(dated.since, container, self._scope.interface)
            if options := self._dated(dated.since if newer else (), dated.until):
                parts.append(self._part(key, options))
        if parts:
            name = self._scope.imports.use(".types", name)
            self._parts.append(around(f"{name}: ", bracket("{", parts, "}")))

    def _part(self, name: str, options: list[Expr]) -> Expr:
        return around(f"{text_literal(name)}: ", call(self._scope.runtime("Part"), *options))

    def _dated(self, since: Since, until: Since) -> list[Expr]:
        return [*self._dates.option("since", since), *self._dates.option("until", until)]

    def _options(self, own: FieldSet, field: Field) -> list[Expr]:
        """What to say of a field; nothing if it always was as it is."""
        newer = own.is_newer(field)
        options = self._dated(field.dated.since if newer else (), field.dated.until)
        if newer and field.older not in {None, "refuse_if_set"}:
            options.append(f'older="{field.older}"')
        constant = field.constant is not None and own.is_live(field)
        if constant or (newer and own.is_always_sent(field)):
            options.append("always=True")
        if is_past(field.was, own.clock):
            names: list[Expr] = [
                f"({pair(until)}, {text_literal(name)})"
                for until, name in sorted(field.was.items())
            ]
            options.append(around("names=", tuple_of(names)))
        if is_past(field.was_type, own.clock):
            types = [self._older(own, field, *each) for each in sorted(field.was_type.items())]
            options.append(around("types=", tuple_of(types)))
        return options

    def _older(self, own: FieldSet, field: Field, until: Version, was: OlderType) -> Expr:
        alias = f"{own.owner}_{field.name}_{until_text(until)}"
        options = [pair(until), self._types.use(alias, was.type, was.constraints)]
        if was.default is not None:
            options.append(f"default={plain(was.default.value)}")
        stem = field_stem(own.owner_of(field), field, until)
        if was.converted:
            options.append(f"convert={text_literal(stem)}")
        elif stem in self._narrowing:
            options.append(f"narrow={text_literal(stem)}")
        return call(self._scope.runtime("OlderType"), *options)

    def _gone_field(self, own: FieldSet, field: Field) -> Expr:
        """A field that the generated struct has not."""
        alias = f"{own.owner}_{field.name}"
        given = field.constant or field.default
        nullable = self._scope.nullable(field.type)
        options: list[Expr] = [
            text_literal(field.name),
            self._types.use(alias, field.type, field.constraints),
            call(self._scope.runtime("Part"), *self._options(own, field)),
        ]
        if given is not None or nullable:
            options.append(f"value={plain(given.value) if given else 'None'}")
        if field.constant is not None:
            options.append("constant=True")
        if given is not None or nullable or field.presence == "explicit":
            options.append("needed=False")
        return call(self._scope.runtime("Gone"), *options)
