"""Drivers and matchmakers of other distributions, found by their entry points. Knows neither what they do nor how they are used."""

from __future__ import annotations

from collections.abc import Collection
from importlib.metadata import entry_points
from typing import Any

from rpcgen.runtime.errors import ConfigurationError


def plugin_names(group: str) -> set[str]:
    """The names that are installed in a group of entry points."""
    return set(entry_points(group=group).names)


def find_plugin(group: str, name: str, parts: Collection[str]) -> Any | None:
    """Import the module of an entry point; None if there is none of that name.

    Args:
        group: of entry points.
        name: of the entry point.
        parts: what the module must have.

    Raises:
        ConfigurationError: it cannot be imported, or lacks a part.
    """
    for entry_point in entry_points(group=group, name=name):
        what = f"{entry_point.value!r}, which is entry point {name!r} of {group!r},"
        try:
            found: Any = entry_point.load()
        except Exception as error:  # whatever its module raises
            raise ConfigurationError(f"{what} cannot be imported: {error}") from error
        missing = [part for part in parts if not hasattr(found, part)]
        if missing:
            raise ConfigurationError(
                f"{what} has no {', '.join(missing)}; expected {', '.join(parts)}"
            )
        return found
    return None
