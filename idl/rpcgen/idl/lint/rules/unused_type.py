"""A type of the file is used by no method, event or error.

It is generated, documented and kept compatible for nobody. Types of an imported file are not looked at: another
interface may use them.

## Found

```yaml
types:
  Flavor: {fields: {name: string}}
methods:
  get: {call: any, returns: string}
```

## Fine

```yaml
types:
  Flavor: {fields: {name: string}}
methods:
  get: {call: any, returns: Flavor}
```
"""

from __future__ import annotations

from collections.abc import Iterator

from rpcgen.idl.lint.parts import own_types
from rpcgen.idl.lint.rule import Finding, Subject
from rpcgen.idl.resolve import reachable, used_types

CATEGORY = "minimal"
SEVERITY = "warning"


def check(subject: Subject) -> Iterator[Finding]:
    """Find own types that nothing leads to."""
    interface = subject.interface
    used = used_types(
        interface.methods.values(), interface.events.values(), interface.errors.values()
    )
    reached = reachable(used, interface.types)
    for type_ in own_types(interface):
        if type_.name not in reached:
            yield Finding(
                type_.position,
                f'the type "{type_.name}" is used by no method, event or error',
                "use it, or take it out",
            )
