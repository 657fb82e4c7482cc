"""The real product on one release of a history: its generated package, a client and a server, in plain values."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import Enum as PythonEnum
from pathlib import Path
from types import ModuleType
from typing import Any

import msgspec
from rpcgen.codegen import generate
from rpcgen.idl.model import (
    Alias,
    Enum,
    Field,
    Interface,
    Kind,
    ListOf,
    MapOf,
    Method,
    Named,
    Nullable,
    Struct,
    TypeExpr,
    Union,
)
from rpcgen.idl.version import Version
from rpcgen.runtime.values import OpenUnion, TaggedUnion

from tests.versions.converting import converters_of
from tests.versions.histories import Release
from tests.versions.reference import Converter, Step
from tests.versions.reference.shapes import fields_of

Plain = Any


@dataclass
class Package:
    """The generated package of a release."""

    release: Release
    module: ModuleType
    descriptor: ModuleType

    @property
    def interface(self) -> Interface:
        """The model."""
        return self.release.interface

    @property
    def table(self) -> Any:
        """The generated table of the interface."""
        return self.descriptor.INTERFACE

    def method(self, name: str) -> Any:
        """The generated table of a method."""
        return next(each for each in self.table.methods if each.name == name)

    def client_method(self, method: Method, kind: Kind) -> str:
        """What a client calls it; the first kind listed has the plain name."""
        attribute: str = self.method(method.name).attribute
        return attribute if method.routes[0].kind == kind else f"{attribute}_{kind}"

    # --- values ---------------------------------------------------------------------------------------------------

    def typed(self, value: Plain, type_: TypeExpr) -> Any:
        """A value of the generated types."""
        if value is None:
            return None
        match type_:
            case Nullable(inner):
                return self.typed(value, inner)
            case ListOf(item):
                return [self.typed(each, item) for each in value]
            case MapOf(_, inner):
                return {key: self.typed(each, inner) for key, each in value.items()}
            case Named(name):
                return self._named(name, value)
            case _:
                return value

    def _named(self, name: str, value: Plain) -> Any:
        definition = self.interface.types[name]
        if isinstance(definition, Alias):
            return self.typed(value, definition.type)
        cls = getattr(self.module, name)
        match definition:
            case Struct():
                return cls(**self.keywords(fields_of(definition, self.interface), value))
            case Enum():
                return cls(value)
            case Union():
                ((tag, inner),) = value.items()
                if tag not in definition.members:
                    return cls(unknown=value)
                return cls(**{tag: self.typed(inner, definition.members[tag].type)})
            case _:
                raise AssertionError(f"unexpected {name}")

    def keywords(self, fields: Mapping[str, Field], values: Mapping[str, Plain]) -> dict[str, Any]:
        """Arguments or fields by name, typed."""
        return {name: self.typed(value, fields[name].type) for name, value in values.items()}

    # --- converters -----------------------------------------------------------------------------------------------

    def converters(self, side: str) -> object:
        """An object of the generated class of converters for `client` or `server`; None if there is none."""
        base = getattr(self.table, f"{side}_converters")
        if base is None:
            return None
        made: dict[str, Callable[..., Any]] = {}
        for step, converter in converters_of(self.interface).items():
            made |= self._converter(step, converter, side)
        needed: frozenset[str] = base.__abstractmethods__
        made = {name: function for name, function in made.items() if hasattr(base, name)}
        assert needed <= set(made), needed - set(made)
        return type("Converters", (base,), made)()

    def _converter(
        self, step: Step, converter: Converter, side: str
    ) -> dict[str, Callable[..., Any]]:
        owner, _, member = step.owner.partition(".")
        until = f"until_{step.until.major}_{step.until.minor}"
        if owner.endswith("()"):
            run = converter.up if side == "client" else converter.down
            return {f"result_{owner[:-2]}_{until}": lambda self, value: run(value)}
        if member:
            stem = f"{_snake(owner)}_{member}_{until}"
            before, after = self._types(owner, member, step.until)
            return {
                f"down_{stem}": self._value(converter.down, before),
                f"up_{stem}": self._value(converter.up, after),
            }
        newest = self.interface.methods[owner].args
        older = self.interface.methods[owner].was[step.until].args or {}
        new_cls = self.method(owner).args
        forms = {form.until: form for form in self.method(owner).forms}
        if (form := forms.get(tuple(step.until))) is None:
            return {}  # no version that is spoken has it
        old_cls = form.args
        return {
            f"down_{owner}_{until}": self._form(converter.down, older, old_cls),
            f"up_{owner}_{until}": self._form(converter.up, newest, new_cls),
        }

    def _types(self, owner: str, member: str, until: Version) -> tuple[TypeExpr, TypeExpr]:
        """The types of an argument or field until a version, and from then on."""
        interface = self.interface
        if method := interface.methods.get(owner):
            maps = [method.args, *(form.args or {} for form in method.was.values())]
        elif error := interface.errors.get(owner):
            maps = [error.fields]
        else:
            struct = interface.types[owner]
            maps = [struct.fields] if isinstance(struct, Struct) else []
        field = next(each[member] for each in maps if member in each)
        later = [older.type for bound, older in sorted(field.was_type.items()) if bound > until]
        return field.was_type[until].type, [*later, field.type][0]

    def _value(self, function: Callable[[Plain], Plain], type_: TypeExpr) -> Callable[..., Any]:
        def convert(_: object, value: Any) -> Any:
            before = plain(value)
            after = function(before)
            return value if after == before else self.typed(after, type_)

        return convert

    def _form(
        self, function: Callable[[Plain], Plain], fields: Mapping[str, Field], cls: Any
    ) -> Callable[..., Any]:
        def convert(_: object, value: Any) -> Any:
            given = self.keywords(fields, function(plain(value)))
            known = cls.__struct_fields__  # arguments that ended have no place any more
            return cls(**{name: each for name, each in given.items() if name in known})

        return convert


def plain(value: Any) -> Plain:
    """A value of generated types in plain values, with everything that user code can see of it."""
    if isinstance(value, OpenUnion) and value.unknown is not None:
        return value.unknown
    if isinstance(value, TaggedUnion):
        return {value.tag: plain(getattr(value, value.tag))}
    if isinstance(value, msgspec.Struct):
        return {
            wire: plain(getattr(value, name))
            for name, wire in zip(
                value.__struct_fields__, value.__struct_encode_fields__, strict=True
            )
        }
    if isinstance(value, PythonEnum):
        return value.value
    if isinstance(value, list):
        return [plain(each) for each in value]
    if isinstance(value, dict):
        return {key: plain(each) for key, each in value.items()}
    return value


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() else c for c in name).lstrip("_")


def compile_release(release: Release, directory: Path, unique: str) -> Package:
    """Generate a release's package, and import it under a name of its own."""
    root = directory / unique
    for name, text in generate(release.interface).items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    if str(directory) not in sys.path:
        sys.path.insert(0, str(directory))
    importlib.invalidate_caches()
    package = release.interface.name.replace(".", "_")
    module = importlib.import_module(f"{unique}.{package}")
    return Package(release, module, importlib.import_module(f"{unique}.{package}.descriptor"))


def forget(unique: str) -> None:
    """Take a package out of memory."""
    for name in [name for name in sys.modules if name == unique or name.startswith(f"{unique}.")]:
        del sys.modules[name]


def pair(version: Version | None) -> tuple[int, int] | None:
    """A version as the runtime has it."""
    return None if version is None else (version.major, version.minor)
