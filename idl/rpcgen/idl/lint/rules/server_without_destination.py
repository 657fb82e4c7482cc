"""A method goes to one server, and nothing says to which.

Every caller has to say `prepare(server=...)`, and one who forgets it finds out when the program runs. `to` works it out from
the arguments: `to: instance.host`.

## Found

```yaml
types:
  Instance: {fields: {id: uuid, host: string}}
methods:
  stop: {cast: server, args: {instance: Instance}}
```

## Fine

```yaml
types:
  Instance: {fields: {id: uuid, host: string}}
methods:
  stop: {cast: server, to: instance.host, args: {instance: Instance}}
```
"""

from __future__ import annotations

from collections.abc import Iterator

from rpcgen.idl.lint.rule import Finding, Subject

CATEGORY = "strict"
SEVERITY = "warning"


def check(subject: Subject) -> Iterator[Finding]:
    """Find methods whose first route is one server, without `to` and without a router."""
    for method in subject.interface.methods.values():
        if method.routes[0].to == "server" and not method.to and method.router is None:
            yield Finding(
                method.position,
                f'"{method.name}" goes to one server, and nothing says to which',
                "write `to`, with a path into the arguments",
            )
