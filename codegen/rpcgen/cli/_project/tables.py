"""One table of a TOML file, read key by key, with all mistakes kept.

Knows the kinds of TOML's values and no key by name. `tomllib` tells no places, so a mistake names its table and key.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, time
from typing import Any, TypeVar, cast

from rpcgen.cli._exit import nearest

T = TypeVar("T")

_KINDS: Mapping[type, str] = {
    str: "a text",
    bool: "true or false",
    int: "a number",
    float: "a number",
    list: "a list",
    dict: "a table",
    datetime: "a date with a time",
    date: "a date",
    time: "a time",
}


class Mistakes:
    """All that is wrong with a file, in the order in which it was found."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def add(self, table: str, key: str, problem: str) -> None:
        """Keep one."""
        self.texts.append(f"{table} {key}: {problem}" if key else f"{table}: {problem}")


class Table:
    """A table whose keys are asked for one by one; what was not asked for is unknown."""

    def __init__(self, name: str, values: object, mistakes: Mistakes) -> None:
        self.name = name
        self._mistakes = mistakes
        self._asked: list[str] = []
        self._values: dict[str, Any] = {}
        if isinstance(values, dict):
            self._values = cast("dict[str, Any]", values)
        else:
            mistakes.add(name, "", f"expected a table, found {kind(values)}")

    def wrong(self, key: str, problem: str) -> None:
        """Say that something is wrong with a key."""
        self._mistakes.add(self.name, key, problem)

    def has(self, key: str) -> bool:
        """Whether the key is there."""
        return key in self._values

    def value(self, key: str) -> Any:
        """Whatever stands behind a key; None if nothing does."""
        self._asked.append(key)
        return self._values.get(key)

    def text(self, key: str) -> str | None:
        """A text that is not empty; None if it is not given, or wrong."""
        value = self.value(key)
        if value is None or _is_text(value):
            return cast("str | None", value)
        filled = " that is not empty" if isinstance(value, str) else ""
        self.wrong(key, f"found {shown(value)}, expected a text{filled}")
        return None

    def texts(self, key: str) -> tuple[str, ...]:
        """A list of texts that are not empty; empty if it is not given, or wrong."""
        value = self.value(key)
        if not isinstance(value, list):
            if value is not None:
                self.wrong(key, f"found {shown(value)}, expected a list of texts")
            return ()
        items = cast("list[object]", value)
        for item in items:
            if not _is_text(item):
                problem = f"found a list with {shown(item)}, expected a list of texts"
                filled = " that are not empty" if isinstance(item, str) else ""
                self.wrong(key, f"{problem}{filled}")
                return ()
        return tuple(map(str, items))

    def choice(self, key: str, choices: tuple[T, ...], default: T) -> T:
        """One of some texts."""
        value = self.value(key)
        if value is None:
            return default
        for choice in choices:
            if choice == value:
                return choice
        known = [str(choice) for choice in choices]
        advice = nearest(value, known) if isinstance(value, str) else ""
        self.wrong(key, f"found {shown(value)}, expected one of {', '.join(known)}{advice}")
        return default

    def table(self, key: str) -> Table | None:
        """A table inside of this one, if it is there."""
        value = self.value(key)
        if value is None:
            return None
        return Table(f"[{self.name.strip('[]')}.{key}]", value, self._mistakes)

    def tables(self, key: str) -> list[Table]:
        """A list of tables inside of this one."""
        value = self.value(key)
        if value is None:
            return []
        name = f"[[{self.name.strip('[]')}.{key}]]"
        if not isinstance(value, list):
            self._mistakes.add(name, "", f"expected a list of tables, found {kind(value)}")
            return []
        items = cast("list[object]", value)
        return [
            Table(f"{name} {number}", item, self._mistakes)
            for number, item in enumerate(items, start=1)
        ]

    def end(self) -> None:
        """Say which keys nobody asked for."""
        for key in self._values:
            if key not in self._asked:
                advice = nearest(key, self._asked) or f"; the keys are {', '.join(self._asked)}"
                self.wrong(key, f"there is no such key{advice}")


def kind(value: object) -> str:
    """What a value is, in words."""
    return next(name for type_, name in _KINDS.items() if isinstance(value, type_))


def shown(value: object) -> str:
    """A value in a message: itself if it is short and simple, else its kind."""
    return repr(value) if isinstance(value, str | bool | int | float) else kind(value)


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())
