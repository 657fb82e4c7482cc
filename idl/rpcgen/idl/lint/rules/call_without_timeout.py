"""A method that is called says nothing of how long it takes.

Its callers wait as long as the client waits by default, whether the answer takes a millisecond or ten minutes. Who knows
the method knows better than who calls it: `timeout: 5s`, or `long` with heartbeats.

## Found

```yaml
methods:
  get: {call: any, returns: string}
```

## Fine

```yaml
methods:
  get: {call: any, returns: string, timeout: 5s}
```
"""

from __future__ import annotations

from collections.abc import Iterator

from rpcgen.idl.lint.rule import Finding, Subject

CATEGORY = "standard"
SEVERITY = "warning"


def check(subject: Subject) -> Iterator[Finding]:
    """Find calls without a timeout."""
    for method in subject.interface.methods.values():
        if method.timeout is None and any(route.kind == "call" for route in method.routes):
            yield Finding(
                method.position, f'the call "{method.name}" has no timeout', "write timeout: 5s"
            )
