"""The interface, a method or an event has no `doc`.

Its `doc` is what callers read: in the generated code, in their editor, and in `rpcgen describe`. The name alone does not
say what happens when it is called twice, or what the caller may rely on.

## Found

```yaml
methods:
  get: {call: any, returns: string}
```

## Fine

```yaml
doc: What is on the shelf.
methods:
  get: {doc: The name of the newest item., call: any, returns: string}
```
"""

from __future__ import annotations

from collections.abc import Iterator

from rpcgen.idl.lint.rule import Finding, Subject

CATEGORY = "standard"
SEVERITY = "warning"


def check(subject: Subject) -> Iterator[Finding]:
    """Find what callers look up and nobody describes."""
    interface = subject.interface
    if not interface.doc:
        yield Finding(interface.position, f'the interface "{interface.name}" has no doc')
    for method in interface.methods.values():
        if not method.doc:
            yield Finding(method.position, f'the method "{method.name}" has no doc')
    for event in interface.events.values():
        if not event.doc:
            yield Finding(event.position, f'the event "{event.name}" has no doc')
