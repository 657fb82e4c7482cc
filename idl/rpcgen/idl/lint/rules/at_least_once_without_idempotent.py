"""A method is delivered at least once, and does not say that it may be done twice.

A server that is killed after its handler has done the work, and before the broker has heard of it, leaves a message that
another server runs again. Either the handler bears that, and `idempotent: true` says so to whoever reads the interface, or
the second run does harm. Nothing mends it but a look at the handler: it asks a database whether the work is done, say.

## Found

```yaml
methods:
  charge: {cast: any, delivery: at_least_once, args: {order: uuid}}
```

## Fine

```yaml
methods:
  charge: {cast: any, delivery: at_least_once, idempotent: true, args: {order: uuid}}
```
"""

from __future__ import annotations

from collections.abc import Iterator

from rpcgen.idl.lint.rule import Finding, Subject

CATEGORY = "standard"
SEVERITY = "error"


def check(subject: Subject) -> Iterator[Finding]:
    """Find methods whose casts may come twice, and that do not say that they bear it."""
    for method in subject.interface.methods.values():
        if method.delivery == "at_least_once" and not method.idempotent:
            yield Finding(
                method.position,
                f'"{method.name}" is delivered at least once, and is not idempotent',
                "let the handler bear a second run, and write idempotent: true",
            )
