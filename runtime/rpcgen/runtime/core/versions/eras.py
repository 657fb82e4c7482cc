"""A type that was another one at earlier minors: the lowest minor at which a value was valid already (LANGUAGE V1)."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from copy import deepcopy
from typing import Any

from msgspec import inspect
from rpcgen.runtime.core.versions.kit import Kit
from rpcgen.runtime.core.versions.parts import Unsayable
from rpcgen.runtime.core.versions.visiting import Compiler, Found, Visit
from rpcgen.runtime.core.words import Path
from rpcgen.runtime.dated import OlderType
from rpcgen.runtime.descriptor import Version


class Eras:
    """The types that a field had at earlier minors of its major: which of them holds a value already?

    Args:
        before: the types, the youngest first.
        kit: reads single values.
        at_version: builds visits that write for a version.
    """

    def __init__(
        self, before: Sequence[OlderType], kit: Kit, at_version: Callable[[Version], Compiler]
    ) -> None:
        self._kit = kit
        self._eras: list[tuple[OlderType, inspect.Type, Visit | None]] = []
        for older in before:
            node = inspect.type_info(older.type)
            last = (older.until[0], older.until[1] - 1)
            then = None
            if not older.convert and last[1] >= 0:
                then = at_version(last).visit(node)
            self._eras.append((older, node, then))

    def visit(self, value: Any, inner: Visit | None, found: Found, path: Path) -> Any:
        """Lower a value, and note the lowest minor at which what is then written was valid."""
        if not self._eras:
            return value if inner is None else inner(value, found, path)
        original, own = deepcopy(value), Found()
        written = value if inner is None else inner(value, own, path)
        needs = own.minor
        for older, of, then in self._eras:
            minor = self._needs(older, of, then, deepcopy(original), written)
            if minor is None:
                needs = max(needs, older.until[1])
                break
            needs = minor
        found.minor = max(found.minor, needs)
        found.changed = found.changed or own.changed
        return written

    def _needs(
        self, older: OlderType, of: inspect.Type, then: Visit | None, value: Any, written: Any
    ) -> int | None:
        """The minor that the same bytes needed when the field had an older type; None: they were not valid."""
        if older.convert or not self._kit.accepts(of, value):
            return None
        found = Found()
        try:
            value = value if then is None else then(value, found, ())
        except Unsayable:
            return None
        return found.minor if value == written else None
