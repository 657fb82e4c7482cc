"""Which types need a `Measure` (versions.py); most do not, and then that module is not even loaded."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec import inspect
from rpcgen.runtime.core.nodes import is_dated, is_open
from rpcgen.runtime.descriptor import Interface

if TYPE_CHECKING:
    from rpcgen.runtime.core.versions import Measure


def measure_for(of: Any, interface: Interface, *, writing: bool) -> Measure | None:
    """The measure of values of one type in the interface's current major; None if there is nothing to look for."""
    node = inspect.type_info(of)
    if not is_dated(node, interface.dated) and not (writing and is_open(node)):
        return None
    from rpcgen.runtime.core.versions import Measure

    measure = Measure(of, interface.dated, interface.version[0], writing=writing)
    return measure if measure else None
