"""A struct, an enum, a union or an error has no `doc`.

What a value stands for, and which fields belong together, is seen from no name. An alias is not asked: it is another
name, and says by that what it is.

## Found

```yaml
types:
  Item: {fields: {id: uuid, left: int}}
methods:
  get: {call: any, returns: Item}
```

## Fine

```yaml
types:
  Item: {doc: One kind of thing on the shelf., fields: {id: uuid, left: int}}
methods:
  get: {call: any, returns: Item}
```
"""

from __future__ import annotations

from collections.abc import Iterator

from rpcgen.idl.lint.rule import Finding, Subject
from rpcgen.idl.model import Alias

CATEGORY = "strict"
SEVERITY = "warning"


def check(subject: Subject) -> Iterator[Finding]:
    """Find types and errors that nobody describes."""
    for type_ in subject.interface.types.values():
        if not isinstance(type_, Alias) and not type_.doc:
            yield Finding(type_.position, f'the type "{type_.name}" has no doc')
    for error in subject.interface.errors.values():
        if not error.doc:
            yield Finding(error.position, f'the error "{error.name}" has no doc')
