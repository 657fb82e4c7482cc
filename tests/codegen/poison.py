"""An interface with every free text replaced: what an attacker could try if the reader of files let anything pass."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

from rpcgen.idl import (
    Constraints,
    Default,
    Deprecated,
    DestinationPath,
    Enum,
    EnumMember,
    Error,
    Interface,
    TargetDefaults,
    Timeout,
    Topic,
    Value,
)

Replace = Callable[[str], str]

#: Texts that are free; others are names or words of the language, which are made of ASCII letters.
_FREE: dict[type, tuple[str, ...]] = {
    Constraints: ("pattern",),
    Deprecated: ("use",),
    DestinationPath: ("text",),
    EnumMember: ("value",),
    Error: ("wire",),
    Interface: ("namespace", "source"),
    TargetDefaults: ("exchange",),
    Timeout: ("profile",),
    Topic: ("name",),
}


def poisoned(interface: Interface, replace: Replace) -> Interface:
    """The interface with `replace` applied to each text, in a fixed order."""
    result = _walk(interface, replace)
    assert isinstance(result, Interface)
    return result


def _walk(node: Any, replace: Replace) -> Any:
    if isinstance(node, Mapping):
        return {key: _walk(value, replace) for key, value in node.items()}
    if isinstance(node, tuple) and type(node) is tuple:
        return tuple(_walk(item, replace) for item in node)
    if not dataclasses.is_dataclass(node) or isinstance(node, type):
        return node
    if isinstance(node, Default):
        return Default(_value(node.value, replace))
    changes: dict[str, Any] = {}
    for field in dataclasses.fields(node):
        value = getattr(node, field.name)
        free = field.name == "doc" or field.name in _FREE.get(type(node), ())
        if free and isinstance(value, str) and value:
            changes[field.name] = replace(value)
        else:
            changes[field.name] = _walk(value, replace)
    if isinstance(node, Enum):
        members = changes["members"].values()
        changes["members"] = {member.value: member for member in members}
    return dataclasses.replace(node, **changes)


def _value(value: Value, replace: Replace) -> Value:
    match value:
        case str():
            return replace(value)
        case list():
            return [_value(item, replace) for item in value]
        case dict():
            return {replace(key): _value(item, replace) for key, item in value.items()}
        case _:
            return value
