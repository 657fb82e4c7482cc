"""Declared errors."""

from __future__ import annotations

import re

from rpcgen.idl.model import Error
from rpcgen.idl.read.dates import read_dated, read_deprecated
from rpcgen.idl.read.members import read_members
from rpcgen.idl.read.scope import TYPE_HINT, TYPE_NAME, Scope, doc_at, flag_at, text_at
from rpcgen.idl.yamltext.nodes import Entry, Mapping, Text

_WIRE = re.compile(r"[A-Za-z_][A-Za-z0-9_]*(?:\.[A-Za-z_][A-Za-z0-9_]*)*", re.ASCII)


def read_error(
    entry: Entry, scope: Scope, errors: dict[str, Error], inherits: dict[str, bool]
) -> None:
    """Read one entry of `errors` into the map; `inherits` notes which leave `retryable` to their base."""
    name = scope.name(entry.key, TYPE_NAME, "an error", TYPE_HINT)
    node = entry.value
    if isinstance(node, Text) and node.null:
        node = Mapping({}, entry.key.at)
    if not isinstance(node, Mapping):
        return
    extends, wire = text_at(node, "extends"), text_at(node, "wire")
    if wire is not None and (not _WIRE.fullmatch(wire.value) or len(wire.value) > 255):
        hint = "a dotted name such as nova.exception.InstanceNotFound"
        scope.report.error(
            "bad-name", f'"{wire.value[:80]}" cannot be the name of an error', wire.at, hint=hint
        )
    dated = read_dated(node, scope)
    retryable = flag_at(node, "retryable")
    error = Error(
        name or "",
        read_members(node.get("fields"), "a field", scope, dated),
        entry.key.at,
        extends.value if extends is not None else None,
        retryable or False,
        wire.value if wire is not None else None,
        doc_at(node),
        read_deprecated(node, scope, dated),
        dated,
    )
    if name is not None:
        errors[name] = error
        inherits[name] = retryable is None
