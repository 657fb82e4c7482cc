"""What is sent and what is answered: the arguments and results that each method of a release is tried with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import msgspec
from rpcgen.cli._matrix.dated import Ways
from rpcgen.cli._matrix.releases import Release
from rpcgen.cli._matrix.texts import Unmakeable
from rpcgen.cli._matrix.values import Values, Way
from rpcgen.idl.model import Method

MINIMAL = "minimal"
FULL = "full"


@dataclass(frozen=True, slots=True)
class Asked:
    """Arguments of a method.

    Attributes:
        label: `minimal`, `full`, or the path of the one dated part that is set besides what is required.
        keywords: for the client.
        plain: the same as they travel, by their newest names.
    """

    label: str
    keywords: dict[str, Any]
    plain: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Answered:
    """What a handler returns or raises.

    Attributes:
        label: as of arguments, or `raises NAME`.
        value: for the handler.
        plain: the result, or the error's fields, as they travel.
        error: the name of the declared error that is raised instead.
    """

    label: str
    value: Any
    plain: Any
    error: str | None = None


class Payloads:
    """The payloads of one release, each made once."""

    def __init__(self, release: Release) -> None:
        self._release = release
        self._asked: dict[str, list[Asked] | Unmakeable] = {}
        self._answered: dict[str, list[Answered] | Unmakeable] = {}

    def asked(self, method: Method) -> list[Asked]:
        """The arguments to try; raises Unmakeable."""
        found = self._asked.get(method.name)
        if found is None:
            try:
                found = list(self._ask(method))
            except Unmakeable as error:
                found = error
            self._asked[method.name] = found
        if isinstance(found, Unmakeable):
            raise found
        return found

    def answered(self, method: Method) -> list[Answered]:
        """The results to try, the minimal one first; raises Unmakeable."""
        found = self._answered.get(method.name)
        if found is None:
            try:
                found = list(self._answer(method))
            except Unmakeable as error:
                found = error
            self._answered[method.name] = found
        if isinstance(found, Unmakeable):
            raise found
        return found

    # --- arguments ------------------------------------------------------------------------------------------------

    def _ask(self, method: Method) -> Iterator[Asked]:
        yield self._arguments(method, MINIMAL, None)
        if method.args:
            yield self._arguments(method, FULL, None)
        args, gone = self._parts(method)
        passed = [each for name, each in method.args.items() if name in args or name in gone]
        for way in Ways(self._release.interface).among(passed):
            yield self._arguments(method, ".".join(way), way)

    def _parts(self, method: Method) -> tuple[set[str], dict[str, Any]]:
        """The arguments of the newest version that a caller passes, and those that only older ones have."""
        table = self._release.method_table(method)
        newest = set(table.args.__struct_encode_fields__)
        constants = {name for name, each in method.args.items() if each.constant is not None}
        gone = {
            each.name: each
            for each in self._release.table.gone.get(table.args, ())
            if not each.constant
        }
        return newest - constants, gone

    def _arguments(self, method: Method, label: str, way: Way | None) -> Asked:
        release, table = self._release, self._release.method_table(method)
        values = Values(release.table, full=label == FULL)
        args, gone = self._parts(method)
        passed = {release.names.arguments[method.name][name] for name in args}
        made = values.fields(table.args, way)
        keywords = {name: value for name, value in made.items() if name in passed}
        plain = msgspec.to_builtins(table.args(**keywords))
        for name, each in gone.items():
            chosen = way is not None and way[0] == name
            if not (each.needed or label == FULL or chosen):
                continue
            value = values.of(each.type, way[1:] if way and chosen else ())
            keywords[release.names.arguments[method.name][name]] = value
            plain[name] = msgspec.to_builtins(value)
        return Asked(label, keywords, {k: v for k, v in plain.items() if k in args or k in gone})

    # --- results --------------------------------------------------------------------------------------------------

    def _answer(self, method: Method) -> Iterator[Answered]:
        if method.returns is None:
            yield Answered(MINIMAL, None, None)
        else:
            yield self._result(method, MINIMAL, None)
            yield self._result(method, FULL, None)
            for way in Ways(self._release.interface).inside(method.returns):
                yield self._result(method, ".".join(way), way)
        table = self._release.table
        raised = self._release.method_table(method).raises
        for error in table.errors:
            if error.name in raised:
                values = Values(table, full=True)
                fields = error.fields(**values.fields(error.fields))
                value = error.cls("as planned", **msgspec.structs.asdict(fields))
                plain = msgspec.to_builtins(fields)
                yield Answered(f"raises {error.name}", value, plain, error.name)

    def _result(self, method: Method, label: str, way: Way | None) -> Answered:
        values = Values(self._release.table, full=label == FULL)
        value = values.of(self._release.method_table(method).returns, way)
        return Answered(label, value, msgspec.to_builtins(value))
