"""A name is a word of Python's, or one that generated code needs for itself.

It works: what travels is the name in the file. But Python's code has to say `from_` where the file says `from`, `class_`
for `class`, and `ctx_` for `ctx`, so every reader has to know of the difference.

## Found

```yaml
methods:
  move: {cast: any, args: {from: string, to: string}}
```

## Fine

```yaml
methods:
  move: {cast: any, args: {source: string, target: string}}
```
"""

from __future__ import annotations

import keyword
from collections.abc import Iterator

from rpcgen.idl.lint.parts import members_of
from rpcgen.idl.lint.rule import Finding, Subject

CATEGORY = "standard"
SEVERITY = "warning"

#: What a handler's signature holds besides the arguments.
_HANDLER = frozenset({"self", "ctx"})


def check(subject: Subject) -> Iterator[Finding]:
    """Find names that Python's code cannot have."""
    for part in members_of(subject.interface):
        taken = keyword.iskeyword(part.name)
        if taken or (part.name in _HANDLER and part.kind == "argument"):
            whose = "a word of Python's" if taken else "what every handler is given"
            yield Finding(
                part.position,
                f'the {part.kind} "{part.name}" is {whose}; generated code calls it {part.name}_',
                "choose another name before the first release, or rename it with `was`",
            )
