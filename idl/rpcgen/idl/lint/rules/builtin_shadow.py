"""An argument or a method has the name of one of Python's built-in functions.

Handlers take arguments by their names, so inside of one that takes `filter` or `id`, the built-in of that name is out of
reach, and whoever forgets that calls a text.

## Found

```yaml
methods:
  list_items: {call: any, args: {filter: string}, returns: "list[string]"}
```

## Fine

```yaml
methods:
  list_items: {call: any, args: {pattern: string}, returns: "list[string]"}
```
"""

from __future__ import annotations

import builtins
from collections.abc import Iterator

from rpcgen.idl.lint.parts import members_of
from rpcgen.idl.lint.rule import Finding, Subject

CATEGORY = "strict"
SEVERITY = "warning"

_BUILTINS = frozenset(name for name in dir(builtins) if name.islower() and name[0] != "_")


def check(subject: Subject) -> Iterator[Finding]:
    """Find names that hide a built-in where they are used; a field stands behind its struct and hides nothing."""
    for part in members_of(subject.interface):
        if part.name in _BUILTINS and part.kind in {"argument", "method"}:
            yield Finding(
                part.position, f'the {part.kind} "{part.name}" hides Python\'s {part.name}()'
            )
