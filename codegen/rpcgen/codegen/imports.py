"""Names of other modules, spelled and remembered: the import header is made last, of what was really used."""

from __future__ import annotations

import re
from collections.abc import Iterable

from rpcgen.codegen.layout import WIDTH

#: What ruff and isort put first; anything else that is not relative comes after a blank line.
_STANDARD = frozenset({"abc", "datetime", "decimal", "enum", "typing", "uuid"})
_DIGITS = re.compile("([0-9]+)")


class ImportSet:
    """The imports of one generated file.

    Args:
        own: the file's own module, e.g. `.types`; a name that lives there needs no import.
    """

    def __init__(self, own: str = "") -> None:
        self._own = own
        self._from: dict[str, set[str]] = {}
        self._renamed: set[tuple[str, str, str]] = set()
        self._modules: set[tuple[str, str]] = set()

    def copy(self) -> ImportSet:
        """Another set, of the same imports so far."""
        other = ImportSet(self._own)
        other._from = {module: set(names) for module, names in self._from.items()}
        other._renamed = set(self._renamed)
        other._modules = set(self._modules)
        return other

    def use(self, module: str, name: str, *, as_: str | None = None) -> str:
        """Import a name, and return how to spell it."""
        if module == self._own:
            return name
        if as_ is not None:
            self._renamed.add((module, name, as_))
            return as_
        self._from.setdefault(module, set()).add(name)
        return name

    def module(self, name: str, as_: str) -> str:
        """Import a module under a short name, and return that."""
        self._modules.add((name, as_))
        return as_

    def render(self) -> str:
        """The import lines, in the order of isort."""
        names = {*self._from, *(module for module, _, _ in self._renamed)}
        sections = (
            ["from __future__ import annotations"],
            self._section(
                sorted(name for name in names if name in _STANDARD), sorted(self._modules)
            ),
            self._section(sorted(n for n in names if n not in _STANDARD and n[0] != "."), ()),
            self._section(sorted(n for n in names if n[0] == "."), ()),
        )
        return "\n\n".join("\n".join(lines) for lines in sections if lines)

    def _section(self, names: Iterable[str], modules: Iterable[tuple[str, str]]) -> list[str]:
        lines = [f"import {name} as {as_}" for name, as_ in modules]
        for module in names:
            if module in self._from:
                lines.append(from_import(module, self._from[module]))
            renamed = sorted((name, as_) for home, name, as_ in self._renamed if home == module)
            lines += [f"from {module} import {name} as {as_}" for name, as_ in renamed]
        return lines


def from_import(module: str, names: Iterable[str], indent: str = "") -> str:
    """One `from` statement, exploded if it is long."""
    ordered = sorted(names, key=import_order)
    line = f"{indent}from {module} import {', '.join(ordered)}"
    if len(line) <= WIDTH:
        return line
    lines = "".join(f"{indent}    {name},\n" for name in ordered)
    return f"{indent}from {module} import (\n{lines}{indent})"


def import_order(name: str) -> tuple[int, list[tuple[int, int, str]], str]:
    """Sort imported names like isort and ruff: CONSTANTS, Classes, variables; numbers count, capitals do not."""
    return _kind(name), _natural(name.lower()), name


def export_order(name: str) -> tuple[int, list[tuple[int, int, str]]]:
    """Sort `__all__` like ruff: the same, but capitals come before small letters."""
    return _kind(name), _natural(name)


def _kind(name: str) -> int:
    return 0 if len(name) > 1 and name.isupper() else 1 if name[0].isupper() else 2


def _natural(name: str) -> list[tuple[int, int, str]]:
    parts = (part for part in _DIGITS.split(name) if part)
    return [(0, int(part), part) if part.isdigit() else (1, 0, part) for part in parts]
