"""A bound on what inheritance multiplies.

A base of ten thousand fields with ten thousand children is a short file and a hundred million fields. This runs
before everything that looks at inherited fields.
"""

from __future__ import annotations

from collections.abc import Mapping

from rpcgen.idl.model import Error, Struct
from rpcgen.idl.report import Report

MAX_FIELDS = 300_000


def check_width(known: Mapping[str, object], report: Report) -> bool:
    """Report structs or errors that have too many fields in all, inherited ones counted; True if all is well."""
    width: dict[str, int] = {}
    total = 0
    for name, definition in known.items():
        if not isinstance(definition, Struct | Error):
            continue
        chain: list[Struct | Error] = []
        current: object = definition
        while isinstance(current, Struct | Error) and current.name not in width:
            width[current.name] = 0
            chain.append(current)
            current = known.get(current.extends) if current.extends else None
        inherited = width[current.name] if isinstance(current, Struct | Error) else 0
        for part in reversed(chain):
            inherited += len(part.fields)
            width[part.name] = inherited
        total += width[name]
        if total > MAX_FIELDS:
            message = f"the fields are more than {MAX_FIELDS}, counting inherited ones"
            report.error("too-many-fields", message, definition.position)
            return False
    return True
