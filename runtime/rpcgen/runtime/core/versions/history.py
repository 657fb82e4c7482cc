"""Does a type have a history? What has none goes straight through msgspec."""

from __future__ import annotations

from typing import Any

from msgspec import inspect
from rpcgen.runtime.core.nodes import below
from rpcgen.runtime.descriptor import NOTHING, Interface, Method, Version


def has_history(node: inspect.Type, interface: Interface) -> bool:
    """Whether anything in a type was another one at some version, or has versions of its own."""
    return interface.has_past and any(
        any(part.cls in table for table in interface.past)
        for part in below(node)
        if isinstance(part, (inspect.StructType, inspect.EnumType))
    )


def result_needs(method: Method[Any, Any], at: Version) -> int:
    """The minor that a message has to name for its sender to be taken to understand results of the version `at`.

    Where a message names one version only (LANGUAGE fine print 1): the last of those, up to `at`, from which on the result
    has another form, or values for which older callers are told others.
    """
    interface = method.interface
    bounds = [form.until for form in method.forms if form.returns is not NOTHING]
    for node in below(inspect.type_info(method.returns)):
        if isinstance(node, inspect.EnumType):
            parts = interface.parts.get(node.cls, {})
            for value in interface.fallbacks.get(node.cls, {}):
                bounds += parts[value].since
    return max(
        (minor for major, minor in bounds if (major, minor) <= at and major == at[0]), default=0
    )
