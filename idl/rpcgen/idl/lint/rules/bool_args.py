"""A method has more than two arguments that are true or false.

They grow by one with every release, half of their combinations mean nothing, and a third state has no place. An enum says
what is meant, and can get more values.

## Found

```yaml
methods:
  stop: {cast: any, args: {clean: bool, force: bool, wait: bool}}
```

## Fine

```yaml
types:
  Manner: {enum: [clean, forced]}
methods:
  stop: {cast: any, args: {manner: Manner, wait: bool}}
```
"""

from __future__ import annotations

from collections.abc import Iterator

from rpcgen.idl.lint.rule import Finding, Subject
from rpcgen.idl.model import Scalar
from rpcgen.idl.resolve import resolve

CATEGORY = "standard"
SEVERITY = "warning"

_MOST = 2


def check(subject: Subject) -> Iterator[Finding]:
    """Find methods with many flags, constants and ended ones left out."""
    types = subject.interface.types
    for method in subject.interface.methods.values():
        flags = [
            argument.name
            for argument in method.args.values()
            if argument.constant is None and not argument.dated.until
            if (found := resolve(argument.type, types)) and found.base == Scalar("bool")
        ]
        if len(flags) > _MOST:
            yield Finding(
                method.position,
                f'"{method.name}" has {len(flags)} arguments that are true or false: {", ".join(flags)}',
                "say what is meant with an enum",
            )
