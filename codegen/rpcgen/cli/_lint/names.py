"""Names of lint rules as people write them, on the command line and in a project file."""

from __future__ import annotations

from collections.abc import Sequence

from rpcgen.cli._exit import nearest
from rpcgen.idl.lint.rule import rule_ids


def unknown(names: Sequence[str]) -> list[str]:
    """What to say of each name that no rule has."""
    known = rule_ids() if names else ()
    return [
        f"there is no lint rule {name!r}{nearest(name, known)}"
        for name in names
        if name not in known
    ]
