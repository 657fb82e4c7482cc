"""A list or a map may also be null.

Then there are two ways to say "none of them", null and empty, and every reader has to know whether they differ. With a
default, absent and null read as empty: `list[string] = []`.

## Found

```yaml
types:
  Item:
    fields:
      tags: list[string]?
methods:
  get: {call: any, returns: Item}
```

## Fine

```yaml
types:
  Item:
    fields:
      tags: list[string] = []
methods:
  get: {call: any, returns: Item}
```
"""

from __future__ import annotations

from collections.abc import Iterator

from rpcgen.idl.lint.parts import fields_of
from rpcgen.idl.lint.rule import Finding, Subject
from rpcgen.idl.model import ListOf, MapOf
from rpcgen.idl.resolve import resolve

CATEGORY = "strict"
SEVERITY = "warning"


def check(subject: Subject) -> Iterator[Finding]:
    """Find nullable lists and maps without a default."""
    for kind, _, field in fields_of(subject.interface):
        found = resolve(field.type, subject.interface.types)
        if found is None or not found.nullable or field.default is not None:
            continue
        if isinstance(found.base, ListOf | MapOf) and field.constant is None:
            empty = "[]" if isinstance(found.base, ListOf) else "{}"
            what = "list" if empty == "[]" else "map"
            yield Finding(
                field.position,
                f'the {kind} "{field.name}" is a {what} that may be null',
                f"leave `?` out, and give it the default {empty}",
            )
