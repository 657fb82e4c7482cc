"""Something is deprecated, and `use` does not say what to use instead.

Whoever gets the warning wants to act on it, and cannot.

## Found

```yaml
methods:
  get: {call: any, returns: string, deprecated: true}
```

## Fine

```yaml
methods:
  get: {call: any, returns: string, deprecated: {since: "1.2", use: get_item}}
```
"""

from __future__ import annotations

from collections.abc import Iterator

from rpcgen.idl.lint.parts import parts_of
from rpcgen.idl.lint.rule import Finding, Subject

CATEGORY = "standard"
SEVERITY = "warning"


def check(subject: Subject) -> Iterator[Finding]:
    """Find deprecations without `use`."""
    for part in parts_of(subject.interface):
        if part.deprecated is not None and not part.deprecated.use:
            yield Finding(
                part.position,
                f'the {part.kind} "{part.name}" is deprecated, and nothing says what to use instead',
                "write deprecated: {since: ..., use: ...}",
            )
