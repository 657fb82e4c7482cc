"""Structs, and the version and envelope that one may have of its own."""

from __future__ import annotations

from dataclasses import replace
from typing import cast

from rpcgen.idl.model import ALWAYS, Envelope, Presence, Struct
from rpcgen.idl.position import Position
from rpcgen.idl.read.dates import read_dated, read_deprecated, read_version
from rpcgen.idl.read.members import read_members
from rpcgen.idl.read.scope import Scope, doc_at, entries_at, text_at
from rpcgen.idl.version import Version
from rpcgen.idl.yamltext.nodes import Mapping, Text

MAX_KEY = 255


def read_struct(name: str, at: Position, node: Mapping, scope: Scope) -> Struct:
    """Read a struct. With a version of its own, the dates of its fields count on that one."""
    extends, presence_text = text_at(node, "extends"), text_at(node, "presence")
    presence = cast("Presence", presence_text.value if presence_text is not None else "implicit")
    dated = read_dated(node, scope)
    if extends is not None:
        scope.pending.references.append((extends.value, extends.at))
    version = _own_version(node, scope)
    if version is not None:
        inside, around = (
            replace(scope, version=version, serves=(), library=False, clock=True),
            ALWAYS,
        )
    else:
        inside, around = scope, dated
    return Struct(
        name,
        read_members(node.get("fields"), "a field", inside, around, presence),
        at,
        extends.value if extends is not None else None,
        presence,
        version,
        _envelope(node, scope) if version is not None else None,
        doc_at(node),
        read_deprecated(node, scope, dated),
        dated=dated,
    )


def _own_version(node: Mapping, scope: Scope) -> Version | None:
    text = text_at(node, "version")
    if text is not None:
        return read_version(text, scope)
    if "envelope" in node.entries and "version" not in node.entries:
        scope.report.error(
            "envelope-without-version",
            "an `envelope` carries the version of its type, and this type has none of its own",
            node.entries["envelope"].key.at,
            hint='add version: "1.0", or remove the envelope',
        )
    return None


def _envelope(node: Mapping, scope: Scope) -> Envelope:
    """Read an envelope, whose keys all differ; without one the keys are name, version and data."""
    value = node.get("envelope")
    given = value if isinstance(value, Mapping) else Mapping({}, node.at)
    texts = {key: text_at(given, key) for key in ("name", "version", "data")}
    keys = {key: text.value if text is not None else key for key, text in texts.items()}
    taken = {name: key for key, name in reversed(keys.items())}
    for key, text in texts.items():
        if text is not None and (taken[text.value] != key or not 1 <= len(text.value) <= MAX_KEY):
            _bad_key(text, scope)
        elif text is None and taken[key] != key:
            _bad_key(texts[taken[key]] or Text(key, given.at), scope)
    constants: dict[str, str] = {}
    for entry in entries_at(given, "constants"):
        if entry.key.value in taken or not 1 <= len(entry.key.value) <= MAX_KEY:
            _bad_key(entry.key, scope)
        elif isinstance(entry.value, Text) and not entry.value.missing:
            constants[entry.key.value] = entry.value.value
    return Envelope(keys["name"], keys["version"], keys["data"], constants)


def _bad_key(text: Text, scope: Scope) -> None:
    scope.report.error(
        "bad-envelope",
        f'the key "{text.value[:80]}" is taken, empty or too long',
        text.at,
        hint="the keys of name, version, data and the constants differ, each 1 to 255 characters",
    )
