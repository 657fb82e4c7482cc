"""An error of the file is raised by no method.

Callers prepare for what never comes. An error that others extend, or that `refused_as` names, is used; those of an
imported file are not looked at.

## Found

```yaml
errors:
  Busy: {}
methods:
  get: {call: any, returns: string}
```

## Fine

```yaml
errors:
  Busy: {}
methods:
  get: {call: any, returns: string, raises: [Busy]}
```
"""

from __future__ import annotations

from collections.abc import Iterator

from rpcgen.idl.lint.rule import Finding, Subject

CATEGORY = "minimal"
SEVERITY = "warning"


def check(subject: Subject) -> Iterator[Finding]:
    """Find own errors that nobody names."""
    interface = subject.interface
    used = {raised.error for method in interface.methods.values() for raised in method.raises}
    used |= {error.extends for error in interface.errors.values() if error.extends is not None}
    used |= {interface.refused_as} if interface.refused_as is not None else set()
    for error in interface.errors.values():
        if error.name not in used and error.position.file == interface.source:
            yield Finding(
                error.position,
                f'the error "{error.name}" is raised by no method',
                "add it to `raises` where it can happen, or take it out",
            )
